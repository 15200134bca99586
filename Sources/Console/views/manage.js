// The dialogs in which a supervisor acts on one conversation or one agent.

import { element } from "../dom.js";
import { heldConversations, priorityOf, queueOf } from "../state.js";
import { count, customerName, explanationText, named, obstacleText, presenceNames } from "../words.js";
import { show } from "./dialogs.js";
import { select } from "./transfer.js";

const priorities = Array.from({ length: 11 }, (_, level) => ({ id: level, name: String(level) }));
const levels = [{ id: 0, name: "–" }, ...[1, 2, 3, 4, 5].map((level) => ({ id: level, name: String(level) }))];
/** More agents than anybody reads; the rest is counted. */
const shownCandidates = 12;

export function agentName(state, id) {
    return state.agents.get(id)?.name ?? `Agent ${id}`;
}

/**
 * What is to be done with a conversation. `explanation` is the promise of its explanation. Resolves to
 * `{method, params}` or `null`.
 */
export async function manageConversation(state, conversation, explanation) {
    const id = conversation.id;
    const held = conversation.owner.kind === "agent";
    const people = [...state.agents.values()]
        .filter((agent) => agent.presence === "available" && agent.connected)
        .filter((agent) => !held || agent.id !== conversation.owner.id)
        .sort((left, right) => String(left.name).localeCompare(String(right.name)))
        .map((agent) => ({ id: agent.id, name: `${agentName(state, agent.id)} (${agent.load ?? 0} of ${agent.capacity})` }));
    const agent = select("Agent", people);
    const override = element("input", { type: "checkbox", id: "override" });
    const queue = select("Queue", state.desk.queues, conversation.queue);
    const priority = select("Priority", [{ id: "", name: `that of its queue (${queueOf(state, conversation.queue)?.priority ?? 0})` }, ...priorities], conversation.routing?.priority ?? "");
    const why = element("div", { class: "why" }, element("p", { class: "hint", text: "Asking the desk why…" }));
    explanation.then((found) => why.replaceChildren(...explain(found, conversation, state))).catch(
        () => why.replaceChildren(element("p", { class: "hint", text: "The desk did not say why. It may be closed by now." })),
    );
    const content = [
        why,
        people.length === 0
            ? element("p", { class: "hint", text: "Nobody is there whom it could be given to." })
            : row("Give it to", agent, element("label", {}, override, " even beyond their capacity"), act("assign", "Give")),
        row(held ? "Take it back into" : "Move it to", queue, act("move", held ? "Take back" : "Move")),
        row("Priority", priority, act("rank", "Set")),
    ];
    const title = `${customerName(conversation)}: priority ${priorityOf(state, conversation)}`;
    switch (await show(title, content, [{ label: "Close", value: "close", isPrimary: true }])) {
        case "assign":
            return {
                method: "conversation.assign",
                params: { conversation: id, agent: Number(agent.value), overrideCapacity: override.checked },
            };
        case "move":
            return { method: "conversation.move", params: { conversation: id, queue: Number(queue.value) } };
        case "rank":
            return {
                method: "conversation.setPriority",
                params: { conversation: id, priority: priority.value === "" ? null : Number(priority.value) },
            };
        default:
            return null;
    }
}

function row(label, ...controls) {
    return element("div", { class: "manage-row" }, element("span", { class: "manage-label", text: label }), ...controls);
}

/** No submit button: Enter in a field must not order anything. */
function act(value, text) {
    return element("button", {
        class: "button small",
        type: "button",
        text,
        onclick: ({ target }) => target.closest("dialog").close(value),
    });
}

function explain(explanation, conversation, state) {
    const name = (id) => agentName(state, id);
    const shown = explanation.candidates.slice(0, shownCandidates);
    const hidden = explanation.candidates.length - shown.length + (explanation.omitted ?? 0);
    const items = shown.map(({ agent, obstacle }) =>
        element("li", {}, element("b", { text: name(agent) }), ` ${obstacleText(state.desk, obstacle, name)}`),
    );
    if (hidden > 0) items.push(element("li", { text: `and ${count(hidden, "agent")} more` }));
    return [
        element("p", { text: explanationText(explanation, conversation, state, name) }),
        element("ul", { class: "candidates", "aria-label": "Agents" }, ...items),
    ];
}

/** What is to be changed about an agent; resolves to commands in order, or to none. */
export async function manageAgent(state, agent) {
    const { desk } = state;
    const profile = { skills: [], compartments: [], barred: [], ...agent.profile };
    const presence = select("Presence", Object.entries(presenceNames).map(([id, name]) => ({ id, name })), agent.presence);
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
    const held = heldConversations(state).filter(({ owner }) => owner.id === agent.id).length;
    const content = [
        row("Presence", presence, element("span", { class: "hint", text: `holds ${count(held, "conversation")}` })),
        row("Grade", grade),
        row("Queues", element("label", {}, every, " every queue"), ...queues.map(({ label }) => label)),
    ];
    if (skills.length > 0) content.push(row("Skills", ...skills.map(({ label }) => label)));
    const answer = await show(agentName(state, agent.id), content, [
        { label: "Cancel", value: "no" },
        { label: "Change", value: "yes", isPrimary: true },
    ]);
    if (answer !== "yes") return [];
    const wanted = { skills: [], compartments: profile.compartments, barred: profile.barred };
    if (grade.value !== "") wanted.grade = Number(grade.value);
    if (!every.checked) wanted.queues = queues.filter(({ input }) => input.checked).map(({ id }) => id);
    for (const { id, level } of skills) {
        if (Number(level.value) > 0) wanted.skills.push({ skill: id, level: Number(level.value), isFirm: false });
    }
    const commands = [];
    if (!isSame(wanted, profile)) {
        commands.push({ method: "agent.setProfile", params: { agent: agent.id, profile: wanted } });
    }
    if (presence.value !== agent.presence) {
        commands.push({ method: "agent.setPresence", params: { agent: agent.id, presence: presence.value } });
    }
    return commands;
}

function isSame(left, right) {
    const form = ({ grade, queues, skills }) =>
        JSON.stringify([grade ?? null, queues ?? null, skills.map(({ skill, level }) => [skill, level]).sort((a, b) => a[0] - b[0])]);
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
    return parts.join(" · ");
}
