// What is shown of the state: pure looks at it.

/** Whether an owner is this agent. */
export function isAgent(owner, id) {
    return owner?.kind === "agent" && owner.id === id;
}

/** How many units of an agent's capacity a conversation of this queue and channel takes: what is said of
 *  their grade goes first, and of each the channel's own. */
export function weightOf(desk, { queue, channel = "messenger" }, grade) {
    const kind = desk.queues.find(({ id }) => id === queue)?.kind;
    if (kind === undefined) return 1;
    const all = desk.grades.find(({ id }) => id === grade)?.weights.filter((weight) => weight.kind === kind) ?? [];
    const own = all.find((weight) => weight.channel === channel) ?? all.find((weight) => weight.channel === undefined);
    if (own !== undefined) return own.weight;
    const work = desk.kinds.find(({ id }) => id === kind);
    return work?.channels?.find((each) => each.channel === channel)?.weight ?? work?.weight ?? 1;
}

export function isSupervisor(state) {
    return state.person?.roles?.includes("supervisor") === true;
}

export function myself(state) {
    return state.agents.get(state.person?.id);
}

/** Whether this person takes conversations. */
export function isAgentHere(state) {
    return state.person?.roles?.includes("agent") === true || myself(state) !== undefined;
}

/** Since when the customer waits for an answer of a person, or `null` when they were answered.
 *  A message of another app does not stop the clock. */
export function waitingForAnswerSince(conversation, transcript) {
    const messages = transcript?.messages ?? [];
    let first = null;
    for (let index = messages.length - 1; index >= 0; index -= 1) {
        const message = messages[index];
        if (message.kind === "reply") {
            if (first === null) return null;
            return message.recordedAt < conversation.waitingSince
                ? conversation.waitingSince
                : first.recordedAt;
        }
        if (["text", "attachment", "postback"].includes(message.kind)) first = message;
    }
    if (first === null && transcript?.loaded && messages.length > 0 && !transcript.more) return null;
    return conversation.waitingSince;
}

/** The conversations that this person holds: those waiting for an answer first, longest first. */
export function myConversations(state) {
    const me = state.person?.id;
    const mine = [];
    for (const conversation of state.conversations.values()) {
        if (!isAgent(conversation.owner, me)) continue;
        const transcript = state.transcripts.get(conversation.id);
        mine.push({ conversation, since: waitingForAnswerSince(conversation, transcript) });
    }
    const waiting = mine.filter(({ since }) => since !== null);
    const answered = mine.filter(({ since }) => since === null);
    waiting.sort((a, b) => a.since - b.since || a.conversation.id - b.conversation.id);
    answered.sort(
        (a, b) =>
            b.conversation.lastMessageAt - a.conversation.lastMessageAt ||
            a.conversation.id - b.conversation.id,
    );
    return { waiting, answered };
}

/** What is offered to this person, the first to end first. */
export function offersToMe(state) {
    const me = state.person?.id;
    return [...state.conversations.values()]
        .filter(({ owner, routing }) => routing?.offer?.agent === me && me !== undefined && !isAgent(owner, me))
        .sort((left, right) => left.routing.offer.deadline - right.routing.offer.deadline || left.id - right.id);
}

/** The priority of a conversation: its own, or that of its queue. */
export function priorityOf(state, conversation) {
    return conversation.routing?.priority ?? queueOf(state, conversation.queue)?.priority ?? 0;
}

export function queueOf(state, id) {
    return state.desk.queues.find((queue) => queue.id === id);
}

/** The conversations that wait in a queue, in the order in which they are served: a level of priority
 *  is worth some waiting. */
export function waitingConversations(state) {
    const rank = (each) => each.waitingSince - priorityOf(state, each) * (state.desk.ageing ?? 0);
    return [...state.conversations.values()]
        .filter(({ owner }) => owner.kind === "queue")
        .map((conversation) => ({ conversation, rank: rank(conversation) }))
        .sort((left, right) => left.rank - right.rank || left.conversation.id - right.conversation.id)
        .map(({ conversation }) => conversation);
}

/** The conversations that agents hold, by agent. */
export function heldConversations(state) {
    return [...state.conversations.values()]
        .filter(({ owner }) => owner.kind === "agent")
        .sort((left, right) => left.owner.id - right.owner.id || left.id - right.id);
}

/** Each queue with how many wait in it and since when; in the order of the configuration. */
export function queueFigures(state) {
    const figures = new Map(state.desk.queues.map((queue) => [queue.id, { queue, waiting: 0, oldest: null }]));
    for (const { owner, waitingSince } of state.conversations.values()) {
        const figure = owner.kind === "queue" ? figures.get(owner.id) : undefined;
        if (figure === undefined) continue;
        figure.waiting += 1;
        figure.oldest = Math.min(figure.oldest ?? waitingSince, waitingSince);
    }
    return [...figures.values()];
}

/** A report of waits by queue: the expected wait where it is known, and how many were given up. */
export function waitsByQueue(report) {
    const found = new Map();
    const of = (id) => {
        if (!found.has(id)) found.set(id, { expected: undefined, abandoned: 0 });
        return found.get(id);
    };
    for (const { queue, wait } of report?.expected ?? []) of(queue).expected = wait;
    for (const { queue, abandoned } of report?.queues ?? []) of(queue).abandoned += abandoned;
    return found;
}

/** What is promised to the customer of a conversation: `{kind, stage, deadline}`. */
export function promiseTo(state, id) {
    return state.service.promises.find(({ conversation }) => conversation === id);
}

/** What changes about a queue: `{isOpen, hasHours, next, orderedBy, met, late}`. One that nobody told
 *  of is open. */
export function serviceOf(state, id) {
    return state.service.queues.find(({ queue }) => queue === id) ?? { isOpen: true, hasHours: false };
}

/** How many conversations of a queue are near the end of a promise or past it, as far as is shown. */
export function pressing(state, id) {
    const figures = { warned: 0, breached: 0 };
    for (const { conversation, stage } of state.service.promises) {
        if (state.conversations.get(conversation)?.queue !== id) continue;
        if (stage in figures) figures[stage] += 1;
    }
    return figures;
}

/** How far a reply has come: the job's state, or `delivered` and `read` by the channel's reports. */
export function progressOf(message, transcript) {
    const state = message.job?.state ?? "sent";
    if (state !== "sent") return state;
    // The reports speak of moments: a reply counts from when its sending began, which may be long
    // after it was written.
    const moment = message.sendingSince ?? message.writtenAt;
    if (transcript.readUpTo >= moment) return "read";
    if (transcript.deliveredUpTo >= moment) return "delivered";
    return "sent";
}

/** The newest message that says something, for the list. */
export function latestMessage(transcript) {
    const messages = transcript?.messages ?? [];
    return messages.length > 0 ? messages[messages.length - 1] : null;
}
