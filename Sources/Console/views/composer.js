// The reply box: several lines, Enter sends, one draft for each conversation.

import { element, setAttribute, setHidden, setText } from "../dom.js";
import { maximumTextLength } from "../protocol.js";
import { customerName, guardedWords } from "../words.js";

/** From here on the counter is shown strongly. */
const nearLimit = 1_800;

export function makeComposer(actions) {
    const box = element("textarea", {
        id: "reply",
        rows: "3",
        dir: "auto",
        spellcheck: true,
        placeholder: "Write a reply. Enter sends, Shift+Enter begins a new line.",
        "aria-describedby": "reply-held reply-counter",
    });
    const held = element("p", { class: "held", id: "reply-held", role: "alert" });
    const counter = element("span", { class: "counter", id: "reply-counter" });
    const hint = element("span", { class: "hint" });
    const send = element("button", { class: "button primary", type: "submit", id: "send", text: "Send" });
    const form = element(
        "form",
        { class: "composer" },
        element("label", { class: "visually-hidden", for: "reply", text: "Reply" }),
        held,
        box,
        element("div", { class: "composer-foot" }, hint, counter, send),
    );
    let conversation = null;
    let version = null;

    /** Says why the text came back; nothing once it was changed. */
    function showHeld(kinds) {
        setText(held, kinds === undefined ? "" : guardedWords(kinds));
        setHidden(held, kinds === undefined);
        check();
    }

    function check() {
        const length = box.value.trim().length;
        const isTooLong = length > maximumTextLength;
        setText(counter, `${length.toLocaleString()} / ${maximumTextLength.toLocaleString()}`);
        counter.dataset.tone = isTooLong ? "bad" : length >= nearLimit ? "warning" : "";
        setAttribute(box, "aria-invalid", isTooLong || !held.hidden ? "true" : null);
        send.disabled = length === 0 || isTooLong;
        return !send.disabled;
    }

    function submit() {
        if (conversation === null || !check()) return;
        const text = box.value.trim();
        box.value = "";
        showHeld(undefined);
        actions.keepDraft(conversation, "");
        actions.reply(conversation, text);
    }

    box.addEventListener("input", () => {
        if (conversation !== null) actions.keepDraft(conversation, box.value);
        showHeld(undefined);
    });
    box.addEventListener("keydown", (event) => {
        // While an input method composes a word Enter belongs to it.
        if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        event.preventDefault();
        submit();
    });
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        submit();
    });

    return {
        element: form,
        focus: () => box.focus(),
        update({ id, mine, ui, connection }) {
            setHidden(form, mine === null);
            if (id !== conversation || ui.draftVersion !== version) {
                conversation = id;
                version = ui.draftVersion;
                box.value = ui.drafts.get(id) ?? "";
                box.setAttribute("aria-label", `Reply to ${customerName(mine)}`);
            }
            const isConnected = connection.phase === "connected";
            setText(hint, isConnected ? "" : "Not connected: a reply is kept and sent when the desk is back.");
            showHeld(ui.held.get(id));
        },
    };
}
