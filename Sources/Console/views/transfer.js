// The dialog in which an agent passes a conversation on.

import { element } from "../dom.js";
import { show } from "./dialogs.js";

/**
 * Asks where to. `colleagues`: `[{id, name}]` on duty, `queues` those of the desk. Resolves to the
 * command's `to`, or `null`.
 */
export async function askTransfer(colleagues, queues) {
    const kinds = [
        colleagues.length > 0 ? ["agent", "A colleague"] : null,
        queues.length > 0 ? ["queue", "A queue"] : null,
    ].filter((kind) => kind !== null);
    const inputs = kinds.map(([value], index) => {
        const input = element("input", { type: "radio", name: "kind", value });
        input.checked = index === 0;
        return input;
    });
    const colleague = select("Colleague", colleagues);
    const queue = select("Queue", queues);
    const warm = element("input", { type: "checkbox" });
    warm.checked = true;
    const details = {
        agent: [colleague, element("label", { class: "setting" }, warm, " Ask first: it stays with me until they accept")],
        queue: [queue],
    };
    const rows = kinds.map(([value, text], index) =>
        element(
            "div",
            { class: "choice" },
            element("label", {}, inputs[index], ` ${text}`),
            element("div", { class: "choice-details", dataset: { kind: value } }, ...details[value]),
        ),
    );
    const chosen = () => inputs.find(({ checked }) => checked).value;
    const group = element("fieldset", { class: "choices" }, element("legend", { class: "visually-hidden", text: "To" }), ...rows);
    const settle = () => {
        for (const each of group.querySelectorAll(".choice-details")) each.hidden = each.dataset.kind !== chosen();
    };
    group.addEventListener("change", settle);
    settle();
    const hint = element("p", { class: "hint", text: "The customer keeps their place: waiting counts from when they first wrote." });
    const answer = await show("Pass the conversation on", [group, hint], [
        { label: "Cancel", value: "no" },
        { label: "Pass on", value: "yes", isPrimary: true },
    ]);
    if (answer !== "yes") return null;
    return chosen() === "agent"
        ? { kind: "agent", id: Number(colleague.value), warm: warm.checked }
        : { kind: "queue", id: Number(queue.value) };
}

/** A choice among named things. */
export function select(label, things, chosen) {
    const options = things.map(({ id, name }) => {
        const option = element("option", { value: String(id), text: name });
        option.selected = id === chosen;
        return option;
    });
    return element("select", { "aria-label": label }, ...options);
}
