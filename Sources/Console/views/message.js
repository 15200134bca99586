// One message of a transcript. Everything that anybody wrote is shown as text, addresses too.

import { element, setAttribute, setText } from "../dom.js";
import { progressOf } from "../state.js";
import { attachmentNames, clockTime, failureName, hasHiddenMarks, moment, progressNames, summary } from "../words.js";

/** Longer texts are folded, so that one message cannot push the others away. */
const foldedLength = 1_200;
const foldedLines = 18;

/** A view of one message; `actions.resend(job)`, `actions.reveal(message)`. */
export function makeMessage({ message: { id, kind }, actions }) {
    const body = element("div", { class: "bubble" });
    const meta = element("div", { class: "meta" });
    const side = { reply: "ours", elsewhere: "ours", announcement: "ours", note: "note" }[kind] ?? "theirs";
    const item = element(
        "li",
        { class: `message ${side} kind-${kind}`, dataset: { message: String(id) }, tabindex: "-1" },
        body,
        meta,
    );
    let shown = null;
    let unfolded = false;
    const view = {
        element: item,
        update(entry) {
            const { message, transcript, people, replied } = entry;
            const progress = ["reply", "announcement"].includes(message.kind) ? progressOf(message, transcript) : null;
            const signature = [progress, entry.canResend, entry.isBusy, unfolded, replied];
            if (shown?.message === message && shown.signature.every((each, i) => each === signature[i])) return;
            shown = { message, signature };
            setAttribute(item, "data-progress", progress);
            const unfold = () => {
                unfolded = !unfolded;
                view.update(entry);
            };
            body.replaceChildren(...bodyOf(message, { replied, unfolded, unfold, actions }));
            meta.replaceChildren(...metaOf(message, progress, people));
            for (const old of item.querySelectorAll(".trouble")) old.remove();
            if (progress === "failed" || progress === "unconfirmed") {
                item.append(troubleOf(message, progress, entry, actions));
            }
        },
    };
    return view;
}

function bodyOf(message, { replied, unfolded, unfold, actions }) {
    const parts = [];
    if (message.replyTo !== undefined) {
        parts.push(
            element("button", {
                class: "quoted",
                type: "button",
                dir: "auto",
                text: replied ? summary(replied) || "A message" : "In reply to an earlier message",
                title: "Show the message that this answers",
                onclick: () => actions.reveal(message.replyTo),
            }),
        );
    }
    if (message.deleted) {
        parts.push(element("p", { class: "gone", text: "The customer deleted this message." }));
        return parts;
    }
    if (message.text) parts.push(...textOf(message.text, unfolded, unfold));
    if (message.postback) {
        parts.push(
            element("p", { class: "pressed" }, "Pressed ", element("bdi", { text: message.postback.title ?? "a button" })),
        );
    }
    for (const attachment of message.attachments ?? []) parts.push(attachmentOf(attachment));
    if (parts.length === 0) parts.push(element("p", { class: "gone", text: "Nothing that can be shown." }));
    return parts;
}

function textOf(text, unfolded, unfold) {
    const isLong = text.length > foldedLength || text.split("\n", foldedLines + 1).length > foldedLines;
    const parts = [element("p", { class: isLong && !unfolded ? "text folded" : "text", dir: "auto", text })];
    if (isLong) {
        parts.push(
            element("button", {
                class: "link",
                type: "button",
                text: unfolded ? "Show less" : `Show all (${text.length.toLocaleString()} characters)`,
                onclick: unfold,
            }),
        );
    }
    return parts;
}

function attachmentOf({ type, title, url, stickerId, latitude, longitude }) {
    const lines = [];
    if (title) lines.push(element("bdi", { class: "attachment-title", text: title }));
    if (stickerId) lines.push(element("span", { class: "address", text: `Number ${stickerId}` }));
    if (latitude !== undefined && longitude !== undefined) {
        lines.push(element("span", { class: "address", text: `${latitude}, ${longitude}` }));
    }
    // The address is for reading: nothing is fetched, nothing can be followed by accident.
    if (url) lines.push(element("bdi", { class: "address", text: url }));
    return element(
        "div",
        { class: "attachment" },
        element("span", { class: "attachment-kind", text: attachmentNames[type] ?? "Attachment" }),
        ...lines,
    );
}

function metaOf(message, progress, people) {
    const parts = [];
    const who = authorOf(message, people);
    if (who) parts.push(element("span", { class: "author", text: who }));
    parts.push(
        element("time", {
            datetime: new Date(Number.isFinite(message.writtenAt) ? message.writtenAt : 0).toISOString(),
            title: `Written ${moment(message.writtenAt)}; recorded ${moment(message.recordedAt)}`,
            text: clockTime(message.writtenAt),
        }),
    );
    if (message.edited) parts.push(element("span", { text: "edited" }));
    if (message.text && !message.deleted && hasHiddenMarks(message.text)) {
        parts.push(
            element("span", {
                class: "tag",
                text: "hidden marks",
                title: "This text contains invisible marks that change the direction of what you read.",
            }),
        );
    }
    for (const reaction of message.reactions ?? []) {
        parts.push(element("span", { class: "reaction", text: reaction || "reacted", title: "The customer's reaction" }));
    }
    if (progress !== null) {
        parts.push(element("span", { class: `progress ${progress}`, text: progressNames[progress] ?? progress }));
    }
    return parts;
}

function authorOf(message, people) {
    switch (message.kind) {
        case "reply":
            return message.author === people.me ? null : (people.name(message.author) ?? "A colleague");
        case "announcement":
            return "Told by the desk";
        case "elsewhere":
            return "Another app";
        case "note":
            return `Note${message.author ? ` by ${people.name(message.author) ?? "a colleague"}` : ""}`;
        default:
            return null;
    }
}

function troubleOf(message, progress, { canResend, isBusy }, actions) {
    const words =
        progress === "failed"
            ? failureName(message.job.failure)
            : "Nobody could prove whether the customer received this. Sending it again may say it twice.";
    const again = element("button", {
        class: "button small",
        type: "button",
        text: "Send again",
        onclick: () => actions.resend(message.job.id),
    });
    again.disabled = isBusy;
    return element(
        "div",
        { class: "trouble", dataset: { trouble: progress } },
        element("p", { text: words }),
        canResend ? again : null,
    );
}

/** A reply that the desk has not stored yet. */
export function makePending({ entry: { id }, actions }) {
    const text = element("p", { class: "text", dir: "auto" });
    const progress = element("span", { class: "progress" });
    const words = element("p");
    const trouble = element(
        "div",
        { class: "trouble" },
        words,
        element("button", {
            class: "button small",
            type: "button",
            text: "Try again",
            onclick: () => actions.retryReply(id),
        }),
        element("button", {
            class: "button small",
            type: "button",
            text: "Back to the reply box",
            onclick: () => actions.takeBack(id),
        }),
    );
    const item = element(
        "li",
        { class: "message ours kind-reply pending", dataset: { command: id } },
        element("div", { class: "bubble" }, text),
        element("div", { class: "meta" }, progress),
        trouble,
    );
    return {
        element: item,
        update({ entry, isConnected, refusal }) {
            setText(text, entry.text);
            const isRefused = entry.state === "refused";
            item.dataset.state = entry.state;
            setText(progress, isRefused ? "Not accepted" : pendingWords(entry, isConnected));
            trouble.hidden = !isRefused;
            if (isRefused) setText(words, refusal);
        },
    };
}

function pendingWords(entry, isConnected) {
    if (!isConnected) return "Will be sent when connected again";
    if (entry.state === "accepted") return "Accepted";
    if (entry.attempts > 1) return "Trying again";
    return "Going to the desk";
}
