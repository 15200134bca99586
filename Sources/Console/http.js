// The few HTTP requests of the console. Everything else goes through the socket.

/** How long a request may take before it counts as failed. */
const requestTimeout = 10_000;

/** An answer that is not a success: its status, and when to come back if the server said. */
export class HttpProblem extends Error {
    constructor(status, retryAfterMs) {
        super(`status ${status}`);
        this.name = "HttpProblem";
        this.status = status;
        this.retryAfterMs = retryAfterMs;
    }
}

export function signInAddress(desk) {
    return `/desks/${desk}/sign-in`;
}

export function socketAddress(desk, location) {
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    return `${scheme}//${location.host}/desks/${desk}/console`;
}

/** A single-use ticket to open a socket with. */
export async function fetchTicket(desk) {
    const response = await post(`/desks/${desk}/ws-ticket`);
    const { ticket } = await response.json();
    if (typeof ticket !== "string") throw new HttpProblem(response.status, 0);
    return ticket;
}

export async function signOut(desk) {
    await post(`/desks/${desk}/sign-out`);
}

/** How customers waited from a moment on, by queue: a report, for supervisors. */
export async function fetchWaits(desk, from, to) {
    const response = await request("GET", `/desks/${desk}/api/reports/waits?from=${from}&to=${to}`);
    return response.json();
}

/** Where the report of worked time is: `{from, to, format}`. */
export function workedTimeAddress(desk, asked) {
    return `/desks/${desk}/api/reports/worked-time?${new URLSearchParams(asked)}`;
}

/** Who was there, as what, and for how long. */
export async function fetchWorkedTime(desk, asked) {
    const response = await request("GET", workedTimeAddress(desk, asked));
    return response.json();
}

async function post(path) {
    return request("POST", path);
}

async function request(method, path) {
    const response = await fetch(path, {
        method,
        headers: { "X-Ventanilla": "1" },
        credentials: "same-origin",
        cache: "no-store",
        redirect: "error",
        signal: AbortSignal.timeout(requestTimeout),
    });
    if (!response.ok) {
        const seconds = Number(response.headers.get("Retry-After"));
        throw new HttpProblem(response.status, Number.isFinite(seconds) ? seconds * 1000 : 0);
    }
    return response;
}
