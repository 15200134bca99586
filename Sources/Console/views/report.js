// Who was there, as what, and for how long: a panel of the supervisor's view.

import { element, setText } from "../dom.js";
import { fetchWorkedTime, workedTimeAddress } from "../http.js";
import { awayReasonName, presenceNames, span } from "../words.js";


export function makeReport(desk, nameOfReason) {
    const from = element("input", { type: "date", required: true, "aria-label": "From" });
    const to = element("input", { type: "date", required: true, "aria-label": "To, this day included" });
    const note = element("p", { class: "hint", role: "status" });
    const rows = element("tbody");
    const headings = ["Agent", "On duty", "With conversations", "Occupancy", "Available", "Busy", "Writing up", "Away"];
    const table = element(
        "table",
        { class: "table", id: "worked-time-table", hidden: true },
        element("thead", {}, element("tr", {}, ...headings.map((text) => element("th", { scope: "col", text })))),
        rows,
    );
    const file = element("a", { class: "button small", hidden: true, download: "worked-time.csv", text: "As a file (CSV)" });
    const form = element(
        "form",
        { class: "report-form" },
        element("label", {}, "From ", from),
        element("label", {}, "To ", to),
        element("button", { class: "button small", type: "submit", text: "Show" }),
        file,
    );
    const today = dayOf(Date.now());
    from.value = today;
    to.value = today;
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        const range = { from: startOf(from.value), to: startOf(to.value, 1) };
        setText(note, "Reading …");
        try {
            const report = await fetchWorkedTime(desk, range);
            rows.replaceChildren(...report.agents.map((line) => rowOf(line, nameOfReason)));
            table.hidden = report.agents.length === 0;
            file.hidden = table.hidden;
            file.href = workedTimeAddress(desk, { ...range, format: "csv" });
            setText(note, report.agents.length === 0 ? "Nobody was there." : "");
        } catch (problem) {
            setText(note, problem?.status === 400 ? "The range must have begun, and be at most 31 days." : "The report could not be read. Try again.");
        }
    });
    return {
        element: element(
            "section",
            { class: "panel", id: "worked-time", "aria-labelledby": "worked-time-title" },
            element("h2", { id: "worked-time-title", text: "Worked time" }),
            form,
            note,
            table,
        ),
    };
}

function rowOf({ name, onDuty, held, presences }, nameOfReason) {
    const times = (presence) => presences.filter((share) => share.presence === presence);
    const sum = (presence) => times(presence).reduce((total, { time }) => total + time, 0);
    const away = times("away").map(({ awayReason, time }) => `${nameOfReason(awayReason)} ${span(time)}`);
    const cells = [
        span(onDuty),
        span(held),
        onDuty > 0 ? `${Math.round((100 * held) / onDuty)} %` : "",
        span(sum("available")),
        span(sum("busy")),
        span(sum("wrapUp")),
        away.join(", "),
    ];
    return element("tr", {}, element("th", { scope: "row", text: name }), ...cells.map((text) => element("td", { text })));
}

/** The reason as the report says it. */
export function reasonWords(desk, reason) {
    return awayReasonName(desk, reason) ?? presenceNames.away.toLowerCase();
}

function dayOf(milliseconds) {
    const date = new Date(milliseconds);
    return [date.getFullYear(), date.getMonth() + 1, date.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}

/** When this day begins here, or that many days later. */
function startOf(text, later = 0) {
    const [year, month, date] = text.split("-").map(Number);
    return new Date(year, month - 1, date + later).getTime();
}
