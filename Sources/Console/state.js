// What the console knows, folded from a snapshot and the pushes after it. A pure function of its
// arguments: no clock, no page, no socket. The given state is never changed; maps that a fold
// touches are copied once per call, however many actions the call brings.

import { isObject } from "./protocol.js";
import { isAgent, weightOf } from "./shown.js";

export * from "./shown.js";

/** How many conversations that left this agent are remembered, to say where they went. */
const departedLimit = 20;

export const emptyState = Object.freeze({
    /** Who signed in: `{id, name, roles}`. */
    person: null,
    epoch: 0,
    /** The number of the last event applied; `null` before the first snapshot. */
    seq: null,
    /** Why the feed cannot be trusted: nothing more is applied until a resume or a snapshot. */
    fault: null,
    /** The server announced that it will close: `{reconnectAfterMs}`. */
    draining: null,
    interrupted: false,
    /** The names of what the desk routes by, and what kinds of work weigh. */
    desk: Object.freeze({ version: 0, ageing: 0, queues: [], skills: [], kinds: [], grades: [] }),
    /** Who waits, in order, in the queues that this agent takes from. */
    takeable: [],
    /** Which queues close, and what is promised to customers: told when it changes. */
    service: Object.freeze({ queues: [], promises: [], unserved: [] }),
    conversations: new Map(),
    agents: new Map(),
    transcripts: new Map(),
    /** Conversations that this agent held until lately: id → `{conversation, reason, to, at}`. */
    departed: new Map(),
});

const emptyTranscript = Object.freeze({
    messages: [],
    /** Whether older messages can be read; meaningful once loaded. */
    more: false,
    oldest: null,
    loaded: false,
    /** What was loaded may lack what happened while the feed was away. */
    stale: false,
    /** The read under way: `{before, since}`; `since` is the feed's number when it was asked. */
    reading: null,
    /** Changes to messages pushed while a read is under way: the answer may be older than them. */
    patches: [],
    error: null,
    deliveredUpTo: 0,
    readUpTo: 0,
});

class Draft {
    #copied = new Set();
    constructor(state) {
        this.next = { ...state };
    }
    map(name) {
        if (!this.#copied.has(name)) {
            this.next[name] = new Map(this.next[name]);
            this.#copied.add(name);
        }
        return this.next[name];
    }
    change(name, key, change) {
        const old = this.next[name].get(key);
        if (old === undefined) return;
        this.map(name).set(key, { ...old, ...(typeof change === "function" ? change(old) : change) });
    }
    transcript(key, change) {
        const old = this.next.transcripts.get(key) ?? emptyTranscript;
        this.map("transcripts").set(key, { ...old, ...change(old) });
    }
}

/** Folds the actions, in order. */
export function reduce(state, actions) {
    const draft = new Draft(state);
    for (const action of actions) apply(draft, action);
    return draft.next;
}

function apply(draft, action) {
    switch (action.type) {
        case "snapshot":
            return applySnapshot(draft, action);
        case "resumed":
            draft.next.fault = null;
            draft.next.draining = null;
            draft.next.interrupted = false;
            draft.next.person = action.person ?? draft.next.person;
            draft.next.desk = action.desk ?? draft.next.desk;
            // Told again if there is anything to take.
            draft.next.takeable = [];
            draft.next.service = emptyState.service;
            return;
        case "push":
            return applyPush(draft, action.method, action.params);
        case "disconnected":
            // An answer that has not come will not come: its read is asked again when needed.
            for (const [id, transcript] of draft.next.transcripts) {
                if (transcript.reading) {
                    draft.transcript(id, () => ({ reading: null, patches: [] }));
                }
            }
            return;
        case "transcriptAsked":
            return draft.transcript(action.conversation, () => ({
                reading: { before: action.before ?? null, since: draft.next.seq ?? 0 },
                patches: [],
                error: null,
            }));
        case "transcriptRead":
            return applyTranscript(draft, action);
        case "transcriptFailed":
            return draft.transcript(action.conversation, () => ({
                reading: null,
                patches: [],
                error: action.code,
            }));
        case "forgotten":
            draft.map("departed").delete(action.conversation);
            draft.map("transcripts").delete(action.conversation);
            return;
        case "signedOut":
            Object.assign(draft.next, emptyState);
            return;
    }
}

// --- Snapshot and transcripts ------------------------------------------------------------------

function applySnapshot(draft, { epoch, seq, person, desk, snapshot }) {
    const next = draft.next;
    next.person = person ?? next.person;
    next.desk = desk ?? next.desk;
    next.takeable = [];
    next.service = emptyState.service;
    next.epoch = epoch;
    next.seq = seq;
    next.fault = null;
    next.draining = null;
    next.interrupted = false;
    next.conversations = new Map(list(snapshot.conversations).map((each) => [each.id, each]));
    next.agents = new Map(list(snapshot.agents).map((each) => [each.id, each]));
    const transcripts = new Map();
    for (const [id, transcript] of next.transcripts) {
        if (!next.conversations.has(id) && !next.departed.has(id)) continue;
        transcripts.set(id, { ...transcript, stale: true, reading: null, patches: [] });
    }
    next.transcripts = transcripts;
    for (const job of list(snapshot.jobs)) {
        if (!transcripts.has(job.conversation)) continue;
        patchMessage(draft, job.conversation, job.message, {
            job: { id: job.id, state: job.state, failure: job.failure, attempts: job.attempts },
        });
    }
}

function applyTranscript(draft, action) {
    const old = draft.next.transcripts.get(action.conversation);
    // Asked before a reconnect or a snapshot: a newer read is or will be under way.
    if (!old?.reading || old.reading.before !== (action.before ?? null)) return;
    const isOlderPage = old.reading.before !== null;
    const byId = new Map();
    const kept = isOlderPage
        ? old.messages
        : old.messages.filter((message) => (message.pushed ?? 0) > old.reading.since);
    for (const message of kept) byId.set(message.id, message);
    // The answer is a whole message; what was pushed meanwhile is laid over it below.
    for (const message of action.messages) byId.set(message.id, message);
    for (const { message, change } of old.patches) {
        const target = byId.get(message);
        if (target) byId.set(message, { ...target, ...change });
    }
    draft.transcript(action.conversation, () => ({
        messages: [...byId.values()].sort(inTranscriptOrder),
        more: action.more === true,
        oldest: action.messages.length > 0 ? action.messages[0].id : isOlderPage ? old.oldest : null,
        loaded: true,
        stale: isOlderPage ? old.stale : false,
        reading: null,
        patches: [],
        error: null,
        deliveredUpTo: Math.max(old.deliveredUpTo, action.deliveredUpTo ?? 0),
        readUpTo: Math.max(old.readUpTo, action.readUpTo ?? 0),
    }));
}

/** By when they were written, then as they were recorded: the platform may deliver out of order. */
function inTranscriptOrder(left, right) {
    return left.writtenAt - right.writtenAt || left.id - right.id;
}

function addMessage(draft, conversation, message) {
    draft.transcript(conversation, (old) => {
        const messages = old.messages.filter((each) => each.id !== message.id);
        let index = messages.length;
        while (index > 0 && inTranscriptOrder(messages[index - 1], message) > 0) index -= 1;
        messages.splice(index, 0, message);
        return { messages };
    });
}

function patchMessage(draft, conversation, message, change) {
    if (message == null || !draft.next.transcripts.has(conversation)) return;
    draft.transcript(conversation, (old) => ({
        messages: old.messages.map((each) => (each.id === message ? { ...each, ...change } : each)),
        patches: old.reading ? [...old.patches, { message, change }] : old.patches,
    }));
}

// --- Pushes ------------------------------------------------------------------------------------

function applyPush(draft, method, params) {
    const next = draft.next;
    if (method === "server.draining") {
        next.draining = { reconnectAfterMs: params.reconnectAfterMs ?? 0 };
        return;
    }
    if (method === "server.interrupted") {
        next.interrupted = params.interrupted === true;
        return;
    }
    if (method === "desk.changed") {
        if (isObject(params.desk)) next.desk = params.desk;
        return;
    }
    if (method === "takeable") {
        next.takeable = list(params.conversations);
        return;
    }
    if (method === "service") {
        next.service = { queues: list(params.queues), promises: list(params.promises), unserved: list(params.unserved) };
        return;
    }
    if (method === "snapshot") {
        const snapshot = isObject(params.snapshot) ? params.snapshot : params;
        return applySnapshot(draft, { ...params, snapshot });
    }
    if (next.fault !== null) return;
    const { epoch, seq, prev } = params;
    if (![epoch, seq, prev].every(Number.isSafeInteger) || next.seq === null) {
        next.fault = { kind: "malformed", expected: next.seq, got: seq ?? null };
        return;
    }
    // Already applied: said twice is harmless, said differently cannot be told. Never applied again.
    if (seq <= next.seq && epoch >= next.epoch) return;
    if (epoch < next.epoch || prev !== next.seq || seq <= prev) {
        next.fault = { kind: epoch < next.epoch ? "oldEpoch" : "gap", expected: next.seq, got: prev };
        return;
    }
    next.seq = seq;
    next.epoch = epoch;
    pushes[method]?.(draft, params);
}

/** What each event changes. Events that change nothing shown here are not named. */
const pushes = {
    "message.received"(draft, params) {
        draft.change("conversations", params.conversation, (old) => ({
            lastMessageAt: params.at,
            customerWroteAt: Math.max(old.customerWroteAt ?? 0, params.writtenAt),
            unread: Number.isInteger(params.unread) ? params.unread : (old.unread ?? 0) + 1,
        }));
        if (!isHeld(draft, params.conversation)) return;
        addMessage(draft, params.conversation, messageFrom(params, params.kind ?? "text"));
    },
    "message.elsewhere"(draft, params) {
        draft.change("conversations", params.conversation, { lastMessageAt: params.at });
        if (!isHeld(draft, params.conversation)) return;
        addMessage(draft, params.conversation, messageFrom(params, "elsewhere"));
    },
    "message.written"(draft, params) {
        draft.change("conversations", params.conversation, { lastMessageAt: params.at, unread: 0 });
        if (!isHeld(draft, params.conversation)) return;
        addMessage(draft, params.conversation, {
            ...messageFrom(params, "reply"),
            author: params.agent,
            job: { id: params.job, state: "queued", attempts: 0 },
        });
    },
    "message.announced"(draft, params) {
        if (!isHeld(draft, params.conversation)) return;
        addMessage(draft, params.conversation, {
            ...messageFrom(params, "announcement"),
            job: { id: params.job, state: "queued", attempts: 0 },
        });
    },
    "message.delivered"(draft, { conversation, upTo }) {
        if (!draft.next.transcripts.has(conversation)) return;
        draft.transcript(conversation, (old) => ({
            deliveredUpTo: Math.max(old.deliveredUpTo, upTo),
        }));
    },
    "message.read"(draft, { conversation, upTo }) {
        if (!draft.next.transcripts.has(conversation)) return;
        draft.transcript(conversation, (old) => ({
            deliveredUpTo: Math.max(old.deliveredUpTo, upTo),
            readUpTo: Math.max(old.readUpTo, upTo),
        }));
    },
    "message.reacted"(draft, { conversation, message, removed, emoji }) {
        // A customer has at most one reaction on a message: the latest replaces.
        const reactions = removed ? [] : [emoji ?? ""];
        patchMessage(draft, conversation, message, { reactions });
    },
    "message.edited"(draft, { conversation, message, text }) {
        const change = typeof text === "string" ? { edited: true, text } : { edited: true };
        patchMessage(draft, conversation, message, change);
    },
    "message.deleted"(draft, { conversation, message }) {
        patchMessage(draft, conversation, message, { deleted: true });
    },
    "owner.changed": ownerChanged,
    "conversation.read"(draft, { conversation }) {
        draft.change("conversations", conversation, { unread: 0 });
    },
    "agent.entered"(draft, { agent, name, capacity }) {
        if (draft.next.agents.has(agent)) return;
        draft.map("agents").set(agent, {
            id: agent,
            name,
            presence: "offline",
            connected: false,
            capacity,
            load: 0,
        });
    },
    "agent.connected"(draft, { agent }) {
        draft.change("agents", agent, { connected: true, disconnectDeadline: undefined });
    },
    "agent.disconnected"(draft, { agent, deadline }) {
        draft.change("agents", agent, { connected: false, disconnectDeadline: deadline });
    },
    "presence.changed"(draft, { agent, presence, awayReason, at }) {
        const change = { presence, presenceSince: at, awayReason, wrapUp: undefined };
        if (presence === "offline") change.shiftEnded = undefined;
        draft.change("agents", agent, change);
    },
    "wrapUp.changed"(draft, { agent, until }) {
        draft.change("agents", agent, (old) => ({ wrapUp: { ...old.wrapUp, until } }));
    },
    "shiftEnd.changed"(draft, { agent, shiftEnd }) {
        draft.change("agents", agent, { shiftEnd, shiftEnded: undefined });
    },
    "shift.ended"(draft, { agent }) {
        draft.change("agents", agent, { shiftEnded: true });
    },
    "capacity.changed"(draft, { agent, capacity }) {
        draft.change("agents", agent, { capacity });
    },
    "profile.changed"(draft, { agent, profile }) {
        if (isObject(profile)) draft.change("agents", agent, { profile });
    },
    "offer.made"(draft, { conversation: id, agent, deadline, isTransfer, state }) {
        const known = isObject(state) ? state : draft.next.conversations.get(id);
        if (known === undefined || !isObject(known.owner)) return;
        const offer = { agent, deadline, isTransfer };
        draft.map("conversations").set(id, { ...known, routing: { ...known.routing, offer } });
        changeLoad(draft, { kind: "agent", id: agent }, known, 1);
    },
    "offer.ended"(draft, { conversation: id, agent }) {
        const known = draft.next.conversations.get(id);
        if (known === undefined) return;
        changeLoad(draft, { kind: "agent", id: agent }, known, -1);
        if (!seesEverything(draft) && !isAgent(known.owner, draft.next.person?.id)) {
            draft.map("conversations").delete(id);
            return;
        }
        const { offer: ended, ...routing } = known.routing ?? {};
        draft.map("conversations").set(id, { ...known, routing });
    },
    "needs.relaxed"(draft, { conversation, steps }) {
        changeRouting(draft, conversation, { relaxed: steps });
    },
    "needs.changed"(draft, { conversation, state }) {
        const { needs, compartment } = isObject(state?.routing) ? state.routing : {};
        changeRouting(draft, conversation, { needs, compartment });
    },
    "priority.changed"(draft, { conversation, priority }) {
        changeRouting(draft, conversation, { priority });
    },
    "job.changed"(draft, params) {
        const { job, conversation, message, state, attempts, failure } = params;
        const change = { job: { id: job, state, failure, attempts } };
        if (state === "sending") change.sendingSince = params.at;
        patchMessage(draft, conversation, message, change);
    },
    "epoch.began"(draft) {
        for (const id of draft.next.agents.keys()) {
            draft.change("agents", id, { connected: false });
        }
    },
};

function ownerChanged(draft, params) {
    const { conversation: id, from, to, at } = params;
    const me = draft.next.person?.id;
    const old = draft.next.conversations.get(id);
    const work = params.state ?? old;
    changeLoad(draft, from, old ?? work, -1);
    changeLoad(draft, to, work, 1);
    const now = isObject(params.state)
        ? { ...params.state, owner: to }
        : { ...(old ?? unknownConversation(id, at)), owner: to, handoffs: params.number };
    if (!isObject(params.state) && from.kind === "nobody") now.waitingSince = at;
    if (isAgent(from, me) && !isAgent(to, me)) {
        const departed = draft.map("departed");
        departed.delete(id);
        departed.set(id, { conversation: old ?? now, reason: params.reason, to, at });
        if (departed.size > departedLimit) departed.delete(departed.keys().next().value);
    } else if (isAgent(to, me)) {
        draft.map("departed").delete(id);
        // What was said while somebody else held it was not on this feed.
        if (!isAgent(from, me) && draft.next.transcripts.has(id)) {
            draft.transcript(id, () => ({ stale: true }));
        }
    }
    if (to.kind === "nobody" || !(seesEverything(draft) || isAgent(to, me))) {
        draft.map("conversations").delete(id);
    } else {
        draft.map("conversations").set(id, now);
    }
}

function unknownConversation(id, at) {
    return {
        id,
        customer: null,
        queue: null,
        waitingSince: at,
        openedAt: at,
        lastMessageAt: at,
        customerWroteAt: at,
        unread: 0,
        handoffs: 0,
    };
}

/** `work`: the conversation, of which queue and channel count. */
function changeLoad(draft, owner, work, sign) {
    if (owner?.kind !== "agent") return;
    draft.change("agents", owner.id, (old) => ({
        load: Math.max(0, (old.load ?? 0) + sign * weightOf(draft.next.desk, work ?? {}, old.profile?.grade)),
    }));
}

function changeRouting(draft, conversation, change) {
    draft.change("conversations", conversation, (old) => ({ routing: { ...old.routing, ...change } }));
}

function messageFrom(params, kind) {
    const message = {
        id: params.message,
        kind,
        writtenAt: params.writtenAt ?? params.at,
        recordedAt: params.at,
        pushed: params.seq,
    };
    for (const field of ["text", "attachments", "postback", "replyTo"]) {
        if (params[field] !== undefined && params[field] !== null) message[field] = params[field];
    }
    return message;
}

/** Whether the transcript of this conversation is kept: this agent holds it, or has just left it. */
function isHeld(draft, id) {
    const conversation = draft.next.conversations.get(id);
    return isAgent(conversation?.owner, draft.next.person?.id) || draft.next.departed.has(id);
}

function seesEverything(draft) {
    return draft.next.person?.roles?.includes("supervisor") === true;
}

function list(value) {
    return Array.isArray(value) ? value : [];
}
