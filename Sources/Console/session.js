// What the console knows and does, without the page: state, connection, commands, replies, reads of
// transcripts. The page listens through `changed` and `noticed`.

import { Commands } from "./commands.js";
import { Connection } from "./connection.js";
import { Outbox } from "./outbox.js";
import { isObject, isPassing, transcriptPage } from "./protocol.js";
import { emptyState, myConversations, reduce } from "./state.js";

/** A read that the desk could not serve is asked again after this. */
const pauseBeforeReadingAgain = 2_000;

export class Session {
    #ports;
    #state = emptyState;
    #actions = [];
    #flushAsked = false;
    #connection;
    #commands;
    #outbox;
    /** Where a gap was found last: found there again, a resume does not help. */
    #gapAt = null;
    #clockOffset = 0;

    /**
     * `ports`: `ticket`, `openSocket`, `setTimer`, `now`, `random`, `makeId`, `memory`,
     * `soon(call)`, and the listeners `changed()`, `noticed(pushes)`, `held(reply, kinds)`.
     */
    constructor(ports) {
        this.#ports = ports;
        const shared = {
            request: (...command) => this.#connection.request(...command),
            isConnected: () => this.#connection.isConnected,
            setTimer: ports.setTimer,
            makeId: ports.makeId,
            now: ports.now,
        };
        this.#connection = new Connection({
            ...ports,
            resumePoint: () => this.#resumePoint(),
            statusChanged: (status) => this.#statusChanged(status),
            greeted: (result) => this.#greeted(result),
            pushed: (method, params) => this.dispatch({ type: "push", method, params }),
            disconnected: () => this.dispatch({ type: "disconnected" }),
        });
        this.#commands = new Commands(shared);
        this.#outbox = new Outbox({
            ...shared,
            held: ports.held,
            changed: (entries) => {
                ports.memory.outbox = entries;
                ports.changed();
            },
        });
    }

    get state() {
        return this.#state;
    }

    get status() {
        return this.#connection.status;
    }

    get outbox() {
        return this.#outbox;
    }

    /** The desk's time, as far as known. */
    now() {
        return this.#ports.now() + this.#clockOffset;
    }

    start() {
        this.#connection.start();
    }

    retryNow() {
        this.#connection.retryNow();
    }

    /** Ends everything at the person's own sign-out: nothing of theirs stays in this tab. */
    end() {
        this.#outbox.clear();
        this.#ports.memory.forget();
        this.#connection.stop("signedOut");
    }

    perform(method, params) {
        return this.#commands.perform(method, params);
    }

    /** Asked once, without trying again: for what a later look at the state would ask anew. */
    request(method, params) {
        return this.#connection.request(method, params);
    }

    /** Folded soon, many at once: a burst of pushes costs one copy of the maps. */
    dispatch(action) {
        this.#actions.push(action);
        if (this.#flushAsked) return;
        this.#flushAsked = true;
        this.#ports.soon(() => this.flush());
    }

    flush() {
        this.#flushAsked = false;
        const actions = this.#actions.splice(0);
        if (actions.length === 0) return;
        const before = this.#state;
        this.#state = reduce(before, actions);
        const fault = this.#state.fault;
        if (fault !== null && before.fault === null) {
            this.#connection.resynchronize(fault.kind);
        } else if (this.#state.seq !== before.seq && this.#state.seq !== this.#gapAt) {
            this.#gapAt = null;
        }
        this.#outbox.settle((conversation, message) => {
            const transcript = this.#state.transcripts.get(conversation);
            return !transcript?.loaded || transcript.messages.some(({ id }) => id === message);
        });
        const pushes = actions.filter(({ type }) => type === "push");
        if (pushes.length > 0) this.#ports.noticed(pushes, before);
        this.#ports.changed();
    }

    /** Reads what is missing: first of the conversation that is open, then of the others. */
    readMissing(selected) {
        if (!this.#connection.isConnected) return;
        const { waiting, answered } = myConversations(this.#state);
        const mine = [...waiting, ...answered].map(({ conversation }) => conversation.id);
        const order = mine.includes(selected) ? [selected, ...mine] : mine;
        // One after the other: a desk that just came back is asked by everybody.
        if (mine.some((id) => this.#state.transcripts.get(id)?.reading)) return;
        const missing = order.find((id) => {
            const transcript = this.#state.transcripts.get(id);
            return !transcript?.error && (!transcript?.loaded || transcript.stale);
        });
        if (missing !== undefined) this.#read(missing);
    }

    /** A conversation that left this agent is not looked at any more. */
    forgetDeparted(conversation) {
        if (!this.#state.departed.has(conversation)) return;
        this.dispatch({ type: "forgotten", conversation });
    }

    readOlder(conversation) {
        const transcript = this.#state.transcripts.get(conversation);
        if (!transcript?.more || transcript.reading || transcript.oldest === null) return;
        if (this.#connection.isConnected) this.#read(conversation, transcript.oldest);
    }

    async #read(conversation, before) {
        this.dispatch({ type: "transcriptAsked", conversation, before });
        this.flush();
        const params = { conversation, limit: transcriptPage };
        if (before !== undefined) params.before = before;
        try {
            const result = await this.#connection.request("transcript.read", params);
            const messages = Array.isArray(result?.messages) ? result.messages : [];
            this.dispatch({ ...result, type: "transcriptRead", conversation, before, messages });
        } catch (error) {
            // Lost with the connection: the fold of `disconnected` has let go of it.
            if (error?.code === "connectionLost") return;
            const failed = (code) => this.dispatch({ type: "transcriptFailed", conversation, code });
            if (isPassing(error)) this.#ports.setTimer(() => failed(null), pauseBeforeReadingAgain);
            else failed(error?.code ?? "unexpected");
        }
    }

    #resumePoint() {
        this.flush();
        const { epoch, seq, fault } = this.#state;
        if (seq === null) return null;
        if (fault !== null) {
            if (this.#gapAt === seq) return null;
            this.#gapAt = seq;
        }
        return { epoch, seq };
    }

    #greeted(result) {
        const person = isObject(result?.person) ? result.person : null;
        if (Number.isSafeInteger(result?.now)) this.#clockOffset = result.now - this.#ports.now();
        if (this.#state.person === null && person !== null) {
            this.#ports.memory.belongTo(person.id);
            this.#outbox.restore(this.#ports.memory.outbox);
        }
        if (result?.mode === "snapshot" && isObject(result.snapshot)) {
            this.dispatch({ ...result, type: "snapshot" });
        } else {
            this.dispatch({ type: "resumed", person, desk: isObject(result?.desk) ? result.desk : undefined });
        }
    }

    #statusChanged(status) {
        switch (status.phase) {
            case "connected":
                this.#commands.connected();
                this.#outbox.pump();
                break;
            case "signedOut":
            case "stopped":
                // Nothing of a customer stays on a page without a person.
                this.#commands.end();
                this.dispatch({ type: "signedOut" });
                this.flush();
                break;
            case "idle":
            case "connecting":
            case "waiting":
                break;
        }
        this.#ports.changed();
    }
}
