// The supervisor's view: the queue with waiting times, the agents with presence and load.

import { element, reconcile, setAttribute, setHidden, setText } from "../dom.js";
import { heldConversations, pressing, priorityOf, promiseTo, queueFigures, serviceOf, waitingConversations } from "../state.js";
import { clockTime, count, customerName, duration, markPromise, moment, named, presenceText, promiseText, unservedText, wrapUpLeft } from "../words.js";
import { shiftText } from "./attendance.js";
import { agentName, profileText } from "./manage.js";

/** More rows than anybody reads would only make the page slow; the rest is counted. */
const shownRows = 200;
/** The desk's own limit of one person's conversations. */
const maximumCapacity = 100;

export function makeSupervision(actions, report) {
    const tiles = makeTiles();
    const rows = element("tbody");
    const more = element("p", { class: "table-more" });
    const nobody = emptyState("Nobody waits", "Conversations appear here when no agent is free.");
    const queue = element(
        "section",
        { class: "panel", "aria-labelledby": "queue-title" },
        element("h2", { id: "queue-title", text: "Waiting" }),
        nobody,
        table("queue", ["Place", "Customer", "Queue", "Priority", "Waiting", "Unread", ""], rows),
        more,
    );
    const queueRows = element("tbody");
    const queues = element(
        "section",
        { class: "panel", "aria-labelledby": "queues-title" },
        element("h2", { id: "queues-title", text: "Queues" }),
        table("queues", ["Queue", "Given", "Priority", "Waiting", "Oldest wait", "Expected wait", "Gone today", "Open", "Targets", ""], queueRows),
    );
    const heldRows = element("tbody");
    const heldMore = element("p", { class: "table-more" });
    const held = element(
        "section",
        { class: "panel", "aria-labelledby": "held-title" },
        element("h2", { id: "held-title", text: "With agents" }),
        table("held", ["Customer", "Agent", "Queue", ""], heldRows),
        heldMore,
    );
    const agentRows = element("tbody");
    const noAgents = emptyState("No agents yet", "An agent appears here after signing in for the first time.");
    const agents = element(
        "section",
        { class: "panel", "aria-labelledby": "agents-title" },
        element("h2", { id: "agents-title", text: "Agents" }),
        noAgents,
        table("agents", ["Name", "Presence", "Load", "Capacity", ""], agentRows),
    );
    return {
        element: element(
            "main",
            { class: "supervision", id: "main", tabindex: "-1" },
            tiles.element,
            queues,
            element("div", { class: "panels" }, element("div", { class: "column" }, queue), element("div", { class: "column" }, agents, held, report)),
        ),
        update(model) {
            const { state, ui, now } = model;
            const waiting = waitingConversations(state);
            const people = [...state.agents.values()].sort(byPresenceThenName);
            tiles.update(waiting, people, now);
            const shown = waiting.slice(0, shownRows).map((conversation, index) => ({ conversation, index, model, actions }));
            const figures = queueFigures(state);
            reconcile(queueRows, figures.map((figure) => ({ ...figure, day: ui.waits.get(figure.queue.id), model, actions })), ({ queue }) => queue.id, makeQueue);
            setHidden(queues, figures.length === 0);
            const theirs = heldConversations(state);
            const shownHeld = theirs.slice(0, shownRows).map((conversation) => ({ conversation, model, actions }));
            reconcile(heldRows, shownHeld, ({ conversation }) => conversation.id, makeHeld);
            setHidden(held, theirs.length === 0);
            setText(heldMore, theirs.length > shownRows ? `and ${count(theirs.length - shownRows, "conversation")} more` : "");
            setHidden(heldMore, theirs.length <= shownRows);
            reconcile(rows, shown, ({ conversation }) => conversation.id, makeWaiting);
            setHidden(rows.parentElement, waiting.length === 0);
            setHidden(nobody, waiting.length > 0);
            const hidden = waiting.length - shown.length;
            setText(more, hidden > 0 ? `and ${count(hidden, "conversation")} more` : "");
            setHidden(more, hidden <= 0);
            reconcile(agentRows, people.map((agent) => ({ agent, model, actions })), ({ agent }) => agent.id, makeAgent);
            setHidden(agentRows.parentElement, people.length === 0);
            setHidden(noAgents, people.length > 0);
        },
    };
}

function emptyState(title, text) {
    return element("div", { class: "empty" }, element("h3", { text: title }), element("p", { text }));
}

function table(name, headings, body) {
    const head = element("tr", {}, ...headings.map((text) => element("th", { scope: "col", text })));
    return element("table", { class: "table", id: `${name}-table` }, element("thead", {}, head), body);
}

function byPresenceThenName(left, right) {
    const order = ["available", "busy", "wrapUp", "away", "offline"];
    return (
        order.indexOf(left.presence) - order.indexOf(right.presence) ||
        String(left.name).localeCompare(String(right.name)) ||
        left.id - right.id
    );
}

function makeTiles() {
    const names = {
        waiting: "waiting",
        longest: "longest wait",
        free: "agents available",
        places: "places free",
    };
    const values = {};
    const tiles = Object.entries(names).map(([key, name]) => {
        values[key] = element("span", { class: "tile-value" });
        return element("div", { class: "tile" }, values[key], element("span", { class: "tile-name", text: name }));
    });
    return {
        element: element("div", { class: "tiles" }, ...tiles),
        update(waiting, people, now) {
            setText(values.waiting, String(waiting.length));
            const oldest = waiting.reduce((since, each) => Math.min(since, each.waitingSince), Infinity);
            if (waiting.length > 0) values.longest.dataset.since = String(oldest);
            else delete values.longest.dataset.since;
            setText(values.longest, waiting.length > 0 ? duration(now - oldest) : "none");
            const free = people.filter((agent) => agent.presence === "available" && agent.connected);
            setText(values.free, `${free.length} of ${people.length}`);
            const places = free.map((agent) => Math.max(0, agent.capacity - (agent.load ?? 0)));
            setText(values.places, String(places.reduce((sum, each) => sum + each, 0)));
        },
    };
}

const handingNames = { push: "at once", offer: "offered", pull: "taken from a list" };

/** Since when and until when a queue is open or closed, as far as it is known. */
function openText({ isOpen, next, orderedBy }, now) {
    const word = isOpen ? "open" : "closed";
    if (!Number.isFinite(next)) return orderedBy === undefined ? word : `${word} by order`;
    return `${word} until ${next - now < 86_400_000 ? clockTime(next) : moment(next)}`;
}

function targetsText({ met, late }, { warned, breached }) {
    const words = [];
    if (Number.isInteger(met) && met + late > 0) words.push(`${Math.round((100 * met) / (met + late))} % met`);
    if (warned > 0) words.push(`${warned} near`);
    if (breached > 0) words.push(`${breached} overdue`);
    return words.join(", ");
}

function fullness(number, limit) {
    const rule = "people put no more into it; customers are let in, or overflow";
    return number < limit ? `Full when ${limit} wait` : `Full: ${rule}`;
}

function makeQueue({ queue: { id }, actions }) {
    const open = element("td", { class: "queue-open" });
    const targets = element("td", { class: "queue-targets" });
    const turn = element("button", { class: "button small", type: "button", onclick: () => actions.turnQueue(id) });
    const title = element("span");
    const unserved = element("span", { class: "tag bad unserved" });
    const name = element("th", { scope: "row" }, title, " ", unserved);
    const handing = element("td");
    const priority = element("td", { class: "number" });
    const waiting = element("td", { class: "number" });
    const oldest = element("td", { class: "wait" });
    const expected = element("td", { class: "wait" });
    const gone = element("td", { class: "number" });
    return {
        element: element("tr", { dataset: { queue: String(id) } }, name, handing, priority, waiting, oldest, expected, gone, open, targets, element("td", {}, turn)),
        update({ queue, waiting: number, oldest: since, day, model: { state, ui, connection, now } }) {
            const service = serviceOf(state, id);
            setText(open, openText(service, now));
            open.dataset.open = String(service.isOpen);
            setText(targets, targetsText(service, pressing(state, id)));
            setText(turn, service.isOpen ? "Close" : "Open");
            setAttribute(turn, "aria-label", `${service.isOpen ? "Close" : "Open"} ${queue.name}`);
            turn.disabled = connection.phase !== "connected" || ui.busy.has(`queue ${id}`);
            setText(title, queue.name);
            const lack = unservedText(state.service.unserved.find((each) => each.queue === id));
            setText(unserved, lack);
            setHidden(unserved, lack === "");
            unserved.title = "By its skills, compartment and weight, whoever is there and however long they wait";
            setText(handing, handingNames[queue.handing] ?? queue.handing);
            setText(priority, String(queue.priority));
            setText(waiting, queue.limit === undefined ? String(number) : `${number} of ${queue.limit}`);
            waiting.title = queue.limit === undefined ? "" : fullness(number, queue.limit);
            if (since === null) delete oldest.dataset.since;
            else oldest.dataset.since = String(since);
            setText(oldest, since === null ? "" : duration(now - since));
            setText(expected, day?.expected === undefined ? "" : duration(day.expected));
            expected.title = "How long a customer who comes now would wait, where the queue tells them";
            setText(gone, day === undefined ? "" : String(day.abandoned));
            gone.title = "Customers of today who were not answered and fell silent";
        },
    };
}

function makeManage(id, actions) {
    return element("button", {
        class: "button small",
        type: "button",
        text: "Manage",
        onclick: () => actions.manageConversation(id),
    });
}

function makeWaiting({ conversation: { id }, actions }) {
    const place = element("td", { class: "number" });
    const customer = element("th", { scope: "row" });
    const queue = element("td");
    const priority = element("td", { class: "number" });
    const wait = element("td", { class: "wait" });
    const unread = element("td", { class: "number" });
    const name = element("span");
    const due = makeDue();
    customer.append(name, " ", due.element);
    const manage = makeManage(id, actions);
    return {
        element: element(
            "tr",
            { dataset: { waiting: String(id) } },
            place,
            customer,
            queue,
            priority,
            wait,
            unread,
            element("td", {}, manage),
        ),
        update({ conversation, index, model: { state, connection, now } }) {
            setText(place, String(index + 1));
            setText(name, customerName(conversation));
            due.update(promiseTo(state, id), now);
            const offer = conversation.routing?.offer;
            const home = named(state.desk.queues, conversation.queue, "Queue");
            setText(queue, offer === undefined ? home : `${home}, offered to ${agentName(state, offer.agent)}`);
            setText(priority, String(priorityOf(state, conversation)));
            wait.dataset.since = String(conversation.waitingSince);
            setText(wait, duration(now - conversation.waitingSince));
            wait.title = `Since ${moment(conversation.waitingSince)}`;
            setText(unread, String(conversation.unread ?? 0));
            manage.disabled = connection.phase !== "connected";
            setAttribute(manage, "aria-label", `Manage ${customerName(conversation)}`);
        },
    };
}

/** A mark at a conversation whose target is near or past. */
function makeDue() {
    const due = element("span", { class: "tag due" });
    return {
        element: due,
        update(promise, now) {
            setHidden(due, promise === undefined);
            if (promise === undefined) return;
            markPromise(due, promise);
            due.classList.toggle("bad", promise.stage === "breached");
            setText(due, promiseText(promise, now));
        },
    };
}

function makeHeld({ conversation: { id }, actions }) {
    const shown = element("span");
    const due = makeDue();
    const customer = element("th", { scope: "row" }, shown, " ", due.element);
    const agent = element("td");
    const queue = element("td");
    const manage = makeManage(id, actions);
    return {
        element: element("tr", { dataset: { held: String(id) } }, customer, agent, queue, element("td", {}, manage)),
        update({ conversation, model: { state, connection, now } }) {
            setText(shown, customerName(conversation));
            due.update(promiseTo(state, id), now);
            const offer = conversation.routing?.offer;
            const name = agentName(state, conversation.owner.id);
            setText(agent, offer === undefined ? name : `${name}, passing it to ${agentName(state, offer.agent)}`);
            setText(queue, named(state.desk.queues, conversation.queue, "Queue"));
            manage.disabled = connection.phase !== "connected";
            setAttribute(manage, "aria-label", `Manage ${customerName(conversation)}`);
        },
    };
}

function makeAgent({ agent: { id }, actions }) {
    const name = element("span");
    const profile = element("span", { class: "profile" });
    const manage = element("button", {
        class: "button small",
        type: "button",
        text: "Manage",
        onclick: () => actions.manageAgent(id),
    });
    const presence = element("span", { class: "presence-mark" });
    const grace = element("span", { class: "grace" });
    const since = element("span", { class: "presence-since" });
    const wrapUp = element("span", { class: "presence-wrap-up" });
    const shift = element("span", { class: "presence-shift" });
    const meter = element("meter", { min: "0" });
    const load = element("span", { class: "load" });
    const capacity = element("input", {
        class: "capacity",
        type: "number",
        min: "0",
        max: String(maximumCapacity),
        step: "1",
        required: true,
    });
    const set = element("button", { class: "button small", type: "submit", text: "Set" });
    const form = element("form", { class: "capacity-form" }, capacity, set);
    let known = null;
    const isChanged = () => capacity.value !== String(known);
    capacity.addEventListener("input", () => setHidden(set, !isChanged()));
    capacity.addEventListener("keydown", ({ key }) => {
        if (key !== "Escape") return;
        capacity.value = String(known);
        setHidden(set, true);
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        if (isChanged()) actions.setCapacity(id, capacity.valueAsNumber);
    });
    const row = element(
        "tr",
        { dataset: { agent: String(id) } },
        element("th", { scope: "row" }, name, profile),
        element("td", {}, presence, since, wrapUp, shift, grace),
        element("td", { class: "load-cell" }, meter, load),
        element("td", {}, form),
        element("td", {}, manage),
    );
    return {
        element: row,
        update({ agent, model: { state, ui, connection, now } }) {
            setText(name, agent.name ?? `Agent ${agent.id}`);
            const line = profileText(state.desk, agent.profile);
            setText(profile, line);
            setHidden(profile, line === "");
            manage.disabled = connection.phase !== "connected";
            setAttribute(manage, "aria-label", `Manage ${agent.name}`);
            presence.dataset.presence = agent.presence;
            setText(presence, presenceText(state.desk, agent));
            updateAttendance({ since, wrapUp, shift }, agent, now);
            updateGrace(grace, agent, now);
            setText(load, `${agent.load ?? 0} / ${agent.capacity}`);
            setAttribute(meter, "max", Math.max(1, agent.capacity, agent.load ?? 0));
            setAttribute(meter, "value", agent.load ?? 0);
            setAttribute(meter, "aria-label", `Load of ${agent.name}`);
            row.dataset.over = String((agent.load ?? 0) > agent.capacity);
            setAttribute(capacity, "aria-label", `Capacity of ${agent.name}`);
            // What somebody is typing is theirs; a change that comes meanwhile is only remembered.
            const isEdited = known !== null && isChanged();
            const isBusy = ui.busy.has(`capacity ${agent.id}`);
            if (!isEdited || (known !== agent.capacity && document.activeElement !== capacity)) {
                capacity.value = String(agent.capacity);
            }
            known = agent.capacity;
            capacity.disabled = connection.phase !== "connected" || isBusy;
            set.disabled = capacity.disabled;
            setHidden(set, !isChanged());
        },
    };
}

function updateAttendance({ since, wrapUp, shift }, agent, now) {
    const isKnown = Number.isFinite(agent.presenceSince);
    setHidden(since, !isKnown);
    if (isKnown) since.dataset.since = String(agent.presenceSince);
    setText(since, isKnown ? duration(now - agent.presenceSince) : "");
    const until = agent.presence === "wrapUp" ? agent.wrapUp?.until : undefined;
    setHidden(wrapUp, !Number.isFinite(until));
    if (Number.isFinite(until)) wrapUp.dataset.wrapUp = String(until);
    else delete wrapUp.dataset.wrapUp;
    setText(wrapUp, Number.isFinite(until) ? wrapUpLeft(until - now) : "");
    setHidden(shift, agent.shiftEnd === undefined);
    setText(shift, agent.shiftEnd === undefined ? "" : shiftText(agent));
}

function updateGrace(grace, agent, now) {
    const isLost = !agent.connected && agent.presence !== "offline";
    setHidden(grace, !isLost);
    if (!isLost) return;
    const left = Number.isFinite(agent.disconnectDeadline) ? agent.disconnectDeadline - now : null;
    if (left === null) delete grace.dataset.until;
    else grace.dataset.until = String(agent.disconnectDeadline);
    setText(grace, left === null ? "disconnected" : graceWords(left));
}

export function graceWords(left) {
    return left > 0 ? `disconnected, keeps theirs for ${duration(left)}` : "disconnected";
}
