// The conversation that is open: its messages, what is pending, the reply box.

import { element, reconcile, setHidden, setText } from "../dom.js";
import { makeComposer } from "./composer.js";
import { makeMessage, makePending } from "./message.js";
import { offerLeft } from "./offers.js";
import { answerWindow, count, customerName, dayName, departureName, duration, isKnownTime, moment, refusalName } from "../words.js";

/** Within so many pixels of the end the reader follows what comes. */
const followingDistance = 48;
/** From here on the end of the answer window is told. */
const windowWarning = 60 * 60 * 1000;

export function makeTranscript(actions) {
    const name = element("h1", { class: "transcript-name" });
    const facts = element("p", { class: "transcript-facts" });
    const close = element("button", {
        class: "button",
        type: "button",
        id: "close-conversation",
        text: "Close conversation",
        title: "Alt+X",
        onclick: () => actions.closeSelected(),
    });
    const transfer = element("button", {
        class: "button",
        type: "button",
        id: "transfer-conversation",
        text: "Pass on…",
        title: "Alt+T",
        onclick: () => actions.transferSelected(),
    });
    const back = element("button", {
        class: "button quiet back",
        type: "button",
        text: "‹ List",
        "aria-label": "Back to the list",
        onclick: () => actions.open(null),
    });
    const older = element("button", {
        class: "button small",
        type: "button",
        id: "older",
        text: "Show older messages",
        onclick: () => actions.readOlder(),
    });
    const notice = element("p", { class: "transcript-notice" });
    const messages = element("ol", { class: "messages", id: "messages", "aria-label": "Messages" });
    const pending = element("ol", { class: "messages", "aria-label": "Replies on their way" });
    const scroller = element(
        "div",
        { class: "scroller", id: "scroller", tabindex: "0", role: "group", "aria-label": "Transcript" },
        older,
        notice,
        messages,
        pending,
    );
    const newer = element("button", {
        class: "button small newer",
        type: "button",
        text: "Newest messages",
        onclick: () => scrollToEnd(scroller),
    });
    const banner = element("p", { class: "banner", role: "status" });
    const composer = makeComposer(actions);
    const content = element(
        "div",
        { class: "transcript-content" },
        element("div", { class: "transcript-head" }, back, element("div", {}, name, facts), transfer, close),
        scroller,
        newer,
        banner,
        composer.element,
    );
    const empty = element(
        "div",
        { class: "empty" },
        element("h2", { text: "No conversation open" }),
        element("p", { text: "Choose one from the list, or press Alt+N for the one that waits longest." }),
    );
    const pane = element("main", { class: "transcript", id: "main", tabindex: "-1" }, content, empty);
    scroller.addEventListener("scroll", () => setHidden(newer, isAtEnd(scroller)), { passive: true });
    let shownConversation = null;

    return {
        element: pane,
        composer,
        focusReply: () => composer.focus(),
        update(model) {
            const { state, ui, connection, now } = model;
            const id = ui.selected;
            const held = state.conversations.get(id);
            const mine = held?.owner.kind === "agent" && held.owner.id === state.person?.id ? held : null;
            const departed = state.departed.get(id);
            const conversation = mine ?? departed?.conversation ?? null;
            setHidden(content, conversation === null);
            setHidden(empty, conversation !== null);
            if (conversation === null) {
                shownConversation = null;
                return;
            }
            const isNew = shownConversation !== id;
            shownConversation = id;
            const transcript = state.transcripts.get(id) ?? { messages: [], deliveredUpTo: 0, readUpTo: 0 };
            const follow = isNew || isAtEnd(scroller);
            const first = () => messages.querySelector("[data-message]");
            const before = { height: scroller.scrollHeight, top: scroller.scrollTop, first: first() };

            setText(name, customerName(conversation));
            setText(facts, factsOf(conversation));
            setHidden(close, mine === null);
            setHidden(transfer, mine === null);
            transfer.disabled =
                connection.phase !== "connected" || ui.busy.has(`transfer ${id}`) || mine?.routing?.offer !== undefined;
            close.disabled = connection.phase !== "connected" || ui.busy.has(`close ${id}`);
            setHidden(older, !(transcript.loaded && transcript.more));
            older.disabled = transcript.reading != null || connection.phase !== "connected";
            const note = noticeOf(transcript, connection);
            setText(notice, note);
            setHidden(notice, note === "");

            updateMessages(messages, model, id, transcript, mine !== null, actions);
            const entries = model.outbox.filter((each) => each.conversation === id && !isStored(each, transcript));
            const described = entries.map((entry) => ({
                entry,
                isConnected: connection.phase === "connected",
                refusal: refusalName(entry.code),
                actions,
            }));
            reconcile(pending, described, ({ entry }) => entry.id, makePending);

            const words = bannerOf(mine, departed, now);
            setText(banner, words.text);
            banner.dataset.tone = words.tone;
            setHidden(banner, words.text === "");
            composer.update({ id, mine, ui, connection });

            if (follow) scrollToEnd(scroller);
            else if (first() !== before.first) {
                // Older messages came above: what was read stays where it was.
                scroller.scrollTop = before.top + scroller.scrollHeight - before.height;
            }
            setHidden(newer, isAtEnd(scroller));
        },
        /** The next update goes to the end: the reader has just written. */
        follow: () => scrollToEnd(scroller),
        reveal(message) {
            const target = messages.querySelector(`[data-message="${Number(message)}"]`);
            if (target === null) return false;
            target.scrollIntoView({ block: "center" });
            target.focus({ preventScroll: true });
            return true;
        },
    };
}

function isStored(entry, transcript) {
    return entry.state === "accepted" && transcript.messages.some(({ id }) => id === entry.message);
}

function updateMessages(list, { state, ui, connection, now }, id, transcript, isMine, actions) {
    const byId = new Map(transcript.messages.map((message) => [message.id, message]));
    const people = {
        me: state.person?.id,
        name: (agent) => state.agents.get(agent)?.name,
    };
    const rows = [];
    let day = null;
    for (const message of transcript.messages) {
        const name = dayName(message.writtenAt, now);
        if (name !== day) rows.push({ key: `day ${name} ${rows.length}`, day: name });
        day = name;
        rows.push({
            key: message.id,
            message,
            transcript,
            people,
            replied: byId.get(message.replyTo),
            canResend: isMine && message.kind !== "announcement" && connection.phase === "connected",
            isBusy: ui.busy.has(`resend ${message.job?.id}`),
            actions,
        });
    }
    reconcile(list, rows, ({ key }) => key, (row) => (row.message ? makeMessage(row) : makeDay()));
}

function makeDay() {
    const text = element("span");
    return {
        element: element("li", { class: "day" }, text),
        update: ({ day }) => setText(text, day),
    };
}

function factsOf(conversation) {
    const opened = isKnownTime(conversation.openedAt) ? `Opened ${moment(conversation.openedAt)}` : "";
    const handoffs = conversation.handoffs > 0 ? count(conversation.handoffs, "handoff") : "";
    return [opened, handoffs].filter(Boolean).join(" · ");
}

function noticeOf(transcript, connection) {
    if (transcript.error) return `The transcript could not be read. ${refusalName(transcript.error)}`;
    if (transcript.loaded && !transcript.stale) return transcript.messages.length === 0 ? "Nothing was written yet." : "";
    if (connection.phase !== "connected") return "Shown as last known; it is read again when connected.";
    return transcript.loaded ? "Reading what came meanwhile…" : "Reading the transcript…";
}

function bannerOf(mine, departed, now) {
    if (mine === null) return { text: departureName(departed?.reason), tone: "warning" };
    const offer = mine.routing?.offer;
    if (offer !== undefined) {
        return { text: `A colleague was asked to take over (${offerLeft(offer.deadline - now)}). It is yours until they accept.`, tone: "warning" };
    }
    if (!isKnownTime(mine.customerWroteAt)) return { text: "", tone: "" };
    const left = mine.customerWroteAt + answerWindow - now;
    if (left <= 0) {
        return { text: "The customer last wrote more than 24 hours ago: Messenger will refuse free text.", tone: "bad" };
    }
    if (left <= windowWarning) {
        return { text: `Messenger takes answers for ${duration(left)} more, until the customer writes again.`, tone: "warning" };
    }
    return { text: "", tone: "" };
}

function isAtEnd(scroller) {
    return scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight <= followingDistance;
}

function scrollToEnd(scroller) {
    scroller.scrollTop = scroller.scrollHeight;
}
