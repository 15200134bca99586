// What the console says: times, states and reasons in words that a person can act on.

const clockFormat = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const dayFormat = new Intl.DateTimeFormat(undefined, {
    weekday: "long",
    day: "numeric",
    month: "long",
});
const momentFormat = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** Messenger lets a page answer freely for so long after the customer last wrote. */
export const answerWindow = day;

/** A time before 2001 is an absent one: the platform sends zeros. */
export function isKnownTime(milliseconds) {
    return Number.isFinite(milliseconds) && milliseconds > 978_307_200_000;
}

/** `45 s`, `3 min`, `1 h 05`, `2 d`: short enough for a list, calm enough not to tick each second. */
export function duration(milliseconds) {
    const span = Math.max(0, milliseconds);
    if (span < minute) return `${Math.floor(span / second)} s`;
    if (span < hour) return `${Math.floor(span / minute)} min`;
    if (span < day) {
        const minutes = String(Math.floor((span % hour) / minute)).padStart(2, "0");
        return `${Math.floor(span / hour)} h ${minutes}`;
    }
    return `${Math.floor(span / day)} d`;
}

export function clockTime(milliseconds) {
    return isKnownTime(milliseconds) ? clockFormat.format(milliseconds) : "time unknown";
}

export function moment(milliseconds) {
    return isKnownTime(milliseconds) ? momentFormat.format(milliseconds) : "time unknown";
}

export function dayName(milliseconds, now) {
    if (!isKnownTime(milliseconds)) return "Time unknown";
    const start = (time) => new Date(time).setHours(0, 0, 0, 0);
    const days = Math.round((start(now) - start(milliseconds)) / day);
    if (days === 0) return "Today";
    if (days === 1) return "Yesterday";
    return dayFormat.format(milliseconds);
}

const channelNames = { instagram: "Instagram", whatsApp: "WhatsApp" };

/** By what a customer writes; empty where it is Messenger, as with most. */
export function channelName(conversation) {
    return channelNames[conversation?.channel] ?? "";
}

/** Whom a conversation is with. */
export function customerName(conversation) {
    const name = conversation?.customer ? `Customer ${conversation.customer}` : "Customer";
    return [name, channelName(conversation)].filter(Boolean).join(" · ");
}

export function count(number, one, many = `${one}s`) {
    return `${number} ${number === 1 ? one : many}`;
}

/** What a desk promises to a customer. */
export const promiseNames = { firstResponse: "First reply", reply: "Reply" };

/** Marks an element with a promise, so that its clock goes on by itself. */
export function markPromise(shown, promise) {
    shown.dataset.kind = promise.kind;
    shown.dataset.stage = promise.stage;
    if (Number.isFinite(promise.deadline)) shown.dataset.promised = String(promise.deadline);
    else delete shown.dataset.promised;
}

/** What is due to a customer, and when: by the hours of the queue. */
export function promiseText({ kind, stage, deadline }, now) {
    const name = promiseNames[kind] ?? "Reply";
    if (stage === "breached") return `${name} overdue`;
    if (!Number.isFinite(deadline)) return `${name} due`;
    return deadline > now ? `${name} due in ${duration(deadline - now)}` : `${name} due now`;
}

export const presenceNames = {
    available: "Available",
    away: "Away",
    busy: "Busy",
    wrapUp: "Writing up",
    offline: "Offline",
};

/** What people say themselves; a wrap-up comes of letting go of a conversation. */
export const chosenPresences = ["available", "away", "busy", "offline"];

const builtInReasons = {
    "-1": "let offers pass",
    "-2": "set by a supervisor",
    "-3": "has just come",
};

/** Why somebody is away; `null` when no reason was given. */
export function awayReasonName(desk, reason) {
    if (reason === undefined || reason === null) return null;
    return builtInReasons[reason] ?? named(desk.awayReasons ?? [], reason, "Reason");
}

/** What an agent is, with why: `Away, Lunch`. */
export function presenceText(desk, agent) {
    const name = presenceNames[agent.presence] ?? agent.presence;
    const reason = agent.presence === "away" ? awayReasonName(desk, agent.awayReason) : null;
    return reason === null ? name : `${name}, ${reason}`;
}

/** How long a wrap-up still lasts: `Writing up, 0:25 left`. */
export function wrapUpLeft(milliseconds) {
    const seconds = Math.ceil(Math.max(0, milliseconds) / second);
    return `Writing up, ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")} left`;
}

/** A time in a report: `7:45` hours and minutes, and seconds below a minute. */
export function span(milliseconds) {
    if (milliseconds < minute) return duration(milliseconds);
    const minutes = Math.floor(milliseconds / minute);
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")} h`;
}

/** How far a reply has come. */
export const progressNames = {
    queued: "Waiting to be sent",
    sending: "Sending",
    sent: "Sent",
    delivered: "Delivered",
    read: "Read",
    unknown: "May have been sent; waiting for proof",
    failed: "Not sent",
    unconfirmed: "Unconfirmed",
};

const failureNames = {
    outsideWindow: "More than 24 hours since the customer wrote: Messenger takes no free text now.",
    customerUnavailable: "The customer cannot be reached (blocked the page, or left Messenger).",
    anotherAppInControl: "Another app controls this thread now.",
    refused: "Messenger refused this message.",
    pageNotPermitted: "The page's access is not valid: tell the operator.",
    attemptsExhausted: "Messenger was not reachable for too long.",
};

export function failureName(failure) {
    return failureNames[failure] ?? "Messenger did not take it.";
}

const refusalNames = {
    notFound: "The desk does not know this conversation any more.",
    notOwner: "You do not hold this conversation any more.",
    conversationClosed: "The conversation is closed. It opens again when the customer writes.",
    outOfRange: "The value is out of range.",
    wrongState: "That is not possible in its present state.",
    tooManyConnections: "Too many tabs are open under your name. Close some of them.",
    keyReused: "The desk has this command on record with another content.",
    forbidden: "You may not do this.",
    unavailable: "The desk cannot store anything at the moment. Try again shortly.",
    quarantined: "The desk could not store this and set it aside. Tell the operator.",
    tooManyRequests: "Too much at once. Wait a moment and try again.",
    tooManyUnsettled: "Too many messages here are still to be sent. Wait until some have gone, then try again.",
    offerEnded: "The offer does not stand any more.",
    queueClosed: "The queue is closed.",
    notOnDuty: "The agent is not there for work just now.",
    noRoom: "The agent has no room for it.",
    notEligible: "The agent may not take it: another queue, a missing skill, or a conflict of interest.",
    connectionLost: "The connection was lost before the desk answered. Try again.",
    invalidParameters: "The desk did not accept the values.",
    duplicated: "The same name is there twice.",
    neverEnds: "A step of this never comes, or changes nothing.",
    neverOpens: "With these hours it would never open.",
    overlapping: "Two periods of one day overlap.",
    noBot: "No chatbot answers at this desk.",
    circular: "It leads back to where it began.",
    unservable: "Nobody could serve what this asks for.",
};

/** Why a command was refused and what to do. `field`: the value that was refused, where one was. */
export function refusalName(code, field) {
    if (code === "noRoom" && (field === "params.to" || field === "params.queue")) return "The queue is full.";
    return refusalNames[code] ?? "The desk refused this. Reload the page; if it persists, tell the operator.";
}

const guardedNames = { card: "a card number", iban: "an IBAN" };

/** Why a reply may not go out, by the kinds of what was found in it. */
export function guardedWords(kinds) {
    const names = kinds.map((kind) => guardedNames[kind] ?? "account data");
    return `This looks like ${names.join(" and ") || "account data"}. It cannot be sent to the customer.`;
}

const waitingReasons = {
    lost: "Connection lost",
    ended: "The desk ended the connection",
    slow: "This connection was too slow",
    gap: "Something was missed; catching up",
    oldEpoch: "An old node answered; catching up",
    malformed: "The desk sent something unreadable",
    noAnswer: "The desk did not answer",
    helloMissing: "The greeting came too late",
    anotherNode: "Another node serves this desk now",
    draining: "The desk is restarting",
    unavailable: "The desk is not available",
    tooManyRequests: "The desk asked to slow down",
    tooManyConnections: "Too many tabs are open under your name",
};

/** Why the console is waiting to connect again. */
export function waitingReason(reason) {
    return waitingReasons[reason] ?? "Connection lost";
}

const departures = {
    abandoned: "The customer was not answered and fell silent.",
    closed: "You closed this conversation. It opens again when the customer writes.",
    disconnected: "You were disconnected too long: this conversation went back to the queue.",
    wentOffline: "You went offline: this conversation went back to the queue.",
    transferred: "You passed this conversation on.",
    offerAccepted: "A colleague took over this conversation.",
    moved: "A supervisor moved this conversation to a queue.",
    movedOverLimit: "A supervisor moved this conversation to a queue.",
    assignedBySupervisor: "A supervisor gave this conversation to somebody else.",
    assignedOverCapacity: "A supervisor gave this conversation to somebody else.",
    escalated: "This conversation was near the end of its time and moved on.",
};

export function departureName(reason) {
    return departures[reason] ?? "You do not hold this conversation any more.";
}

export const attachmentNames = {
    image: "Picture",
    video: "Video",
    audio: "Voice or audio",
    file: "File",
    location: "Location",
    sticker: "Sticker",
    template: "Card",
    fallback: "Shared link",
};

/** What a message says, in one line. */
export function summary(message) {
    if (message === null) return "";
    if (message.deleted) return "Message deleted";
    if (message.text) return message.text.slice(0, 160).replace(/\s+/gu, " ");
    if (message.postback) return message.postback.title ?? "Button pressed";
    const first = message.attachments?.[0];
    if (first) return attachmentNames[first.type] ?? "Attachment";
    return "";
}

/** Marks that reorder or hide text: harmless in themselves, but worth knowing of. */
export function hasHiddenMarks(text) {
    return /[\u202A-\u202E\u2066-\u2069\u200E\u200F\u061C]/u.test(text);
}

/** Why an agent declines an offer. */
export const declineReasons = {
    busy: "Too busy",
    notMyField: "Not my field",
    conflictOfInterest: "Conflict of interest",
    other: "Other reason",
};

export function named(list, id, word) {
    return list.find((each) => each.id === id)?.name ?? `${word} ${id}`;
}

/** What is asked for, in one line: `Français 2, Fraud 4 (always)`. */
export function needsText(desk, needs) {
    return (needs ?? [])
        .map(({ skill, level, isFirm }) => `${named(desk.skills, skill, "Skill")} ${level}${isFirm ? " (always)" : ""}`)
        .join(", ");
}

/** What stands between an agent and a conversation, in words. */
export function obstacleText(desk, obstacle, agentName) {
    switch (obstacle?.kind) {
        case undefined:
            return "nothing stands in the way";
        case "otherQueue":
            return "does not serve this queue";
        case "lacks":
            return `lacks ${named(desk.skills, obstacle.skill, "skill")} at level ${obstacle.level}`;
        case "otherCompartment":
            return "may not see this customer's compartment";
        case "barred":
            return "must not serve this customer";
        case "declined":
            return "declined it, let it pass or passed it on";
        case "reservedForAnother":
            return `it is kept for ${agentName(obstacle.agent)} for a while`;
        case "notOnDuty":
            return "is not there for work";
        case "noRoom":
            return `has ${obstacle.load} of ${obstacle.capacity} units; this takes ${obstacle.weight}`;
        case "roomIsReserved":
            return "their room is kept for others who come first";
        default:
            return "may not take it";
    }
}

/** Why a conversation waits, or with whom it is: sentences. */
export function explanationText(explanation, conversation, state, agentName) {
    const { desk } = state;
    const words = [];
    const queue = named(desk.queues, conversation.queue, "Queue");
    switch (conversation.owner.kind) {
        case "agent":
            words.push(`${agentName(conversation.owner.id)} has it, out of ${queue}.`);
            break;
        case "queue":
            words.push(`It waits in ${queue}.`);
            break;
        default:
            words.push("Nobody of the desk has it.");
    }
    if (explanation.offeredTo !== undefined) words.push(`It is offered to ${agentName(explanation.offeredTo)}.`);
    if (explanation.position !== undefined) words.push(...placeSentences(explanation));
    const needs = needsText(desk, explanation.needs);
    words.push(needs === "" ? "It asks for no skill." : `It asks for ${needs}.`);
    const compartment = conversation.routing?.compartment;
    if (compartment !== undefined) words.push(`It is for who may see into ${named(desk.compartments ?? [], compartment, "compartment")}.`);
    const [first, second] = explanation.next ?? [];
    if (first !== undefined) {
        words.push(`Next in turn is ${agentName(first)}${second === undefined ? "" : `, then ${agentName(second)}`}: ${turnText(explanation.order)}.`);
    }
    if (explanation.entry !== undefined) words.push(`Conversations of its page begin in ${named(desk.queues, explanation.entry, "Queue")}.`);
    words.push(`The rules are version ${explanation.version}.`);
    return words.join(" ");
}

/** Where it stands among those who wait. */
function placeSentences({ position, queuePosition, rank }) {
    const words = [
        position === 0
            ? "It is the first of those who wait for the same."
            : `${count(position, "conversation that waits for the same comes", "conversations that wait for the same come")} first.`,
    ];
    if (queuePosition === 0) words.push("It is the first in its queue.");
    if (queuePosition > 0) words.push(`In its queue ${count(queuePosition, "conversation comes", "conversations come")} first.`);
    if (Number.isFinite(rank)) words.push(`It counts as waiting since ${moment(rank)}.`);
    return words;
}

const turnOrders = {
    leastUnits: "least loaded, then longest idle",
    leastShare: "least loaded by share of capacity, then longest idle",
    longestIdle: "longest idle",
};

/** By which order it is, or was, an agent's turn. Choices of older programs name none: there was one. */
export function turnText(order = "leastUnits") {
    return turnOrders[order] ?? order;
}

/** What nobody who works here could serve of a queue, in one line; empty when all can be served. */
export function unservedText(unserved) {
    if (unserved === undefined) return "";
    const { isWhole, waiting } = unserved;
    if (isWhole) return waiting > 0 ? `nobody could serve it: ${waiting} in vain` : "nobody could serve it";
    return `${count(waiting, "waits", "wait")} in vain: nobody could serve them`;
}

const withheldSentences = {
    queueIsClosed: "Its queue is closed: nobody is given it.",
    isPulled: "Agents take from its queue themselves.",
    nobodyCould: "As things are, nobody who works here could be given it out of this queue, however long it waits.",
};

/** Why nobody is given it, whoever they are: a sentence for each reason. */
export function withheldTexts(explanation) {
    return (explanation.withheld ?? []).map((reason) => withheldSentences[reason] ?? "Its queue gives nothing out.");
}
