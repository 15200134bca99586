// The lists that agents take from: who waits, without a word of what they wrote.

import { element, reconcile, setHidden, setText } from "../dom.js";
import { count, duration, moment, named } from "../words.js";

/** More rows than anybody reads would only make the page slow; the rest is counted. */
const shownRows = 20;

export function makeTakeable(actions) {
    const rows = element("ul", { class: "takeable-list" });
    const more = element("p", { class: "table-more" });
    const section = element(
        "section",
        { class: "takeable", id: "takeable", "aria-labelledby": "takeable-title" },
        element("h2", { id: "takeable-title", text: "Waiting to be taken" }),
        rows,
        more,
    );
    return {
        element: section,
        update(model) {
            const { takeable } = model.state;
            setHidden(section, takeable.length === 0);
            const shown = takeable.slice(0, shownRows).map((waiting) => ({ waiting, model, actions }));
            reconcile(rows, shown, ({ waiting }) => waiting.id, makeRow);
            const hidden = takeable.length - shown.length;
            setText(more, hidden > 0 ? `and ${count(hidden, "conversation")} more` : "");
            setHidden(more, hidden <= 0);
        },
    };
}

function makeRow({ waiting: { id }, actions }) {
    const queue = element("span", { class: "item-name" });
    const wait = element("span", { class: "item-wait" });
    const take = element("button", {
        class: "button small",
        type: "button",
        text: "Take",
        onclick: () => actions.take(id),
    });
    return {
        element: element("li", { class: "takeable-row", dataset: { takeable: String(id) } }, queue, wait, take),
        update({ waiting, model: { state, ui, connection, now } }) {
            setText(queue, named(state.desk.queues, waiting.queue, "Queue"));
            wait.dataset.since = String(waiting.waitingSince);
            setText(wait, duration(now - waiting.waitingSince));
            wait.title = `Waiting since ${moment(waiting.waitingSince)}`;
            take.disabled = connection.phase !== "connected" || ui.busy.has(`take ${id}`);
        },
    };
}
