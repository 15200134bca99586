// The console protocol `ventanilla.console.v1`: JSON-RPC 2.0 frames, error codes, close codes.
// Values in, values out; no socket, no clock.

export const subprotocol = "ventanilla.console.v1";

/** Messenger takes less than 2,000 characters of text in one message. UTF-16 units are counted:
 *  never fewer than any other way of counting characters. */
export const maximumTextLength = 1_999;

/** How many messages one read of a transcript asks for; the server allows up to 100. */
export const transcriptPage = 50;

/** A refusal of the server, or `malformed` when its frame was not one of this protocol. */
export class ProtocolError extends Error {
    constructor(number, code, field, kinds = []) {
        super(code);
        this.name = "ProtocolError";
        this.number = number;
        this.code = code;
        this.field = field;
        this.kinds = kinds;
    }
}

/** The connection ended before the answer came: whether the command was accepted is not known. */
export class ConnectionLost extends Error {
    constructor() {
        super("connectionLost");
        this.name = "ConnectionLost";
        this.code = "connectionLost";
    }
}

const codesByNumber = new Map([
    [-32700, "parse"],
    [-32600, "invalidRequest"],
    [-32601, "unknownMethod"],
    [-32602, "invalidParameters"],
    [4001, "notFound"],
    [4002, "notOwner"],
    [4003, "conversationClosed"],
    [4004, "outOfRange"],
    [4005, "wrongState"],
    [4006, "tooManyConnections"],
    [4007, "keyReused"],
    [4008, "forbidden"],
    [4009, "unavailable"],
    [4010, "quarantined"],
    [4011, "tooManyRequests"],
    [4012, "tooManyUnsettled"],
    [4013, "guarded"],
    [4014, "offerEnded"],
    [4015, "notOnDuty"],
    [4016, "noRoom"],
    [4017, "notEligible"],
    [4018, "duplicated"],
    [4019, "neverEnds"],
    [4020, "circular"],
    [4021, "unservable"],
    [4022, "queueClosed"],
    [4023, "neverOpens"],
    [4024, "overlapping"],
    [4025, "noBot"],
]);

/** Refusals after which the same command may be accepted later, under the same id. */
const passingCodes = new Set(["unavailable", "tooManyRequests", "connectionLost", "noAnswer"]);

/** Whether a command that failed like this is to be tried again by the console itself. */
export function isPassing(error) {
    return passingCodes.has(error?.code);
}

export function encodeRequest(id, method, params) {
    return JSON.stringify({ jsonrpc: "2.0", id, method, params });
}

/**
 * Reads one frame: `{kind: "result", id, result}`, `{kind: "error", id, error}`,
 * `{kind: "push", method, params}` or `{kind: "malformed"}`.
 */
export function decodeFrame(data) {
    let frame;
    try {
        frame = JSON.parse(data);
    } catch {
        return { kind: "malformed" };
    }
    if (!isObject(frame) || frame.jsonrpc !== "2.0") return { kind: "malformed" };
    if (typeof frame.method === "string" && frame.id === undefined) {
        if (!isObject(frame.params)) return { kind: "malformed" };
        return { kind: "push", method: frame.method, params: frame.params };
    }
    if (isObject(frame.error)) {
        const number = frame.error.code;
        const code = frame.error.data?.code ?? codesByNumber.get(number) ?? "unexpected";
        const { field, kinds } = frame.error.data ?? {};
        const error = new ProtocolError(number, code, field, Array.isArray(kinds) ? kinds : []);
        return { kind: "error", id: frame.id ?? null, error };
    }
    if (typeof frame.id === "string" && "result" in frame) {
        return { kind: "result", id: frame.id, result: frame.result };
    }
    return { kind: "malformed" };
}

export function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * What to do when the socket closed with a code. `then`:
 * `reconnect` with the usual backoff, `spread` (reconnect with wide jitter, because everybody was
 * told at once), `later` (reconnect after a long wait), `signIn` (try one fresh ticket, then the
 * sign-in page), `stop` (never by itself).
 */
const closePolicies = new Map([
    [1000, { then: "reconnect", reason: "ended" }],
    [1001, { then: "reconnect", reason: "lost" }],
    [1006, { then: "reconnect", reason: "lost" }],
    [1009, { then: "stop", reason: "incompatible" }],
    [1013, { then: "reconnect", reason: "slow" }],
    [4400, { then: "stop", reason: "incompatible" }],
    [4401, { then: "signIn", reason: "signedOut" }],
    [4403, { then: "stop", reason: "forbidden" }],
    [4408, { then: "reconnect", reason: "helloMissing" }],
    [4409, { then: "spread", reason: "anotherNode" }],
    [4429, { then: "later", reason: "tooManyRequests" }],
    [4503, { then: "spread", reason: "draining" }],
]);

export function policyForClose(code) {
    return closePolicies.get(code) ?? { then: "reconnect", reason: "lost" };
}

const firstDelay = 400;
const longestDelay = 15_000;
const spreadDelay = 2_500;
const laterDelay = 30_000;

/**
 * Milliseconds to wait before connecting again. Half of it is fixed and half is random, so that
 * consoles that lost the same node do not come back in one wave.
 *
 * `attempt` counts failures since the last good connection, from 0; `random` is in 0..<1;
 * `atLeast` is what the server asked for.
 */
export function delayBefore(then, attempt, random, atLeast = 0) {
    const backoff = Math.min(longestDelay, firstDelay * 2 ** Math.min(attempt, 10));
    const jittered = backoff / 2 + (backoff / 2) * random;
    switch (then) {
        case "spread":
            return Math.round(Math.max(atLeast, 0) + jittered + spreadDelay * random);
        case "later":
            return Math.round(Math.max(atLeast, laterDelay) * (1 + random / 2));
        default:
            return Math.round(Math.max(atLeast, 0) + jittered);
    }
}
