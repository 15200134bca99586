// How a conversation came to where it is, in words: each change of hands, each offer, and whom the desk
// passed over when it chose; what was promised to the customer, and what they were told.

import { count, declineReasons, moment, named, obstacleText, promiseNames, turnText } from "./words.js";

const handoffReasons = {
    customerWrote: "the customer wrote",
    assigned: "it was their turn",
    disconnected: "the agent was gone for too long",
    wentOffline: "the agent went offline",
    closed: "the agent closed it",
    abandoned: "the customer had gone",
    offerAccepted: "the offer was accepted",
    taken: "taken from the list",
    transferred: "passed on by who had it",
    overflowed: "it waited too long, or too many did",
    moved: "a supervisor moved it",
    movedOverLimit: "a supervisor moved it, though the queue was full",
    assignedBySupervisor: "a supervisor gave it to them",
    assignedOverCapacity: "a supervisor gave it to them beyond their capacity",
    botAbsent: "no chatbot is there to answer",
    escalated: "a promise to the customer was near its end or past it",
};

const offerEnds = {
    accepted: "accepted the offer",
    declined: "declined",
    timedOut: "let the offer pass",
};

/**
 * One event of the past: `{text, details}`, the details a sentence each. `names` tells the name of an
 * `agent` and of any `person`.
 */
export function pastWords(event, desk, names) {
    switch (event.kind) {
        case "conversation.opened":
            return said(`Opened for ${named(desk.queues, event.queue, "Queue")}`);
        case "owner.changed": {
            const owner = ({ kind, id }) => ownerText(kind, id, desk, names);
            const reason = handoffReasons[event.reason] ?? "it changed hands";
            const by = event.by === undefined ? "" : `, ordered by ${names.person(event.by)}`;
            return said(`From ${owner(event.from)} to ${owner(event.to)}: ${reason}${by}`, event, desk, names);
        }
        case "offer.made":
            return said(`Offered to ${names.agent(event.agent)}${event.isTransfer ? ", passed on by who has it" : ""}`, event, desk, names);
        case "offer.ended": {
            const end = offerEnds[event.end];
            if (end === undefined) return said(`The offer to ${names.agent(event.agent)} was taken back`);
            const reason = declineReasons[event.reason];
            return said(`${names.agent(event.agent)} ${end}${reason === undefined ? "" : `: ${reason.toLowerCase()}`}`);
        }
        case "needs.relaxed":
            return said(event.steps === 0 ? "Asked for all that its queue asks for" : `Asked for less after a wait, step ${event.steps}`);
        case "needs.changed":
            return said(`What it asks for was changed by ${names.person(event.by)}`);
        case "priority.changed":
            return said(
                (event.priority === undefined ? "Given the priority of its queue" : `Given priority ${event.priority}`) +
                    (event.by === undefined ? ` because ${handoffReasons.escalated}` : ` by ${names.person(event.by)}`),
            );
        case "target.warned": {
            const until = Number.isFinite(event.deadline) ? `, at ${moment(event.deadline)}` : "";
            return said(`${promiseName(event)} due soon${until}${called(event)}`);
        }
        case "target.breached":
            return said(`${promiseName(event)} overdue${called(event)}`);
        case "target.met":
            return said(`${promiseName(event)} given ${event.isLate ? "late" : "in time"}`);
        case "message.announced":
            return said(`The customer was told: ${announcementText(event.announcement)}`);
        default:
            return null;
    }
}

function promiseName({ promise }) {
    return promiseNames[promise] ?? "Reply";
}

function called({ callsSupervisor }) {
    return callsSupervisor ? "; supervisors were called" : "";
}

function announcementText({ kind, position, minutes }) {
    const wait = kind === "waiting" ? `about ${count(minutes, "minute")}` : "nobody is there";
    return `place ${position}, ${wait}`;
}

function said(text, { choice, others } = {}, desk, names) {
    return { text: `${text}.`, details: choice === undefined ? [] : choiceWords(choice, others, desk, names) };
}

function choiceWords(choice, others, desk, names) {
    const details = [
        `Under rules version ${choice.version}, ${count(choice.waiting, "conversation")} waited for the same; ` +
            `${count(choice.onDuty, "agent")} on duty could serve it, ${choice.ready} with room; ${turnText(choice.order)}.`,
    ];
    if (choice.relaxed > 0) details.push(`Less was asked for by then: step ${choice.relaxed}.`);
    for (const { agent, obstacle } of others?.passedOver ?? []) {
        details.push(`Passed over: ${names.agent(agent)} (${obstacleText(desk, obstacle, names.agent)}).`);
    }
    const more = (others?.passedOverCount ?? 0) - (others?.passedOver.length ?? 0);
    if (more > 0) details.push(`Passed over: ${count(more, "more agent")}.`);
    if (others?.ahead > 0) details.push(`${count(others.ahead, "conversation")} came first, for nobody who had room.`);
    if (others?.unfit > 0) details.push(`${count(others.unfit, "more agent")} on duty could not serve it.`);
    if (choice.runnerUp !== undefined) details.push(`Next was ${names.agent(choice.runnerUp)}.`);
    return details;
}

function ownerText(kind, id, desk, names) {
    switch (kind) {
        case "agent":
            return names.agent(id);
        case "queue":
            return named(desk.queues, id, "Queue");
        case "bot":
            return "the chatbot";
        default:
            return "nobody";
    }
}
