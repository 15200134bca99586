// The conversations that this agent holds: those waiting for an answer first.

import { element, reconcile, roveFocus, setAttribute, setHidden, setText } from "../dom.js";
import { latestMessage, myConversations, promiseTo } from "../state.js";
import { makeTakeable } from "./lists.js";
import { customerName, duration, markPromise, moment, presenceNames, promiseText, summary } from "../words.js";

const headings = { waiting: "Waiting for your answer", answered: "Answered" };

export function makeConversations(actions) {
    // One list with both sections: an item that moves between them keeps its place in the focus.
    const items = element("ul", { class: "items" });
    const empty = element("div", { class: "empty" });
    const takeable = makeTakeable(actions);
    const list = element(
        "section",
        { class: "list", id: "conversations", "aria-label": "My conversations" },
        items,
        empty,
        takeable.element,
    );
    const settleFocus = roveFocus(list, ".item");
    return {
        element: list,
        update(model) {
            const mine = myConversations(model.state);
            const shared = { ...model, actions };
            const rows = [];
            for (const section of Object.keys(headings)) {
                if (mine[section].length === 0) continue;
                rows.push({ key: section, number: mine[section].length });
                rows.push(...mine[section].map((entry) => ({ ...entry, key: entry.conversation.id, shared })));
            }
            reconcile(items, rows, ({ key }) => key, (row) => (row.conversation ? makeItem(row) : makeHeading(row)));
            setHidden(empty, rows.length > 0);
            updateEmpty(empty, model, actions);
            takeable.update(model);
            settleFocus(list.querySelector('[aria-current="true"]'));
        },
    };
}

function makeHeading({ key }) {
    const count = element("span", { class: "count" });
    return {
        element: element("li", { class: "heading" }, element("h2", {}, headings[key], " ", count)),
        update: ({ number }) => setText(count, String(number)),
    };
}

function makeItem({ conversation: { id }, shared: { actions } }) {
    const name = element("span", { class: "item-name" });
    const wait = element("span", { class: "item-wait" });
    const line = element("span", { class: "item-line", dir: "auto" });
    const unread = element("span", { class: "unread", "aria-hidden": "true" });
    const draft = element("span", { class: "tag", text: "Draft" });
    const trouble = element("span", { class: "tag bad", text: "Check sending" });
    const due = element("span", { class: "tag due" });
    const button = element(
        "button",
        {
            class: "item",
            type: "button",
            tabindex: "-1",
            dataset: { conversation: String(id) },
            onclick: () => actions.open(id, { focus: true }),
        },
        element("span", { class: "item-head" }, name, wait),
        element("span", { class: "item-foot" }, line, due, trouble, draft, unread),
    );
    return {
        element: element("li", {}, button),
        update({ conversation, since, shared: { state, ui, outbox, now } }) {
            const transcript = state.transcripts.get(id);
            setText(name, customerName(conversation));
            if (since !== null) wait.dataset.since = String(since);
            else delete wait.dataset.since;
            setText(wait, since === null ? "" : duration(now - since));
            wait.title = since === null ? "" : `Waiting since ${moment(since)}`;
            const latest = latestMessage(transcript);
            const prefix = latest?.kind === "reply" ? "You: " : "";
            setText(line, latest === null ? "" : prefix + summary(latest));
            const promise = promiseTo(state, id);
            const isPressing = promise !== undefined && promise.stage !== "running";
            setHidden(due, !isPressing);
            due.classList.toggle("bad", promise?.stage === "breached");
            if (isPressing) markPromise(due, promise);
            else delete due.dataset.promised;
            setText(due, isPressing ? promiseText(promise, now) : "");
            setText(unread, String(conversation.unread ?? 0));
            setHidden(unread, !conversation.unread);
            setHidden(draft, ui.selected === id || !ui.drafts.get(id));
            const failed = outbox.some((each) => each.conversation === id && each.state === "refused");
            const stuck = transcript?.messages.some((each) => ["failed", "unconfirmed"].includes(each.job?.state));
            setHidden(trouble, !failed && !stuck);
            setAttribute(button, "aria-current", ui.selected === id ? "true" : null);
            const spoken = [
                customerName(conversation),
                conversation.unread ? `${conversation.unread} unread` : "",
                isPressing ? promiseText(promise, now) : "",
                since === null ? "answered" : `waiting ${duration(now - since)}`,
                latest === null ? "" : summary(latest),
            ];
            setAttribute(button, "aria-label", spoken.filter(Boolean).join(", "));
        },
    };
}

function updateEmpty(empty, { state, ui }, actions) {
    const me = state.agents.get(state.person?.id);
    const presence = ui.presenceAsked ?? me?.presence ?? "offline";
    if (empty.dataset.presence === presence) return;
    empty.dataset.presence = presence;
    if (presence === "available") {
        empty.replaceChildren(
            element("h2", { text: "Nothing to answer" }),
            element("p", { text: "New conversations come to you by themselves." }),
        );
        return;
    }
    empty.replaceChildren(
        element("h2", { text: "No conversations" }),
        element("p", { text: `You are ${(presenceNames[presence] ?? presence).toLowerCase()}: you are given nothing new.` }),
        element("button", {
            class: "button primary",
            type: "button",
            text: "I am available",
            onclick: () => actions.setPresence("available"),
        }),
    );
}

/** The title of the page: how many conversations have something unread. */
export function titleFor(state) {
    const unread = myConversations(state).waiting.filter(({ conversation }) => conversation.unread > 0).length;
    return unread > 0 ? `(${unread}) Ventanilla` : "Ventanilla";
}
