// Wires the session to the page.

import { Accounts } from "./accounts.js";
import { element } from "./dom.js";
import { fetchTicket, fetchWaits, signInAddress, signOut, socketAddress } from "./http.js";
import { listenForKeys } from "./keys.js";
import { Memory } from "./memory.js";
import { Session } from "./session.js";
import { isAgent, isAgentHere, isSupervisor, myConversations, myself, queueOf, waitsByQueue } from "./state.js";
import { makeAccounts } from "./views/accounts.js";
import { askShiftEnd } from "./views/attendance.js";
import { makeConversations, titleFor } from "./views/conversations.js";
import { ask, openHelp, toast } from "./views/dialogs.js";
import { makeGate } from "./views/gate.js";
import { makeHeader } from "./views/header.js";
import { makeOffers, offerLeft } from "./views/offers.js";
import { makeReport, reasonWords } from "./views/report.js";
import { makeRoutingActions } from "./routing.js";
import { graceWords, makeSupervision } from "./views/supervision.js";
import { makeTranscript } from "./views/transcript.js";
import { count, customerName, duration, presenceNames, promiseText, refusalName, summary, waitingReason, wrapUpLeft } from "./words.js";

/** An unread message counts as read after the reader had it before them for so long. */
const readingTime = 700;
/** Answered commands whose event never comes do not hold their control for longer. */
const presenceSettling = 2_000;
const densityKey = "ventanilla.density";

const desk = deskNumber();
const memory = new Memory(sessionStorage);

/** What only the page knows. */
const ui = {
    view: null,
    selected: null,
    drafts: new Map(),
    /** Raised when a draft was changed by something else than typing. */
    draftVersion: 0,
    /** What was found in a draft that came back because it may not go out; until it is changed. */
    held: new Map(),
    presenceAsked: null,
    /** Commands under way, by words such as `close 12`. */
    busy: new Set(),
    /** By queue: the expected wait and who was given up today. Read now and then by supervisors. */
    waits: new Map(),
};

const session = new Session({
    ticket: () => fetchTicket(desk),
    openSocket: (protocols) => new WebSocket(socketAddress(desk, location), protocols),
    setTimer(call, milliseconds) {
        const timer = setTimeout(call, milliseconds);
        return () => clearTimeout(timer);
    },
    now: () => Date.now(),
    random: () => Math.random(),
    makeId: () => crypto.randomUUID(),
    memory,
    soon: makeSoon(),
    changed: () => askForRender(),
    noticed,
    held: ({ conversation, text }, kinds) => {
        giveBack(conversation, text);
        ui.held.set(conversation, kinds);
        askForRender();
    },
});

const accounts = new Accounts({
    request: (method, params) => session.request(method, params),
    changed: () => askForRender(),
});

/** One desk has one console; another than the first is named in the address and kept for the tab. */
function deskNumber() {
    const asked = Number(new URLSearchParams(location.search).get("desk"));
    if (Number.isSafeInteger(asked) && asked > 0) {
        sessionStorage.setItem("ventanilla.desk", String(asked));
        return asked;
    }
    const kept = Number(sessionStorage.getItem("ventanilla.desk"));
    return Number.isSafeInteger(kept) && kept > 0 ? kept : 1;
}

/** A task after the ones already waiting: unlike a timer it is not slowed down in a hidden tab. */
function makeSoon() {
    const { port1, port2 } = new MessageChannel();
    const calls = [];
    port1.onmessage = () => calls.shift()();
    return (call) => {
        calls.push(call);
        port2.postMessage(null);
    };
}

// --- Actions -----------------------------------------------------------------------------------

const actions = {
    signInAddress: signInAddress(desk),
    reload: () => location.reload(),
    retryNow: () => session.retryNow(),
    async signOut() {
        const held = heldCount();
        const isSure =
            held === 0 ||
            (await ask({
                title: "Sign out?",
                text: `You hold ${count(held, "conversation")}. They go back to the queue when you are gone.`,
                yes: "Sign out",
            }));
        if (!isSure) return;
        try {
            await signOut(desk);
            ui.drafts.clear();
            ui.held.clear();
            session.end();
        } catch (problem) {
            if (problem?.status === 401) return session.end();
            toast("Signing out did not work: the desk was not reached. Try again; you are still signed in.", { tone: "bad" });
        }
    },
    async setPresence(presence, awayReason) {
        const held = heldCount();
        if (presence === "offline" && held > 0) {
            const isSure = await ask({
                title: "Go offline?",
                text: `You hold ${count(held, "conversation")}. Going offline returns them to the queue at once.`,
                yes: "Go offline",
                no: "Stay",
            });
            if (!isSure) return askForRender();
        }
        ui.presenceAsked = presence;
        askForRender();
        try {
            await session.perform("presence.set", awayReason === undefined ? { presence } : { presence, awayReason });
            setTimeout(() => settlePresence(presence), presenceSettling);
        } catch (error) {
            settlePresence(presence);
            complain(error, "Your presence was not changed.");
        }
    },
    extendWrapUp: () => perform("wrap-up", "wrapUp.extend", {}, "The wrap-up was not extended."),
    endWrapUp() {
        if (myself(session.state)?.presence === "wrapUp") actions.setPresence("available");
    },
    async setShiftEnd() {
        const wanted = await askShiftEnd(myself(session.state)?.shiftEnd, session.now());
        if (wanted !== null) await perform("shift", "shift.setEnd", wanted, "The end of your shift was not changed.");
    },
    open(id, { focus = false } = {}) {
        const left = ui.selected;
        ui.selected = id;
        ui.view = "conversations";
        document.body.dataset.pane = id === null ? "list" : "transcript";
        if (left !== null && left !== id) session.forgetDeparted(left);
        session.readMissing(id);
        render();
        if (focus) transcript.focusReply();
    },
    openNeighbour(step) {
        const ids = shownOrder();
        if (ids.length === 0) return;
        const index = ids.indexOf(ui.selected);
        const next = index < 0 ? (step > 0 ? 0 : ids.length - 1) : (index + step + ids.length) % ids.length;
        actions.open(ids[next], { focus: true });
    },
    openLongestWaiting() {
        const { waiting } = myConversations(session.state);
        if (waiting.length === 0) return announce("No conversation waits for your answer.");
        const next = waiting.find(({ conversation }) => conversation.id !== ui.selected) ?? waiting[0];
        actions.open(next.conversation.id, { focus: true });
    },
    async closeSelected() {
        const id = ui.selected;
        const conversation = session.state.conversations.get(id);
        if (conversation === undefined || ui.busy.has(`close ${id}`)) return;
        const left = [];
        if (ui.drafts.get(id)) left.push("The draft in its reply box is thrown away.");
        const pending = session.outbox.of(id).filter(({ state }) => state !== "accepted");
        if (pending.length > 0) left.push(`${count(pending.length, "reply", "replies")} did not reach the desk yet.`);
        if (left.length > 0) {
            const title = `Close the conversation with ${customerName(conversation)}?`;
            if (!(await ask({ title, text: left.join(" "), yes: "Close it", no: "Keep it" }))) return;
        }
        const closed = await perform(`close ${id}`, "conversation.close", { conversation: id }, "The conversation was not closed.");
        if (!closed) return;
        actions.keepDraft(id, "");
        toast(`Conversation with ${customerName(conversation)} closed.`);
    },
    keepDraft(id, text) {
        ui.held.delete(id);
        if (text === "") ui.drafts.delete(id);
        else ui.drafts.set(id, text);
        memory.drafts = ui.drafts;
    },
    reply(id, text) {
        session.outbox.add(id, text);
        transcript.follow();
    },
    retryReply: (command) => session.outbox.retry(command),
    takeBack(command) {
        const entry = session.outbox.entries.find(({ id }) => id === command);
        const text = session.outbox.discard(command);
        if (text === "") return;
        giveBack(entry.conversation, text);
        render();
        transcript.focusReply();
    },
    resend: (job) => perform(`resend ${job}`, "message.resend", { job }, "The message was not sent again."),
    readOlder: () => session.readOlder(ui.selected),
    reveal(message) {
        if (!transcript.reveal(message)) toast("That message is older than what is shown. Show older messages first.");
    },
    async setCapacity(agent, capacity) {
        await perform(`capacity ${agent}`, "agent.setCapacity", { agent, capacity }, "The capacity was not changed.");
    },
    showAccounts(purpose) {
        const id = heldAndShown();
        if (id !== null) accounts.read(id, purpose);
    },
    ...makeRoutingActions({ session, ui, perform, complain }),
    show(view) {
        ui.view = view;
        render();
    },
    showOther() {
        if (!isSupervisor(session.state) || !isAgentHere(session.state)) return;
        actions.show(ui.view === "supervision" ? "conversations" : "supervision");
        document.getElementById("main")?.focus();
    },
    focusReply: () => transcript.focusReply(),
    focusList() {
        document.body.dataset.pane = "list";
        document.querySelector('#conversations .item[tabindex="0"]')?.focus();
    },
    focusPresence: () => (document.querySelector("#presence input:checked") ?? document.querySelector("#presence input"))?.focus(),
    openHelp: () =>
        openHelp({
            isCompact: document.body.dataset.density === "compact",
            setCompact: (isCompact) => setDensity(isCompact ? "compact" : "comfortable"),
        }),
};

/** Puts a text back into the reply box, before what was written there since. */
function giveBack(id, text) {
    const draft = ui.drafts.get(id);
    actions.keepDraft(id, draft ? `${text}\n${draft}` : text);
    ui.draftVersion += 1;
}

/** Performs a command with its control held meanwhile; a refusal is told. */
async function perform(work, method, params, words) {
    if (ui.busy.has(work)) return false;
    ui.busy.add(work);
    askForRender();
    try {
        await session.perform(method, params);
        return true;
    } catch (error) {
        complain(error, words);
        return false;
    } finally {
        ui.busy.delete(work);
        askForRender();
    }
}

function complain(error, words) {
    // Signed out meanwhile: the page says so itself.
    if (session.status.phase === "signedOut") return;
    toast(`${words} ${refusalName(error?.code, error?.field)}`, { tone: "bad" });
}

function settlePresence(asked) {
    if (ui.presenceAsked !== asked) return;
    ui.presenceAsked = null;
    askForRender();
}

/** The conversation that is open, if this person holds it: accounts are shown beside no other. */
function heldAndShown() {
    const { state, status } = session;
    const owner = state.conversations.get(ui.selected)?.owner;
    const isMine = owner?.kind === "agent" && owner.id === state.person?.id;
    return isMine && ui.view === "conversations" && status.phase !== "signedOut" ? ui.selected : null;
}

function heldCount() {
    const { waiting, answered } = myConversations(session.state);
    return waiting.length + answered.length;
}

function shownOrder() {
    const { waiting, answered } = myConversations(session.state);
    return [...waiting, ...answered].map(({ conversation }) => conversation.id);
}

// --- What came ---------------------------------------------------------------------------------

/** Says aloud what a reader who looks elsewhere should know. */
function noticed(pushes, before) {
    const me = session.state.person?.id;
    const news = [];
    for (const { method, params } of pushes) {
        const conversation = session.state.conversations.get(params.conversation);
        if (method === "message.received" && isAgent(conversation?.owner, me)) {
            news.push(`${customerName(conversation)}: ${summary({ ...params })}`);
        } else if (method === "owner.changed" && params.to?.kind === "agent" && params.to.id === me) {
            news.push(`New conversation: ${customerName(conversation)}`);
        } else if (method === "offer.made" && params.agent === me) {
            const queue = queueOf(session.state, conversation?.queue)?.name ?? "a queue";
            const seconds = Math.round((params.deadline - session.now()) / 1_000);
            news.push(`Offered to you: ${queue}. Alt+A accepts within ${seconds} seconds`);
        } else if (method === "offer.ended" && params.agent === me && params.end === "timedOut") {
            toast("An offer to you passed without an answer.", { tone: "bad" });
        } else if (method === "offer.ended" && params.end === "declined" && isAgent(conversation?.owner, me)) {
            toast(`Your colleague does not take over ${customerName(conversation)}: it stays with you.`);
        } else if (method === "target.breached" && params.callsSupervisor && isSupervisor(session.state)) {
            toast(`${customerName(conversation)} was not answered in time. Please look after it.`, { tone: "bad" });
        } else if (method === "target.warned" && params.callsSupervisor && isSupervisor(session.state)) {
            toast(`${customerName(conversation)} must be answered soon. Please look after it.`);
        } else if (method === "presence.changed" && params.agent === me && params.by !== undefined) {
            toast(`A supervisor set your presence to ${presenceNames[params.presence].toLowerCase()}.`);
        } else if (method === "shift.ended" && params.agent === me) {
            toast("Your shift is over: nothing new comes, and you go offline when you hold nothing.");
        } else if (method === "presence.changed" && params.agent === me && params.presence === "wrapUp") {
            news.push("Writing up. Alt+D when you are done");
        } else if (method === "owner.changed" && isAgent(params.from, me) && params.reason === "disconnected") {
            const lost = before.conversations.get(params.conversation);
            toast(`${customerName(lost)} went back to the queue while you were disconnected.`, { tone: "bad" });
        }
    }
    if (news.length > 3) announce(`${news.length} new messages and conversations`);
    else if (news.length > 0) announce(news.join(". "));
}

function announce(text) {
    const announcer = document.getElementById("announcer");
    // The same words twice are said twice only if they change in between.
    announcer.textContent = announcer.textContent === text ? `${text}\u00A0` : text;
}

let readTimer = null;

/** Marks the open conversation as read once it was before a reader's eyes for a moment. */
function markAsRead() {
    const isSeen = document.visibilityState === "visible" && document.hasFocus() && ui.view === "conversations";
    const id = ui.selected;
    const unread = session.state.conversations.get(id)?.unread ?? 0;
    const isMine = shownOrder().includes(id);
    if (!isSeen || !isMine || unread === 0 || readTimer !== null) return;
    if (session.status.phase !== "connected") return;
    readTimer = setTimeout(async () => {
        try {
            if (ui.selected === id) await session.request("conversation.read", { conversation: id });
        } catch {
            // It stays unread, and is marked at the next look.
        } finally {
            readTimer = null;
        }
    }, readingTime);
}

// --- Figures of the day --------------------------------------------------------------------------

/** How often a supervisor's page reads what is not pushed. */
const waitsInterval = 20_000;
let waitsAskedAt = -Infinity;

function readWaits() {
    if (Date.now() - waitsAskedAt < waitsInterval || session.status.phase !== "connected") return;
    waitsAskedAt = Date.now();
    const now = session.now();
    // Days are those of the report: they begin with that of Greenwich.
    fetchWaits(desk, new Date(now).setUTCHours(0, 0, 0, 0), now + 60_000).then(
        (report) => {
            ui.waits = waitsByQueue(report);
            askForRender();
        },
        () => {
            // They stay as they were, and are asked for again.
        },
    );
}

// --- Page --------------------------------------------------------------------------------------

const page = document.getElementById("page");
const gate = makeGate(actions);
const header = makeHeader(actions);
const conversations = makeConversations(actions);
const transcript = makeTranscript(actions);
const accountsPanel = makeAccounts(actions);
const report = makeReport(desk, (reason) => reasonWords(session.state.desk, reason));
const supervision = makeSupervision(actions, report.element);
const offers = makeOffers(actions);
const desktop = element("div", { class: "desk" }, conversations.element, transcript.element, accountsPanel.element);
const app = element("div", { class: "app" }, header.element, offers.element, desktop);

let renderAsked = false;

function askForRender() {
    document.title = titleFor(session.state);
    session.readMissing(ui.selected);
    if (renderAsked) return;
    renderAsked = true;
    requestAnimationFrame(() => {
        renderAsked = false;
        render();
    });
}

function render() {
    const now = session.now();
    const { state, status } = session;
    const model = { state, ui, connection: status, outbox: session.outbox.entries, now };
    const kind = gateFor(state, status);
    updateAccounts(status);
    if (kind !== null) {
        ui.view = null;
        const waiting = status.reason !== undefined && kind === "connecting" ? waitingWords(status) : "";
        if (page.firstElementChild !== gate.element) page.replaceChildren(gate.element);
        return gate.update({ kind, waiting });
    }
    if (page.firstElementChild !== app) begin(state);
    if (ui.view === null) ui.view = isAgentHere(state) ? "conversations" : "supervision";
    if (ui.view === "supervision" && !isSupervisor(state)) ui.view = "conversations";
    if (ui.presenceAsked !== null && myself(state)?.presence === ui.presenceAsked) ui.presenceAsked = null;
    for (const id of state.departed.keys()) {
        if (id !== ui.selected) session.forgetDeparted(id);
    }
    const body = ui.view === "supervision" ? supervision.element : desktop;
    updateAccounts(status);
    if (app.lastElementChild !== body) app.lastElementChild.replaceWith(body);
    header.update(model);
    offers.update(model);
    if (ui.view === "supervision") {
        readWaits();
        supervision.update(model);
    } else {
        conversations.update(model);
        transcript.update(model);
        markAsRead();
    }
}

/** Runs before anything else is shown: what is not held any more leaves the page at once. */
function updateAccounts(status) {
    const id = heldAndShown();
    accounts.keepOnly(id);
    accountsPanel.update({ id, look: accounts.of(id), isConnected: status.phase === "connected" });
}

function begin(state) {
    page.replaceChildren(app);
    ui.drafts = memory.drafts;
    ui.draftVersion += 1;
    ui.selected = null;
    document.body.dataset.pane = "list";
    ui.view = isAgentHere(state) ? "conversations" : "supervision";
}

function waitingWords({ phase, reason, retryAt }) {
    const left = phase === "waiting" ? retryAt - Date.now() : 0;
    return `${waitingReason(reason)}. Trying again ${left >= 1_000 ? `in ${duration(left)}` : "now"}.`;
}

function gateFor(state, status) {
    if (status.phase === "signedOut") return "signedOut";
    if (status.phase === "stopped") return status.reason === "forbidden" ? "forbidden" : "incompatible";
    return state.seq === null ? "connecting" : null;
}

/** Moves the clocks, and nothing else. */
function tick() {
    const now = session.now();
    if (page.firstElementChild === gate.element) {
        if (session.status.phase === "waiting") render();
        return;
    }
    if (ui.view === "supervision" && !document.hidden) readWaits();
    header.tick({ connection: session.status, now: Date.now() });
    for (const shown of document.querySelectorAll("[data-since]")) {
        shown.textContent = duration(now - Number(shown.dataset.since));
    }
    for (const shown of document.querySelectorAll("[data-deadline]")) {
        shown.textContent = offerLeft(Number(shown.dataset.deadline) - now);
    }
    for (const shown of document.querySelectorAll("[data-promised]")) {
        const { kind, stage, promised } = shown.dataset;
        shown.textContent = promiseText({ kind, stage, deadline: Number(promised) }, now);
    }
    for (const shown of document.querySelectorAll("[data-wrap-up]")) {
        shown.textContent = wrapUpLeft(Number(shown.dataset.wrapUp) - now);
    }
    for (const shown of document.querySelectorAll("[data-until]")) {
        shown.textContent = graceWords(Number(shown.dataset.until) - now);
    }
}

function setDensity(density) {
    document.body.dataset.density = density;
    try {
        localStorage.setItem(densityKey, density);
    } catch {
        // Storage is off: it holds for this page.
    }
}

function keptDensity() {
    try {
        return localStorage.getItem(densityKey) === "compact" ? "compact" : "comfortable";
    } catch {
        return "comfortable";
    }
}

setDensity(keptDensity());
listenForKeys(document, actions);
setInterval(tick, 1_000);
window.addEventListener("focus", askForRender);
window.addEventListener("online", () => session.retryNow());
document.addEventListener("visibilitychange", askForRender);
window.addEventListener("beforeunload", (event) => {
    if (session.outbox.entries.some(({ state }) => state !== "accepted")) event.preventDefault();
});
session.start();
