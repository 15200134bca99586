// The dialogs in which a supervisor acts on one conversation or one agent.

import { purposes } from "../accounts.js";
import { element } from "../dom.js";
import { heldConversations, priorityOf, queueOf } from "../state.js";
import { pastWords } from "../past.js";
import { chosenPresences, clockTime, count, customerName, explanationText, moment, named, obstacleText, presenceNames, withheldTexts } from "../words.js";
import { nextTime, timeInput } from "./attendance.js";
import { show } from "./dialogs.js";
import { compartmentName, makeBarred, makeCompartments, makeNeeds } from "./needs.js";
import { select } from "./transfer.js";

const priorities = Array.from({ length: 11 }, (_, level) => ({ id: level, name: String(level) }));
const levels = [{ id: 0, name: "–" }, ...[1, 2, 3, 4, 5].map((level) => ({ id: level, name: String(level) }))];
/** More agents than anybody reads; the rest is counted. */
const shownCandidates = 12;

export function agentName(state, id) {
    return state.agents.get(id)?.name ?? `Agent ${id}`;
}

/** Somebody who ordered something: of supervisors only one's own name is known here. */
function personName(state, id) {
    if (id === 0) return "the operator";
    return id === state.person?.id ? state.person.name : (state.agents.get(id)?.name ?? "a supervisor");
}

/** Whether a person may hand them work: who is busy is given none by the desk, but by a person. */
function takesByHand({ presence, connected, shiftEnded }) {
    return (presence === "available" || presence === "busy") && connected && !shiftEnded;
}

function personLine(state, agent) {
    const busy = agent.presence === "busy" ? `, ${presenceNames.busy.toLowerCase()}` : "";
    return `${agentName(state, agent.id)} (${agent.load ?? 0} of ${agent.capacity}${busy})`;
}

/** A queue to choose: how many it takes is said where it does not take any number. */
function queueLine({ id, name, limit }) {
    return { id, name: limit === undefined ? name : `${name} (at most ${limit} waiting)` };
}

/**
 * What is to be done with a conversation. `explanation` is the promise of its explanation. Resolves to
 * `{method, params}` or `null`.
 */
export async function manageConversation(state, conversation, explanation) {
    const id = conversation.id;
    const held = conversation.owner.kind === "agent";
    const people = [...state.agents.values()]
        .filter(takesByHand)
        .filter((agent) => !held || agent.id !== conversation.owner.id)
        .sort((left, right) => String(left.name).localeCompare(String(right.name)))
        .map((agent) => ({ id: agent.id, name: personLine(state, agent) }));
    const agent = select("Agent", people);
    const override = element("input", { type: "checkbox", id: "override" });
    const queue = select("Queue", state.desk.queues.map(queueLine), conversation.queue);
    const overfill = element("input", { type: "checkbox" });
    const mayBeFull = state.desk.queues.some(({ limit }) => limit !== undefined);
    const priority = select("Priority", [{ id: "", name: `that of its queue (${queueOf(state, conversation.queue)?.priority ?? 0})` }, ...priorities], conversation.routing?.priority ?? "");
    const needs = makeNeeds(state, conversation.routing);
    const barrable = [...state.agents.values()].filter(({ profile }) => !profile?.barred?.includes(conversation.customer));
    const barred = select("Who must not serve this customer", barrable.map(({ id }) => ({ id, name: agentName(state, id) })), held ? conversation.owner.id : undefined);
    const why = element("div", { class: "why" }, element("p", { class: "hint", text: "Asking the desk why…" }));
    explanation.then((found) => why.replaceChildren(...explain(found, conversation, state).filter((each) => each !== null))).catch(
        () => why.replaceChildren(element("p", { class: "hint", text: "The desk did not say why. It may be closed by now." })),
    );
    const reference = element("input", { type: "text", maxlength: "64", autocomplete: "off", "aria-label": "Customer's name at the bank" });
    const purpose = select("Purpose", purposes, "identity_check");
    const content = [
        why,
        people.length === 0
            ? element("p", { class: "hint", text: "Nobody is there whom it could be given to." })
            : row("Give it to", agent, element("label", {}, override, " even beyond their capacity"), act("assign", "Give")),
        row(
            held ? "Take it back into" : "Move it to",
            queue,
            ...(mayBeFull ? [element("label", {}, overfill, " even if it is full")] : []),
            act("move", held ? "Take back" : "Move"),
        ),
        row("Priority", priority, act("rank", "Set")),
        group("Asks for", ...needs.skills, element("span", { class: "need" }, ...needs.compartment), act("needs", "Ask for this", needs.isValid)),
        barrable.length === 0 ? null : row("Never give it to", barred, act("bar", "Bar")),
        row("Link to the bank's customer", reference, purpose, act("link", "Link")),
    ];
    const title = `${customerName(conversation)}: priority ${priorityOf(state, conversation)}`;
    switch (await show(title, content, [{ label: "Close", value: "close", isPrimary: true }])) {
        case "assign":
            return {
                method: "conversation.assign",
                params: { conversation: id, agent: Number(agent.value), overrideCapacity: override.checked },
            };
        case "move":
            return {
                method: "conversation.move",
                params: { conversation: id, queue: Number(queue.value), ...(overfill.checked && { overrideLimit: true }) },
            };
        case "rank":
            return {
                method: "conversation.setPriority",
                params: { conversation: id, priority: priority.value === "" ? null : Number(priority.value) },
            };
        case "needs":
            return { method: "conversation.setNeeds", params: { conversation: id, ...needs.value() } };
        case "bar":
            return barring(state, Number(barred.value), conversation.customer);
        case "link":
            return { method: "customer.link", params: { conversation: id, reference: reference.value.trim(), purpose: purpose.value } };
        default:
            return null;
    }
}

/** A customer is barred to an agent in the agent's profile, which is set as a whole. */
function barring(state, agent, customer) {
    const profile = { skills: [], compartments: [], barred: [], ...state.agents.get(agent)?.profile };
    const barred = [...new Set([...profile.barred, customer])].sort((left, right) => left - right);
    return { method: "agent.setProfile", params: { agent, profile: { ...profile, barred } } };
}

function row(label, ...controls) {
    return element("div", { class: "manage-row" }, element("span", { class: "manage-label", text: label }), ...controls);
}

/** A row of several controls that are one thing. */
function group(label, ...controls) {
    const made = row(label, ...controls);
    made.setAttribute("role", "group");
    made.setAttribute("aria-label", label);
    return made;
}

/** No submit button: Enter in a field must not order anything. */
function act(value, text, isValid = () => true) {
    return element("button", {
        class: "button small",
        type: "button",
        text,
        onclick: ({ target }) => {
            if (isValid()) target.closest("dialog").close(value);
        },
    });
}

function explain(explanation, conversation, state) {
    const name = (id) => agentName(state, id);
    const shown = explanation.candidates.slice(0, shownCandidates);
    // What concerns the queue as a whole is told once, above.
    const free = explanation.withheld?.length > 0 ? "nothing else stands in the way" : undefined;
    const wayText = (obstacle) => (obstacle === undefined ? free : undefined) ?? obstacleText(state.desk, obstacle, name);
    const hidden = explanation.candidates.length - shown.length + (explanation.omitted ?? 0);
    const items = shown.map(({ agent, obstacle }) =>
        element("li", {}, element("b", { text: name(agent) }), ` ${wayText(obstacle)}`),
    );
    if (hidden > 0) items.push(element("li", { text: `and ${count(hidden, "agent")} more` }));
    return [
        ...withheldTexts(explanation).map((text) => element("p", { class: "withheld", text })),
        element("p", { text: explanationText(explanation, conversation, state, name) }),
        element("ul", { class: "candidates", "aria-label": "Agents" }, ...items),
        past(explanation, state),
    ];
}

/** What led to it, the latest last. */
function past(explanation, state) {
    const names = { agent: (id) => agentName(state, id), person: (id) => personName(state, id) };
    const items = (explanation.past ?? [])
        .map((event) => ({ at: event.at, words: pastWords(event, state.desk, names) }))
        .filter(({ words }) => words !== null)
        .map(({ at, words: { text, details } }) =>
            element(
                "li",
                {},
                element("time", { text: clockTime(at), title: moment(at) }),
                element("div", {}, text, ...details.map((each) => element("p", { class: "hint", text: each }))),
            ),
        );
    if (items.length === 0) return null;
    const list = element("ol", { class: "past", "aria-label": "What happened" }, ...items);
    return element("details", {}, element("summary", { text: `What happened (${items.length})` }), list);
}

/** What is to be changed about an agent; resolves to commands in order, or to none. */
export async function manageAgent(state, agent, now) {
    const { desk } = state;
    const profile = { skills: [], compartments: [], barred: [], ...agent.profile };
    const said = chosenPresences.includes(agent.presence) ? chosenPresences : [agent.presence, ...chosenPresences];
    const presence = select("Presence", said.map((id) => ({ id, name: presenceNames[id] ?? id })), agent.presence);
    const reasons = desk.awayReasons ?? [];
    const reason = select("Reason", [{ id: "", name: "no reason" }, ...reasons], agent.awayReason ?? "");
    const shift = timeInput("Shift ends at", agent.shiftEnd);
    const shiftShown = shift.value;
    const grade = select("Grade", [{ id: "", name: "none" }, ...desk.grades], profile.grade ?? "");
    const every = element("input", { type: "checkbox" });
    every.checked = profile.queues === undefined;
    const queues = desk.queues.map(({ id, name }) => {
        const input = element("input", { type: "checkbox" });
        input.checked = profile.queues === undefined || profile.queues.includes(id);
        return { id, input, label: element("label", {}, input, ` ${name}`) };
    });
    const settle = () => {
        for (const { input } of queues) input.disabled = every.checked;
    };
    every.addEventListener("change", settle);
    settle();
    const skills = desk.skills.map(({ id, name }) => {
        const level = profile.skills.find(({ skill }) => skill === id)?.level ?? 0;
        const control = select(`Level of ${name}`, levels, level);
        return { id, level: control, label: element("label", {}, `${name} `, control) };
    });
    const compartments = makeCompartments(state, profile.compartments);
    const barred = makeBarred(profile.barred);
    const held = heldConversations(state).filter(({ owner }) => owner.id === agent.id).length;
    const content = [
        row("Presence", presence, element("span", { class: "hint", text: `holds ${count(held, "conversation")}` })),
        ...(reasons.length > 0 ? [row("Away for", reason)] : []),
        row("Shift ends", shift, element("span", { class: "hint", text: "empty: open" })),
        row("Grade", grade),
        row("Queues", element("label", {}, every, " every queue"), ...queues.map(({ label }) => label)),
    ];
    if (skills.length > 0) content.push(row("Skills", ...skills.map(({ label }) => label)));
    content.push(group("Compartments", ...compartments.controls), group("Must not serve", ...barred.controls));
    const answer = await show(agentName(state, agent.id), content, [
        { label: "Cancel", value: "no" },
        { label: "Change", value: "yes", isPrimary: true },
    ]);
    if (answer !== "yes") return [];
    const wanted = { skills: [], compartments: compartments.value(), barred: barred.value() };
    if (grade.value !== "") wanted.grade = Number(grade.value);
    if (!every.checked) wanted.queues = queues.filter(({ input }) => input.checked).map(({ id }) => id);
    for (const { id, level } of skills) {
        if (Number(level.value) > 0) wanted.skills.push({ skill: id, level: Number(level.value), isFirm: false });
    }
    const commands = [];
    if (!isSame(wanted, profile)) {
        commands.push({ method: "agent.setProfile", params: { agent: agent.id, profile: wanted } });
    }
    const isOtherReason = presence.value === "away" && reason.value !== "" && Number(reason.value) !== agent.awayReason;
    if (presence.value !== agent.presence || isOtherReason) {
        const params = { agent: agent.id, presence: presence.value };
        if (presence.value === "away" && reason.value !== "") params.awayReason = Number(reason.value);
        commands.push({ method: "agent.setPresence", params });
    }
    if (shift.value !== shiftShown) {
        const shiftEnd = shift.value === "" ? null : nextTime(shift.value, now);
        commands.push({ method: "agent.setShiftEnd", params: { agent: agent.id, shiftEnd } });
    }
    return commands;
}

function isSame(left, right) {
    const form = ({ grade, queues, skills, compartments, barred }) => {
        const levels = skills.map(({ skill, level }) => [skill, level]).sort((a, b) => a[0] - b[0]);
        return JSON.stringify([grade ?? null, queues ?? null, levels, compartments, barred]);
    };
    return form(left) === form(right);
}

/** What an agent is for, in one line. */
export function profileText(desk, profile) {
    const parts = [];
    if (profile?.grade !== undefined) parts.push(named(desk.grades, profile.grade, "Grade"));
    if (profile?.queues !== undefined && desk.queues.length > 0) {
        const names = profile.queues.map((id) => named(desk.queues, id, "Queue"));
        parts.push(names.length === 0 ? "no queue" : names.join(", "));
    }
    for (const { skill, level } of profile?.skills ?? []) parts.push(`${named(desk.skills, skill, "Skill")} ${level}`);
    for (const compartment of profile?.compartments ?? []) parts.push(compartmentName(desk, compartment));
    if (profile?.barred?.length > 0) parts.push(`${count(profile.barred.length, "customer")} barred`);
    return parts.join(" · ");
}
