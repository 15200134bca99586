// Dialogs (help, questions) and toasts. Native <dialog>: the browser keeps focus inside and gives it
// back.

import { element } from "../dom.js";

export const shortcuts = [
    ["F1 or ?", "This help (? outside of text boxes)"],
    ["Alt + ↓ / Alt + ↑", "Next / previous conversation"],
    ["Alt + N", "The conversation that has waited longest for an answer"],
    ["Alt + R", "Reply box"],
    ["Alt + L", "List of conversations"],
    ["Alt + X", "Close the conversation"],
    ["Alt + A", "Accept the offer that ends first"],
    ["Alt + T", "Pass the conversation on"],
    ["Alt + D", "The wrap-up is done"],
    ["Alt + P", "Presence (then ← →)"],
    ["Alt + Q", "Change between conversations and queue (supervisors)"],
    ["Enter", "Send the reply; in a list: open"],
    ["Shift + Enter", "New line in the reply"],
    ["↑ ↓ Home End", "Move in a list"],
    ["Esc", "From the reply box back to the list; closes a dialog"],
];

/** `settings`: `{isCompact, setCompact(boolean)}`. */
export function openHelp(settings) {
    if (document.querySelector("dialog[open]") !== null) return;
    const rows = shortcuts.map(([keys, meaning]) =>
        element("tr", {}, element("th", { scope: "row" }, element("kbd", { text: keys })), element("td", { text: meaning })),
    );
    const compact = element("input", {
        type: "checkbox",
        onchange: ({ target }) => settings.setCompact(target.checked),
    });
    compact.checked = settings.isCompact;
    show(
        "Help",
        [
            element("table", { class: "shortcuts" }, element("tbody", {}, ...rows)),
            element("label", { class: "setting" }, compact, " Compact rows"),
            element("p", {
                class: "hint",
                text: "A reply that shows “Unconfirmed” may or may not have reached the customer: ask or look before sending it again.",
            }),
        ],
        [{ label: "Close", value: "close", isPrimary: true }],
    );
}

/** Asks; resolves to whether the answer was yes. */
export async function ask({ title, text, yes, no = "Cancel" }) {
    const answer = await show(
        title,
        [element("p", { text })],
        [
            { label: no, value: "no" },
            { label: yes, value: "yes", isPrimary: true },
        ],
    );
    return answer === "yes";
}

/** Shows a form; resolves to the choice that closed it. */
export function show(title, content, choices) {
    const buttons = choices.map(({ label, value, isPrimary }) =>
        element("button", { class: isPrimary ? "button primary" : "button", value, text: label, autofocus: isPrimary, formnovalidate: value !== "yes" }),
    );
    const dialog = element(
        "dialog",
        { "aria-labelledby": "dialog-title" },
        element(
            "form",
            { method: "dialog" },
            element("h2", { id: "dialog-title", text: title }),
            ...content,
            element("div", { class: "dialog-actions" }, ...buttons),
        ),
    );
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue);
        });
    });
}

const toastTime = 8_000;
const shownToasts = 4;

/** A short message at the edge. Errors stay until they are closed, the others leave by themselves. */
export function toast(text, { tone = "info" } = {}) {
    const region = document.getElementById("toasts");
    const note = element(
        "div",
        { class: "toast", role: tone === "bad" ? "alert" : "status", dataset: { tone } },
        element("p", { text }),
        element("button", {
            class: "button small quiet",
            type: "button",
            text: "Dismiss",
            onclick: () => note.remove(),
        }),
    );
    region.append(note);
    while (region.children.length > shownToasts) region.firstElementChild.remove();
    if (tone !== "bad") setTimeout(() => note.remove(), toastTime);
}
