import { Connection } from "/console/connection.js";
import { Clock, equal, settle } from "./check.js";

class FakeSocket extends EventTarget {
    sent = [];
    isClosed = false;
    send(data) {
        this.sent.push(JSON.parse(data));
    }
    close() {
        this.isClosed = true;
    }
    open() {
        this.dispatchEvent(new Event("open"));
    }
    say(frame) {
        this.dispatchEvent(new MessageEvent("message", { data: typeof frame === "string" ? frame : JSON.stringify({ jsonrpc: "2.0", ...frame }) }));
    }
    end(code) {
        this.dispatchEvent(new CloseEvent("close", { code }));
    }
}

function make({ ticket = async () => "t", resumePoint = () => null } = {}) {
    const clock = new Clock();
    const world = { clock, sockets: [], pushes: [], greetings: [], disconnected: 0, ticket, nextId: 0, resumePoint };
    world.connection = new Connection({
        ticket: () => world.ticket(),
        openSocket(protocols) {
            const socket = new FakeSocket();
            socket.protocols = protocols;
            world.sockets.push(socket);
            return socket;
        },
        resumePoint: () => world.resumePoint(),
        setTimer: clock.setTimer,
        now: clock.now,
        random: () => 0.5,
        makeId: () => `id-${(world.nextId += 1)}`,
        statusChanged: () => {},
        greeted: (result) => world.greetings.push(result),
        pushed: (method) => world.pushes.push(method),
        disconnected: () => (world.disconnected += 1),
    });
    world.last = () => world.sockets[world.sockets.length - 1];
    world.greet = async () => {
        await settle();
        world.last().open();
        world.last().say({ id: world.last().sent[0].id, result: { mode: "resumed" } });
        await settle();
    };
    return world;
}

async function connected(options) {
    const world = make(options);
    world.connection.start();
    await world.greet();
    equal(world.connection.status.phase, "connected");
    return world;
}

const refusal = (status, retryAfterMs = 0) => async () => {
    throw Object.assign(new Error("refused"), { status, retryAfterMs });
};

export const cases = {
    async "the ticket travels in the subprotocol and hello is the first frame"() {
        const world = await connected({ resumePoint: () => ({ epoch: 2, seq: 9 }) });
        equal(world.last().protocols, ["ventanilla.console.v1", "ticket.t"]);
        const [{ method, params }] = world.last().sent;
        equal([method, params], ["hello", { resume: { epoch: 2, seq: 9 } }]);
    },
    async "without anything to resume a snapshot is asked"() {
        equal((await connected()).last().sent[0].params, {});
    },
    async "refused tickets"() {
        for (const [status, phase, reason] of [[401, "signedOut"], [403, "stopped", "forbidden"], [429, "waiting", "tooManyRequests"], [503, "waiting", "unavailable"], [undefined, "waiting", "lost"]]) {
            const world = make({ ticket: refusal(status) });
            world.connection.start();
            await settle();
            equal([world.connection.status.phase, world.connection.status.reason], [phase, reason], String(status));
        }
    },
    async "what the server asks to wait is waited"() {
        const world = make({ ticket: refusal(503, 7_000) });
        world.connection.start();
        await settle();
        equal(world.connection.status.retryAt - world.clock.time >= 7_000, true);
    },
    async "every close code has its effect"() {
        const table = {
            1000: ["waiting", "ended"], 1006: ["waiting", "lost"], 1009: ["stopped", "incompatible"], 1013: ["waiting", "slow"],
            4400: ["stopped", "incompatible"], 4403: ["stopped", "forbidden"], 4408: ["waiting", "helloMissing"],
            4409: ["waiting", "anotherNode"], 4429: ["waiting", "tooManyRequests"], 4503: ["waiting", "draining"],
        };
        for (const [code, [phase, reason]] of Object.entries(table)) {
            const world = await connected();
            world.last().end(Number(code));
            await settle();
            equal([world.connection.status.phase, world.connection.status.reason], [phase, reason], code);
            await world.clock.pass(60_000);
            equal(world.sockets.length > 1, phase === "waiting", `${code} connects again`);
        }
    },
    async "4401 tries one fresh ticket, and after a second 4401 signs out"() {
        const world = await connected();
        world.last().end(4401);
        await settle();
        equal([world.connection.status.phase, world.sockets.length], ["connecting", 2]);
        world.last().end(4401);
        await settle();
        equal(world.connection.status.phase, "signedOut");
        await world.clock.pass(120_000);
        equal(world.sockets.length, 2);
    },
    async "4401 with a session that ended signs out at once"() {
        const world = await connected();
        world.ticket = refusal(401);
        world.last().end(4401);
        await settle();
        equal(world.connection.status.phase, "signedOut");
    },
    async "a request ends with its connection, and nothing of it is left"() {
        const world = await connected();
        const request = world.connection.request("message.send", {}, "mine").catch((error) => error.code);
        world.last().end(1006);
        equal([await request, world.disconnected], ["connectionLost", 1]);
    },
    async "answers find their requests"() {
        const world = await connected();
        const one = world.connection.request("a", {}, "one");
        const two = world.connection.request("b", {}, "two").catch((error) => [error.code, error.field]);
        world.last().say({ id: "two", error: { code: 4002, message: "m", data: { code: "notOwner", field: "params.conversation" } } });
        world.last().say({ id: "one", result: { x: 1 } });
        world.last().say({ id: "nobody", result: {} });
        equal([await one, await two, world.connection.isConnected], [{ x: 1 }, ["notOwner", "params.conversation"], true]);
    },
    async "a request without an answer means a dead connection"() {
        const world = await connected();
        world.connection.request("a", {}).catch(() => {});
        await world.clock.pass(15_000);
        equal([world.connection.status.phase === "connected", world.sockets[0].isClosed], [false, true]);
    },
    async "hello without an answer means a dead connection"() {
        const world = make();
        world.connection.start();
        await settle();
        world.last().open();
        await world.clock.pass(10_000);
        equal([world.connection.status.phase, world.connection.status.reason], ["waiting", "noAnswer"]);
    },
    async "silence is broken by a ping, and any answer to it will do"() {
        const world = await connected();
        await world.clock.pass(45_000);
        const ping = world.last().sent[1];
        equal(ping.method, "ping");
        world.last().say({ id: ping.id, error: { code: -32601, message: "unknown" } });
        await world.clock.pass(20_000);
        equal(world.connection.isConnected, true);
    },
    async "an unanswered ping means a dead connection"() {
        const world = await connected();
        await world.clock.pass(60_500);
        equal(world.sockets[0].isClosed, true);
    },
    async "a push before hello is answered is not believed"() {
        const world = make();
        world.connection.start();
        await settle();
        world.last().open();
        world.last().say({ method: "epoch.began", params: {} });
        equal([world.pushes, world.connection.status.reason], [[], "malformed"]);
    },
    async "hello's answer is told before the pushes behind it"() {
        const world = make();
        world.connection.start();
        await settle();
        world.last().open();
        world.last().say({ id: world.last().sent[0].id, result: { mode: "resumed" } });
        world.last().say({ method: "epoch.began", params: {} });
        equal([world.greetings.length, world.pushes], [1, ["epoch.began"]]);
    },
    async "a socket that was let go is not heard any more"() {
        const world = await connected();
        const old = world.last();
        world.connection.resynchronize("gap");
        old.say({ method: "epoch.began", params: {} });
        old.end(4403);
        equal([world.pushes, world.connection.status.phase, world.connection.status.reason], [[], "waiting", "gap"]);
    },
    async "the wait grows while connecting fails and starts anew after a good connection"() {
        const world = make({ ticket: refusal(undefined) });
        world.connection.start();
        await settle();
        const waits = [];
        for (let round = 0; round < 4; round += 1) {
            const wait = world.connection.status.retryAt - world.clock.time;
            waits.push(wait);
            await world.clock.pass(wait);
        }
        equal(waits.every((wait, index) => index === 0 || wait > waits[index - 1]), true, String(waits));
        world.ticket = async () => "t";
        world.connection.retryNow();
        await world.greet();
        await world.clock.pass(10_000);
        world.last().end(1006);
        equal(world.connection.status.retryAt - world.clock.time, waits[0]);
    },
    async "a drain that was announced is waited for"() {
        const world = await connected();
        world.last().say({ method: "server.draining", params: { reconnectAfterMs: 5_000 } });
        world.last().end(1006);
        const { reason, retryAt } = world.connection.status;
        equal([reason, retryAt - world.clock.time >= 5_000], ["draining", true]);
    },
    async "stopping ends the countdown"() {
        const world = await connected();
        world.last().end(1006);
        world.connection.stop("signedOut");
        await world.clock.pass(60_000);
        equal([world.sockets.length, world.connection.status.phase], [1, "signedOut"]);
    },
};
