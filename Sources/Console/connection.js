// One socket at a time: ticket, open, hello, frames, and what to do when it ends. Everything that
// reaches outside (ticket, socket, timers, randomness) is handed in, so that tests can play it.

import {
    ConnectionLost,
    ProtocolError,
    decodeFrame,
    delayBefore,
    encodeRequest,
    policyForClose,
    subprotocol,
} from "./protocol.js";

/** From opening the socket to the answer of hello. */
const greetingTimeout = 10_000;
/** A request without an answer for so long means that the connection is dead. */
const answerTimeout = 15_000;
/** A page cannot see the socket's own pings: after so long a silence it asks for a sign of life. */
const silenceBeforePing = 45_000;
/** A connection that held so long was a good one: the backoff starts anew. */
const goodConnection = 10_000;

/**
 * Phases: `idle`, `connecting` (with `reason` when an earlier attempt failed), `connected`, `waiting` (with `reason`, `retryAt`), `signedOut`,
 * `stopped` (with `reason`: nothing more happens by itself).
 */
export class Connection {
    #ports;
    #status = { phase: "idle" };
    #socket = null;
    #greeted = false;
    #greetedAt = 0;
    #failures = 0;
    #freshTicketTried = false;
    #drainingDelay = null;
    #requests = new Map();
    #cancelRetry = null;
    #cancelGreeting = null;
    #cancelPing = null;
    /** Raised at every connect and stop: what belongs to an earlier one is ignored. */
    #generation = 0;

    /**
     * `ports`: `ticket()`, `openSocket(protocols)`, `resumePoint()` (null: ask for a snapshot),
     * `setTimer(call, ms)` returning its cancellation, `now()`, `random()`, `makeId()`,
     * and the listeners `statusChanged(status)`, `greeted(result)`, `pushed(method, params)`,
     * `disconnected(reason)`.
     */
    constructor(ports) {
        this.#ports = ports;
    }

    get status() {
        return this.#status;
    }

    get isConnected() {
        return this.#status.phase === "connected";
    }

    start() {
        this.#failures = 0;
        this.#freshTicketTried = false;
        this.#connect();
    }

    /** Connects at once instead of at the end of the countdown. */
    retryNow() {
        if (this.#status.phase === "waiting" || this.#status.phase === "stopped") this.#connect();
    }

    /** Ends the connection for good, for instance at sign-out. */
    stop(phase = "idle", reason = undefined) {
        this.#release();
        this.#tell({ phase, reason });
    }

    /** Drops a connection whose feed cannot be trusted and asks for what is missing. */
    resynchronize(reason) {
        if (this.#socket === null) return;
        this.#ended("reconnect", reason);
    }

    /** Sends a command; resolves with its result. The id is the command's idempotency key. */
    request(method, params, id = this.#ports.makeId()) {
        if (!this.isConnected) return Promise.reject(new ConnectionLost());
        return this.#send(method, params, id);
    }

    async #connect() {
        const { reason } = this.#status;
        this.#release();
        const generation = this.#generation;
        this.#tell({ phase: "connecting", reason });
        let ticket;
        try {
            ticket = await this.#ports.ticket();
        } catch (problem) {
            if (generation === this.#generation) this.#ticketRefused(problem);
            return;
        }
        if (generation !== this.#generation) return;
        const socket = this.#ports.openSocket([subprotocol, `ticket.${ticket}`]);
        this.#socket = socket;
        this.#cancelGreeting = this.#ports.setTimer(() => {
            this.#ended("reconnect", "noAnswer");
        }, greetingTimeout);
        const ifCurrent = (listener) => (event) => {
            if (generation === this.#generation) listener(event);
        };
        socket.addEventListener("open", ifCurrent(() => this.#greet(generation)));
        socket.addEventListener("message", ifCurrent(({ data }) => this.#received(data)));
        socket.addEventListener("close", ifCurrent(({ code }) => this.#closed(code)));
    }

    #ticketRefused(problem) {
        switch (problem?.status) {
            case 401:
                return this.stop("signedOut");
            case 403:
                return this.stop("stopped", "forbidden");
            case 429:
                return this.#ended("later", "tooManyRequests", problem.retryAfterMs);
            case 503:
                return this.#ended("reconnect", "unavailable", problem.retryAfterMs);
            default:
                return this.#ended("reconnect", "lost");
        }
    }

    async #greet(generation) {
        const point = this.#ports.resumePoint();
        const params = point === null ? {} : { resume: point };
        try {
            const result = await this.#send("hello", params, this.#ports.makeId());
            if (generation !== this.#generation) return;
            this.#cancelGreeting?.();
            this.#greetedAt = this.#ports.now();
            this.#freshTicketTried = false;
            this.#tell({ phase: "connected" });
            this.#listenForSilence();
        } catch (error) {
            if (generation !== this.#generation || !(error instanceof ProtocolError)) return;
            if (error.code === "forbidden") return this.stop("stopped", "forbidden");
            this.#ended(error.code === "tooManyConnections" ? "later" : "reconnect", error.code);
        }
    }

    #received(data) {
        const frame = decodeFrame(data);
        this.#listenForSilence();
        switch (frame.kind) {
            case "push":
                // Before hello is answered nothing can be placed: a server that does this has
                // lost its order, and the feed is asked anew.
                if (!this.#greeted) return this.#ended("reconnect", "malformed");
                if (frame.method === "server.draining") {
                    this.#drainingDelay = frame.params.reconnectAfterMs ?? 0;
                }
                return this.#ports.pushed(frame.method, frame.params);
            case "result":
            case "error": {
                const request = this.#requests.get(frame.id);
                if (request === undefined) return;
                this.#requests.delete(frame.id);
                request.cancel();
                if (frame.kind === "error") return request.reject(frame.error);
                // Told here, not when the promise resolves: pushes may already stand behind it.
                if (request.method === "hello") {
                    this.#greeted = true;
                    this.#ports.greeted(frame.result);
                }
                return request.resolve(frame.result);
            }
            case "malformed":
                return this.#ended("reconnect", "malformed");
        }
    }

    #send(method, params, id) {
        return new Promise((resolve, reject) => {
            const cancel = this.#ports.setTimer(() => {
                this.#ended("reconnect", "noAnswer");
            }, answerTimeout);
            this.#requests.set(id, { method, resolve, reject, cancel });
            this.#socket.send(encodeRequest(id, method, params));
        });
    }

    #listenForSilence() {
        this.#cancelPing?.();
        this.#cancelPing = this.#ports.setTimer(() => {
            // Any answer will do, also a refusal; without one the connection ends.
            if (this.isConnected) this.#send("ping", {}, this.#ports.makeId()).catch(() => {});
        }, silenceBeforePing);
    }

    #closed(code) {
        const { then, reason } = policyForClose(code);
        switch (then) {
            case "signIn":
                // A ticket lives 30 seconds, a session longer: one fresh ticket tells which ended.
                if (this.#freshTicketTried) return this.stop("signedOut");
                this.#freshTicketTried = true;
                this.#ports.disconnected(reason);
                return void this.#connect();
            case "stop":
                return this.stop("stopped", reason);
            default:
                return this.#ended(then, reason);
        }
    }

    /** The connection is over; the next attempt follows after a wait. */
    #ended(then, reason, atLeast = 0) {
        const wasGood = this.#greeted && this.#ports.now() - this.#greetedAt >= goodConnection;
        this.#failures = wasGood ? 0 : this.#failures;
        const announced = this.#drainingDelay;
        this.#release();
        if (announced !== null && reason === "lost") {
            then = "spread";
            reason = "draining";
        }
        const wanted = reason === "draining" ? Math.max(atLeast, announced ?? 0) : atLeast;
        const delay = delayBefore(then, this.#failures, this.#ports.random(), wanted);
        this.#failures += 1;
        this.#tell({ phase: "waiting", reason, retryAt: this.#ports.now() + delay });
        this.#cancelRetry = this.#ports.setTimer(() => this.#connect(), delay);
    }

    /** Lets go of the socket, its timers and its requests. */
    #release() {
        this.#generation += 1;
        this.#cancelRetry?.();
        this.#cancelGreeting?.();
        this.#cancelPing?.();
        const wasOpen = this.#socket !== null;
        this.#socket?.close();
        this.#socket = null;
        this.#greeted = false;
        this.#drainingDelay = null;
        const requests = [...this.#requests.values()];
        this.#requests.clear();
        for (const request of requests) {
            request.cancel();
            request.reject(new ConnectionLost());
        }
        if (wasOpen) this.#ports.disconnected();
    }

    #tell(status) {
        this.#status = status;
        this.#ports.statusChanged(status);
    }
}
