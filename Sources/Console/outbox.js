// Replies on their way to the desk. Each keeps its UUID until the desk has answered for good, so
// that trying again can never say a thing twice. In one conversation they go one after the other.

import { isPassing } from "./protocol.js";

const firstPause = 1_000;
const longestPause = 15_000;

/**
 * Entries: `{id, conversation, text, writtenAt, state, attempts, code?, message?}`; states: `waiting`
 * (for the connection or its turn), `sending`, `accepted` (stored as `message`), `refused`.
 */
export class Outbox {
    #ports;
    #entries = [];
    #pauses = new Map();

    /** `ports`: `request(method, params, id)`, `isConnected()`, `setTimer`, `now`, `makeId`,
     *  `changed(entries)`, `held(entry, kinds)` for a reply whose text may not go out. */
    constructor(ports) {
        this.#ports = ports;
    }

    /** Takes up what an earlier page of this tab left. What was under way may have been accepted:
     *  it is asked again under the same id. */
    restore(entries) {
        const left = entries.filter(({ state }) => state !== "accepted");
        this.#set(left.map((entry) => (entry.state === "sending" ? { ...entry, state: "waiting" } : entry)));
    }

    get entries() {
        return this.#entries;
    }

    of(conversation) {
        return this.#entries.filter((entry) => entry.conversation === conversation);
    }

    add(conversation, text) {
        const entry = {
            id: this.#ports.makeId(),
            conversation,
            text,
            writtenAt: this.#ports.now(),
            state: "waiting",
            attempts: 0,
        };
        this.#set([...this.#entries, entry]);
        this.pump();
        return entry;
    }

    /** Tries a refused reply again at a person's word. */
    retry(id) {
        const entry = this.#entries.find((each) => each.id === id);
        if (entry?.state !== "refused") return;
        // A used key stays used: only then a new one is taken.
        const key = entry.code === "keyReused" ? this.#ports.makeId() : entry.id;
        this.#change(id, { id: key, state: "waiting", code: undefined });
        this.pump();
    }

    /** Takes a refused reply away; gives its text back. */
    discard(id) {
        const entry = this.#entries.find((each) => each.id === id);
        if (entry?.state !== "refused") return "";
        this.#set(this.#entries.filter((each) => each !== entry));
        return entry.text;
    }

    /** Forgets accepted replies that their transcript shows. */
    settle(isShown) {
        const left = this.#entries.filter(
            (entry) => entry.state !== "accepted" || !isShown(entry.conversation, entry.message),
        );
        if (left.length !== this.#entries.length) this.#set(left);
    }

    clear() {
        for (const cancel of this.#pauses.values()) cancel();
        this.#pauses.clear();
        this.#set([]);
    }

    /** Sends what may go now: of each conversation its oldest unanswered reply. */
    pump() {
        if (!this.#ports.isConnected()) return;
        const busy = new Set();
        for (const entry of this.#entries) {
            if (entry.state === "accepted" || entry.state === "refused") continue;
            if (busy.has(entry.conversation)) continue;
            busy.add(entry.conversation);
            if (entry.state === "waiting" && !this.#pauses.has(entry.conversation)) {
                this.#send(entry);
            }
        }
    }

    async #send({ id, conversation, text, attempts }) {
        this.#change(id, { state: "sending", attempts: attempts + 1 });
        try {
            const result = await this.#ports.request("message.send", { conversation, text }, id);
            this.#change(id, { state: "accepted", message: result?.message });
        } catch (error) {
            if (isPassing(error)) {
                this.#change(id, { state: "waiting" });
                if (this.#ports.isConnected()) this.#pause(conversation, attempts);
            } else if (error?.code === "guarded") {
                this.#hold(id, error.kinds);
            } else {
                this.#change(id, { state: "refused", code: error?.code ?? "unexpected" });
            }
        }
        this.pump();
    }

    /** Nothing of it was stored: its text goes back to who wrote it, and the next takes its turn. */
    #hold(id, kinds) {
        const entry = this.#entries.find((each) => each.id === id);
        if (entry === undefined) return;
        this.#set(this.#entries.filter((each) => each !== entry));
        this.#ports.held(entry, kinds);
    }

    #pause(conversation, attempts) {
        const pause = Math.min(longestPause, firstPause * 2 ** Math.min(attempts, 10));
        const cancel = this.#ports.setTimer(() => {
            this.#pauses.delete(conversation);
            this.pump();
        }, pause);
        this.#pauses.set(conversation, cancel);
    }

    #change(id, change) {
        this.#set(this.#entries.map((each) => (each.id === id ? { ...each, ...change } : each)));
    }

    #set(entries) {
        this.#entries = entries;
        this.#ports.changed(entries);
    }
}
