import { Outbox } from "/console/outbox.js";
import { Clock, equal, settle } from "./check.js";

function make() {
    const clock = new Clock();
    const world = { clock, asked: [], held: [], isConnected: true, nextId: 0 };
    world.outbox = new Outbox({
        request: (method, params, id) =>
            new Promise((resolve, reject) => world.asked.push({ method, params, id, resolve, reject })),
        isConnected: () => world.isConnected,
        setTimer: clock.setTimer,
        now: clock.now,
        makeId: () => `id-${(world.nextId += 1)}`,
        changed: () => {},
        held: ({ conversation, text }, kinds) => world.held.push([conversation, text, kinds]),
    });
    world.last = () => world.asked[world.asked.length - 1];
    world.states = () => world.outbox.entries.map(({ state }) => state);
    return world;
}

const failure = (code) => Object.assign(new Error(code), { code });

export const cases = {
    async "a reply is asked once and accepted once"() {
        const world = make();
        world.outbox.add(1, "hi");
        equal([world.last().method, world.last().params, world.states()], ["message.send", { conversation: 1, text: "hi" }, ["sending"]]);
        world.last().resolve({ message: 9 });
        await settle();
        equal([world.states(), world.asked.length], [["accepted"], 1]);
        world.outbox.settle((conversation, message) => conversation === 1 && message === 9);
        equal(world.states(), []);
    },
    async "after a lost connection it is asked again under the same id"() {
        const world = make();
        world.outbox.add(1, "hi");
        world.isConnected = false;
        world.last().reject(failure("connectionLost"));
        await settle();
        equal([world.states(), world.asked.length], [["waiting"], 1]);
        world.isConnected = true;
        world.outbox.pump();
        equal([world.asked.length, world.asked[1].id], [2, world.asked[0].id]);
    },
    async "in one conversation they go one after the other, in others at once"() {
        const world = make();
        for (const [conversation, text] of [[1, "a"], [1, "b"], [2, "c"]]) world.outbox.add(conversation, text);
        equal(world.asked.map(({ params }) => params.text), ["a", "c"]);
        world.asked[0].resolve({ message: 1 });
        await settle();
        equal(world.asked.map(({ params }) => params.text), ["a", "c", "b"]);
    },
    async "an unavailable desk is asked again after a pause, in order"() {
        const world = make();
        world.outbox.add(1, "a");
        world.outbox.add(1, "b");
        world.last().reject(failure("unavailable"));
        await settle();
        equal(world.asked.length, 1);
        await world.clock.pass(1_000);
        equal(world.asked.map(({ params, id }) => [params.text, id]), [["a", "id-1"], ["a", "id-1"]]);
    },
    async "a refusal is kept, told, and tried again only by a person"() {
        const world = make();
        world.outbox.add(1, "a");
        world.last().reject(failure("notOwner"));
        await settle();
        await world.clock.pass(60_000);
        equal([world.states(), world.outbox.entries[0].code, world.asked.length], [["refused"], "notOwner", 1]);
        world.outbox.retry("id-1");
        equal(world.last().id, "id-1");
    },
    async "only a used key is replaced"() {
        const world = make();
        world.outbox.add(1, "a");
        world.last().reject(failure("keyReused"));
        await settle();
        world.outbox.retry("id-1");
        equal(world.last().id, "id-2");
    },
    async "a refused reply gives its text back"() {
        const world = make();
        world.outbox.add(1, "a");
        equal(world.outbox.discard("id-1"), "");
        world.last().reject(failure("notOwner"));
        await settle();
        equal([world.outbox.discard("id-1"), world.states()], ["a", []]);
    },
    async "a text that may not go out is given back, and the next takes its turn"() {
        const world = make();
        world.outbox.add(1, "a card number");
        world.outbox.add(1, "b");
        world.last().reject(Object.assign(failure("guarded"), { kinds: ["card"] }));
        await settle();
        equal([world.held, world.states()], [[[1, "a card number", ["card"]]], ["sending"]]);
        equal([world.asked.length, world.last().params.text], [2, "b"]);
    },
    async "what an earlier page left is asked again under its id"() {
        const world = make();
        world.outbox.restore([
            { id: "old", conversation: 1, text: "a", state: "sending", attempts: 1 },
            { id: "done", conversation: 1, text: "b", state: "accepted", attempts: 1, message: 4 },
        ]);
        world.outbox.pump();
        equal(world.asked.map(({ id }) => id), ["old"]);
    },
};
