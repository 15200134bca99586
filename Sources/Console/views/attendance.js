// Being there: reasons for being away, the wrap-up, and the end of the shift.

import { element, reconcile, setAttribute, setHidden, setText } from "../dom.js";
import { clockTime, wrapUpLeft } from "../words.js";
import { show } from "./dialogs.js";

const day = 24 * 60 * 60 * 1_000;

/** The reasons among which an agent chooses; choosing one says away. */
export function makeReasons(actions) {
    const choice = element("select", {
        class: "away-reason",
        id: "away-reason",
        "aria-label": "Reason",
        onchange: ({ target }) => actions.setPresence("away", target.value === "" ? undefined : Number(target.value)),
    });
    return {
        element: choice,
        update(state, me, isConnected) {
            const reasons = state.desk.awayReasons ?? [];
            setHidden(choice, reasons.length === 0 || me?.presence !== "away");
            const options = [{ id: "", name: "No reason given" }, ...reasons];
            reconcile(choice, options, ({ id }) => id, makeOption);
            const shown = reasons.some(({ id }) => id === me?.awayReason) ? String(me.awayReason) : "";
            if (choice.value !== shown) choice.value = shown;
            choice.disabled = !isConnected;
        },
    };
}

function makeOption({ id }) {
    const option = element("option", { value: String(id) });
    return { element: option, update: ({ name }) => setText(option, name) };
}

/** The wrap-up while it lasts: how long it still is, longer, and done. */
export function makeWrapUp(actions) {
    const left = element("span", { class: "wrap-up-left" });
    const extend = element("button", {
        class: "button small",
        type: "button",
        id: "extend-wrap-up",
        text: "Longer",
        title: "Write up for longer, as far as the queue allows",
        onclick: actions.extendWrapUp,
    });
    const done = element("button", {
        class: "button small primary",
        type: "button",
        id: "end-wrap-up",
        text: "Done",
        title: "Take work again (Alt+D)",
        onclick: actions.endWrapUp,
    });
    const box = element("div", { class: "wrap-up", id: "wrap-up", role: "group", "aria-label": "Wrap-up" }, left, extend, done);
    return {
        element: box,
        update(me, isConnected, isBusy, now) {
            setHidden(box, me?.presence !== "wrapUp");
            const until = me?.wrapUp?.until;
            if (Number.isFinite(until)) left.dataset.wrapUp = String(until);
            else delete left.dataset.wrapUp;
            setText(left, wrapUpLeft(Number.isFinite(until) ? until - now : 0));
            const latest = me?.wrapUp?.latest;
            extend.disabled = !isConnected || isBusy || (Number.isFinite(latest) && until >= latest);
            done.disabled = !isConnected || isBusy;
        },
    };
}

/** The end of the shift: shows it, and opens the dialog in which it is set. */
export function makeShift(actions) {
    const button = element("button", { class: "button quiet", type: "button", id: "shift-end", onclick: actions.setShiftEnd });
    return {
        element: button,
        update(me, isConnected) {
            setText(button, me?.shiftEnd === undefined ? "Shift end" : shiftText(me));
            setAttribute(button, "title", me?.shiftEnded ? "Your shift is over: you are given nothing new" : "When your shift ends");
            button.disabled = !isConnected;
        },
    };
}

/** When an agent's shift ends, or that it is over. */
export function shiftText({ shiftEnd, shiftEnded }) {
    return shiftEnded ? `Shift over since ${clockTime(shiftEnd)}` : `Shift ends ${clockTime(shiftEnd)}`;
}

/** Asks when a shift ends. Resolves to the parameters of the command, or to `null`. */
export async function askShiftEnd(shiftEnd, now) {
    const time = timeInput("Shift ends at", shiftEnd);
    const answer = await show(
        "End of the shift",
        [
            element("label", { class: "setting" }, "Ends at ", time),
            element("p", {
                class: "hint",
                text: "From then on nothing new comes. What is held stays, and offline comes by itself when nothing is left.",
            }),
        ],
        [
            { label: "Cancel", value: "no" },
            ...(shiftEnd === undefined ? [] : [{ label: "Take it back", value: "open" }]),
            { label: "End it now", value: "now" },
            { label: "Set", value: "set", isPrimary: true },
        ],
    );
    switch (answer) {
        case "open":
            return { shiftEnd: null };
        case "now":
            return { shiftEnd: Math.floor(now) };
        case "set":
            return time.value === "" ? null : { shiftEnd: nextTime(time.value, now) };
        default:
            return null;
    }
}

/** Asks whether a queue is to be closed, and until when. Resolves to the parameters of the command beside
 *  the queue, or to `null`. */
export async function askClosing(name, now) {
    const time = timeInput("Closed until");
    const answer = await show(
        `Close ${name}?`,
        [
            element("p", {
                text: "Who waits there goes on waiting, and nobody is given any of it, until it opens again. Who is with an agent stays.",
            }),
            element("label", { class: "setting" }, "Closed until ", time),
            element("p", { class: "hint", text: "Empty: until somebody opens it." }),
        ],
        [
            { label: "Cancel", value: "no" },
            { label: "Close it", value: "yes", isPrimary: true },
        ],
    );
    if (answer !== "yes") return null;
    return time.value === "" ? {} : { until: nextTime(time.value, now) };
}

/** A field for a time of the day, which shows this moment. */
export function timeInput(label, shown) {
    const input = element("input", { type: "time", "aria-label": label });
    if (Number.isFinite(shown)) {
        const date = new Date(shown);
        input.value = [date.getHours(), date.getMinutes()].map((part) => String(part).padStart(2, "0")).join(":");
    }
    return input;
}

/** The next moment at which this clock shows `hh:mm`. */
export function nextTime(text, now) {
    const [hours, minutes] = text.split(":").map(Number);
    const today = new Date(now).setHours(hours, minutes, 0, 0);
    return today > now ? today : new Date(now + day).setHours(hours, minutes, 0, 0);
}
