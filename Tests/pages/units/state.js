import {
    emptyState,
    myConversations,
    offersToMe,
    progressOf,
    reduce,
    waitingConversations,
    waitingForAnswerSince,
} from "/console/state.js";
import { equal } from "./check.js";

const ana = { id: 7, name: "Ana", roles: ["agent"] };
const eva = { id: 9, name: "Eva", roles: ["supervisor"] };
const mine = { kind: "agent", id: 7 };
const queue = { kind: "queue", id: 1 };

const conversation = (id, owner = mine, more = {}) => ({
    id,
    customer: id + 100,
    queue: 1,
    owner,
    waitingSince: 1_000,
    openedAt: 900,
    lastMessageAt: 1_000,
    customerWroteAt: 1_000,
    unread: 0,
    handoffs: 2,
    ...more,
});
const agent = (id, more = {}) => ({
    id, name: `Agent ${id}`, presence: "available", connected: true, capacity: 3, load: 1, ...more,
});
const snapshotOf = (conversations, agents = [agent(7)], person = ana) => ({
    type: "snapshot", epoch: 1, seq: 10, person, snapshot: { conversations, agents, jobs: [] },
});
const push = (method, seq, params = {}, prev = seq - 1) => ({
    type: "push", method, params: { epoch: 1, seq, prev, at: 2_000 + seq, ...params },
});
const fold = (...actions) => reduce(emptyState, actions);
const received = (seq, id, text, more = {}) =>
    push("message.received", seq, { conversation: 1, message: id, kind: "text", writtenAt: 2_000 + seq, text, ...more });
const texts = (state) => state.transcripts.get(1)?.messages.map(({ text }) => text) ?? [];
const asked = { type: "transcriptAsked", conversation: 1 };
const read = (messages, more = {}) => ({ type: "transcriptRead", conversation: 1, messages, more: false, ...more });
const message = (id, more = {}) => ({ id, kind: "text", writtenAt: 1_000 + id, recordedAt: 1_000 + id, text: `m${id}`, ...more });

export const cases = {
    "the given state is never changed"() {
        const before = fold(snapshotOf([conversation(1)]));
        const copy = structuredClone(before);
        reduce(before, [
            received(11, 11, "hello"),
            push("conversation.read", 12, { conversation: 1, agent: 7 }),
            push("presence.changed", 13, { agent: 7, presence: "away" }),
            push("owner.changed", 14, { conversation: 1, number: 3, from: mine, to: queue, reason: "wentOffline" }),
        ]);
        equal(before, copy);
    },
    "one fold of many actions equals many folds of one"() {
        const actions = [
            snapshotOf([conversation(1)]), asked, received(11, 11, "a"), received(12, 12, "b"),
            read([message(5), message(11, { text: "a" })]),
            push("message.edited", 13, { conversation: 1, message: 11, text: "c" }),
        ];
        equal(fold(...actions), actions.reduce((state, action) => reduce(state, [action]), emptyState));
    },
    "a push in order is applied"() {
        const state = fold(snapshotOf([conversation(1)]), received(14, 14, "hello", { prev: 10 }));
        equal([state.seq, state.fault, texts(state), state.conversations.get(1).unread], [14, null, ["hello"], 1]);
    },
    "a gap stops the feed, and nothing after it is applied"() {
        const state = fold(snapshotOf([conversation(1)]), received(13, 13, "late", { prev: 12 }), received(14, 14, "later"));
        equal([state.seq, state.fault, texts(state)], [10, { kind: "gap", expected: 10, got: 12 }, []]);
    },
    "after a gap a resume goes on from the last good number"() {
        const state = fold(
            snapshotOf([conversation(1)]), received(13, 13, "late", { prev: 12 }), { type: "resumed" },
            received(12, 12, "missed", { prev: 10 }), received(13, 13, "late"),
        );
        equal([state.seq, state.fault, texts(state)], [13, null, ["missed", "late"]]);
    },
    "a repeat is applied once"() {
        const state = fold(snapshotOf([conversation(1)]), received(11, 11, "a"), received(11, 11, "a"), received(12, 12, "b"));
        equal([state.seq, state.fault, texts(state), state.conversations.get(1).unread], [12, null, ["a", "b"], 2]);
    },
    "a push of an older epoch is a fault"() {
        const state = fold(snapshotOf([conversation(1)]), push("epoch.began", 11, { epoch: 3 }), received(12, 12, "old", { epoch: 2 }));
        equal(state.fault.kind, "oldEpoch");
    },
    "a higher epoch alone changes nothing else"() {
        const state = fold(snapshotOf([conversation(1)]), received(11, 11, "a", { epoch: 2 }));
        equal([state.epoch, state.fault, texts(state)], [2, null, ["a"]]);
    },
    "a push without numbers is a fault"() {
        for (const broken of [{ seq: undefined }, { prev: "10" }, { epoch: 1.5 }]) {
            equal(fold(snapshotOf([]), push("epoch.began", 11, broken)).fault.kind, "malformed");
        }
    },
    "an unknown event counts as seen"() {
        const state = fold(snapshotOf([]), push("skill.changed", 11, { skill: 3 }));
        equal([state.seq, state.fault], [11, null]);
    },
    "a conversation given to me appears, and one that leaves me is remembered as departed"() {
        const given = { conversation: 2, number: 1, from: queue, to: mine, reason: "assigned", state: conversation(2) };
        const taken = { conversation: 2, number: 2, from: mine, to: queue, reason: "disconnected" };
        let state = fold(snapshotOf([]), push("owner.changed", 11, given));
        equal([[...state.conversations.keys()], state.agents.get(7).load], [[2], 2]);
        state = reduce(state, [push("owner.changed", 12, taken)]);
        equal([state.conversations.size, state.departed.get(2).reason, state.agents.get(7).load], [0, "disconnected", 1]);
    },
    "a supervisor keeps what waits and loses what is closed"() {
        const toQueue = { conversation: 2, number: 1, from: { kind: "nobody" }, to: queue, reason: "customerWrote" };
        const toAgent = { conversation: 2, number: 2, from: queue, to: mine, reason: "assigned" };
        const closed = { conversation: 2, number: 3, from: mine, to: { kind: "nobody" }, reason: "closed" };
        const start = snapshotOf([], [agent(7, { load: 0 })], eva);
        const waiting = fold(start, push("owner.changed", 11, { ...toQueue, state: conversation(2, queue) }));
        equal(waitingConversations(waiting).map(({ id }) => id), [2]);
        const held = reduce(waiting, [push("owner.changed", 12, toAgent)]);
        equal([waitingConversations(held).length, held.agents.get(7).load, held.conversations.size], [0, 1, 1]);
        const gone = reduce(held, [push("owner.changed", 13, closed)]);
        equal([gone.conversations.size, gone.agents.get(7).load, gone.departed.size], [0, 0, 0]);
    },
    "what is offered to me takes my room, and goes when the offer ends"() {
        const offer = { agent: 7, deadline: 90, isTransfer: false };
        const made = { conversation: 2, ...offer, state: conversation(2, queue, { routing: { offer } }) };
        let state = fold(snapshotOf([]), push("offer.made", 11, made));
        equal([offersToMe(state).map(({ id }) => id), state.agents.get(7).load], [[2], 2]);
        state = reduce(state, [push("offer.ended", 12, { conversation: 2, agent: 7, end: "declined" })]);
        equal([offersToMe(state).length, state.conversations.size, state.agents.get(7).load], [0, 0, 1]);
    },
    "an offer of what I hold changes only its offer"() {
        const made = { conversation: 2, agent: 8, deadline: 90, isTransfer: true };
        let state = fold(snapshotOf([conversation(2)]), push("offer.made", 11, made));
        equal([offersToMe(state).length, state.conversations.get(2).routing.offer.agent], [0, 8]);
        state = reduce(state, [push("offer.ended", 12, { conversation: 2, agent: 8, end: "timedOut" })]);
        equal([state.conversations.get(2).owner, state.conversations.get(2).routing], [mine, {}]);
    },
    "priority is worth waiting, and what was set goes back to the queue's"() {
        const desk = { version: 1, ageing: 100, queues: [{ id: 1, priority: 1 }], skills: [], kinds: [], grades: [] };
        const rows = [
            conversation(2, queue, { waitingSince: 300 }), conversation(3, queue, { waitingSince: 301 }),
            conversation(4, queue, { waitingSince: 320, routing: { priority: 2 } }),
        ];
        let state = fold({ ...snapshotOf(rows, [], eva), desk });
        equal(waitingConversations(state).map(({ id }) => id), [4, 2, 3]);
        state = reduce(state, [push("priority.changed", 11, { conversation: 4, by: 9 })]);
        equal(waitingConversations(state).map(({ id }) => id), [2, 3, 4]);
    },
    "lists and names come unnumbered, and a resume forgets the list until it is told again"() {
        const desk = { version: 2, ageing: 0, queues: [], skills: [], kinds: [], grades: [] };
        const told = (method, params) => ({ type: "push", method, params });
        let state = fold(snapshotOf([]), told("takeable", { conversations: [{ id: 3 }] }), told("desk.changed", { desk }));
        equal([state.takeable.length, state.desk.version, state.seq], [1, 2, 10]);
        state = reduce(state, [{ type: "resumed", person: null }]);
        equal([state.takeable, state.desk.version], [[], 2]);
    },
    "the queue is in the order of assignment"() {
        const rows = [
            conversation(5, queue, { waitingSince: 300 }), conversation(3, queue, { waitingSince: 200 }),
            conversation(4, queue, { waitingSince: 200 }), conversation(1, mine, { waitingSince: 1 }),
        ];
        equal(waitingConversations(fold(snapshotOf(rows, [], eva))).map(({ id }) => id), [3, 4, 5]);
    },
    "what was pushed while a transcript was read is laid over the answer"() {
        const state = fold(
            snapshotOf([conversation(1)]), asked,
            push("message.edited", 11, { conversation: 1, message: 5, text: "new" }),
            push("message.deleted", 12, { conversation: 1, message: 6 }),
            push("message.reacted", 13, { conversation: 1, message: 7, removed: false, emoji: "❤️" }),
            push("job.changed", 14, { job: 8, conversation: 1, message: 8, state: "sent", attempts: 1 }),
            received(15, 15, "fresh"),
            read([message(5), message(6), message(7), message(8, { kind: "reply", job: { id: 8, state: "sending" } })]),
        );
        const [edited, deleted, reacted, sent, fresh] = state.transcripts.get(1).messages;
        equal(
            [edited.text, edited.edited, deleted.deleted, reacted.reactions, sent.job.state, fresh.text],
            ["new", true, true, ["❤️"], "sent", "fresh"],
        );
    },
    "an older page joins what is there, once"() {
        const state = fold(
            snapshotOf([conversation(1)]), asked, read([message(5), message(6)], { more: true }),
            { ...asked, before: 5 }, read([message(3), message(4), message(5)], { before: 5, more: true }),
        );
        equal([texts(state), state.transcripts.get(1).oldest], [["m3", "m4", "m5", "m6"], 3]);
    },
    "an answer to a read from before a reconnect is dropped"() {
        const state = fold(snapshotOf([conversation(1)]), asked, { type: "disconnected" }, read([message(5)]));
        equal([texts(state), state.transcripts.get(1).loaded], [[], false]);
    },
    "a snapshot makes transcripts stale, and the next read replaces them"() {
        const before = fold(snapshotOf([conversation(1)]), asked, read([message(5)]));
        const state = reduce(before, [{ ...snapshotOf([conversation(1)]), seq: 40 }]);
        equal([state.transcripts.get(1).stale, texts(state)], [true, ["m5"]]);
        const again = reduce(state, [asked, read([message(6), message(7)], { more: true })]);
        equal([again.transcripts.get(1).stale, texts(again)], [false, ["m6", "m7"]]);
    },
    "messages stand in the order in which they were written"() {
        const state = fold(
            snapshotOf([conversation(1)]),
            received(11, 11, "second", { writtenAt: 500 }), received(12, 12, "first", { writtenAt: 400 }),
            received(13, 13, "third", { writtenAt: 500 }),
        );
        equal(texts(state), ["first", "second", "third"]);
    },
    "a reaction replaces the one before, and can be taken back"() {
        const reacted = (seq, more) => push("message.reacted", seq, { conversation: 1, message: 11, ...more });
        const start = [snapshotOf([conversation(1)]), received(11, 11, "a"), reacted(12, { removed: false, emoji: "👍" })];
        equal(fold(...start).transcripts.get(1).messages[0].reactions, ["👍"]);
        equal(fold(...start, reacted(13, { removed: false, emoji: "😮" })).transcripts.get(1).messages[0].reactions, ["😮"]);
        equal(fold(...start, reacted(13, { removed: true })).transcripts.get(1).messages[0].reactions, []);
    },
    "a reply counts as delivered only by a report after its sending began"() {
        const written = push("message.written", 11, { conversation: 1, message: 11, agent: 7, job: 11, text: "hi" });
        const job = (seq, state, more = {}) =>
            push("job.changed", seq, { job: 11, conversation: 1, message: 11, state, attempts: 1, ...more });
        const report = (seq, name, upTo) => push(name, seq, { conversation: 1, upTo });
        const progress = (...actions) => {
            const transcript = fold(snapshotOf([conversation(1)]), written, ...actions).transcripts.get(1);
            return progressOf(transcript.messages[0], transcript);
        };
        equal(progress(), "queued");
        equal(progress(job(12, "sending")), "sending");
        equal(progress(job(12, "sending"), job(13, "sent")), "sent");
        equal(progress(job(12, "sending", { at: 5_000 }), job(13, "sent"), report(14, "message.delivered", 4_000)), "sent");
        equal(progress(job(12, "sending"), job(13, "sent"), report(14, "message.delivered", 9_000)), "delivered");
        equal(progress(job(12, "sending"), job(13, "sent"), report(14, "message.read", 9_000)), "read");
        equal(progress(job(12, "sending"), report(13, "message.read", 9_000)), "sending");
        equal(progress(job(12, "unconfirmed"), report(13, "message.read", 9_000)), "unconfirmed");
    },
    "the clock of an answer starts with the first unanswered message"() {
        const held = conversation(1, mine, { waitingSince: 50 });
        const since = (...messages) => waitingForAnswerSince(held, { loaded: true, messages });
        const reply = (id) => message(id, { kind: "reply" });
        equal(since(message(1), reply(2)), null);
        equal(since(message(1), reply(2), message(3), message(4)), 1_003);
        equal(since(message(1), message(2)), 50);
        equal(since(reply(1), message(2), message(3, { kind: "elsewhere" })), 1_002);
        equal(waitingForAnswerSince({ ...held, waitingSince: 5_000 }, { loaded: true, messages: [reply(1), message(2)] }), 5_000);
        equal(waitingForAnswerSince(held, undefined), 50);
    },
    "those who wait for an answer come first, longest first"() {
        const rows = [1, 2, 3].map((id) => conversation(id, mine, { waitingSince: 100 - id }));
        const answered = [asked, read([message(1), message(2, { kind: "reply" })])];
        const { waiting, answered: rest } = myConversations(fold(snapshotOf(rows), ...answered));
        equal([waiting.map((each) => each.conversation.id), rest.map((each) => each.conversation.id)], [[3, 2], [1]]);
    },
    "agents come and go"() {
        const state = fold(
            snapshotOf([], [agent(7)], eva),
            push("agent.entered", 11, { agent: 8, name: "Ben", capacity: 2 }),
            push("agent.connected", 12, { agent: 8 }),
            push("presence.changed", 13, { agent: 8, presence: "available" }),
            push("capacity.changed", 14, { agent: 8, capacity: 5, by: 9 }),
            push("agent.disconnected", 15, { agent: 8, deadline: 9_000 }),
        );
        equal(state.agents.get(8), {
            id: 8, name: "Ben", presence: "available", connected: false, capacity: 5, load: 0, disconnectDeadline: 9_000,
            presenceSince: 2_013, awayReason: undefined, wrapUp: undefined,
        });
        equal(reduce(state, [push("epoch.began", 16)]).agents.get(7).connected, false);
    },
    "presence brings its reason, its wrap-up and the end of a shift, and takes them along"() {
        const at = (...actions) => fold(snapshotOf([], [agent(7)], eva), ...actions).agents.get(7);
        const away = push("presence.changed", 11, { agent: 7, presence: "away", awayReason: 2 });
        equal([at(away).awayReason, at(away).presenceSince], [2, 2_011]);
        const wrapUp = [
            push("presence.changed", 12, { agent: 7, presence: "wrapUp" }), push("wrapUp.changed", 13, { agent: 7, until: 9_000 }),
        ];
        equal([at(away, ...wrapUp).awayReason ?? null, at(away, ...wrapUp).wrapUp], [null, { until: 9_000 }]);
        const shift = [push("shiftEnd.changed", 14, { agent: 7, shiftEnd: 8_000 }), push("shift.ended", 15, { agent: 7 })];
        const ended = at(away, ...wrapUp, ...shift);
        equal([ended.shiftEnd, ended.shiftEnded], [8_000, true]);
        const gone = at(away, ...wrapUp, ...shift, push("presence.changed", 16, { agent: 7, presence: "offline" }));
        equal([gone.wrapUp ?? null, gone.shiftEnd, gone.shiftEnded ?? null], [null, 8_000, null]);
    },
    "an interruption holds until it is told to be over, or the console has connected again"() {
        const told = (interrupted) => ({ type: "push", method: "server.interrupted", params: { interrupted } });
        const after = (...actions) => fold(snapshotOf([conversation(1)]), ...actions).interrupted;
        equal(after(), false);
        equal(after(told(true)), true);
        equal(after(told(true), received(11, 11, "a")), true);
        equal(after(told(true), told(false)), false);
        equal(after(told(true), { type: "resumed" }), false);
        equal(after(told(true), snapshotOf([])), false);
        // Anything else than true is no interruption.
        equal(after(told("yes")), false);
        // It has no number: the feed goes on after it.
        const state = fold(snapshotOf([conversation(1)]), told(true), received(11, 11, "a"));
        equal([state.seq, state.fault, texts(state)], [11, null, ["a"]]);
    },
    "nothing of anybody stays after signing out"() {
        equal(reduce(fold(snapshotOf([conversation(1)]), received(11, 11, "a")), [{ type: "signedOut" }]), emptyState);
    },
};
