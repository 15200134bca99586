// The bar at the top: which view, how the connection is, presence, help, sign-out.

import { element, reconcile, setAttribute, setHidden, setText } from "../dom.js";
import { isAgentHere, isSupervisor, myConversations, myself, waitingConversations } from "../state.js";
import { chosenPresences, count, duration, presenceNames, waitingReason } from "../words.js";
import { makeReasons, makeShift, makeWrapUp } from "./attendance.js";

export function makeHeader(actions) {
    const tabs = element("nav", { class: "tabs", "aria-label": "Views" });
    const status = element("span", { class: "status-text" });
    const pill = element(
        "div",
        { class: "status", role: "status", id: "connection" },
        element("span", { class: "dot", "aria-hidden": "true" }),
        status,
    );
    const trouble = element("span", { role: "status", id: "trouble" });
    const countdown = element("span", { class: "countdown", "aria-hidden": "true" });
    const retry = element("button", {
        class: "button small",
        type: "button",
        id: "connect-now",
        text: "Connect now",
        onclick: actions.retryNow,
    });
    const strip = element("div", { class: "strip" }, trouble, countdown, retry);
    const presence = makePresence(actions);
    const name = element("span", { class: "person" });
    const bar = element(
        "header",
        { class: "bar" },
        element("span", { class: "brand", text: "Ventanilla" }),
        tabs,
        pill,
        presence.element,
        presence.wrapUp,
        presence.shift,
        name,
        element("button", {
            class: "button quiet",
            type: "button",
            id: "help",
            text: "Help",
            title: "Shortcuts and settings (F1)",
            onclick: actions.openHelp,
        }),
        element("button", {
            class: "button quiet",
            type: "button",
            id: "sign-out",
            text: "Sign out",
            onclick: actions.signOut,
        }),
    );
    return {
        element: element("div", {}, bar, strip),
        update({ state, ui, connection, now }) {
            const words = connectionWords(connection, state);
            setText(status, words.text);
            pill.dataset.tone = words.tone;
            setText(trouble, words.trouble ?? "");
            setHidden(strip, words.trouble === undefined);
            strip.dataset.tone = words.tone;
            setHidden(retry, connection.phase === "connected");
            this.tick({ connection, now: Date.now() });
            setText(name, state.person?.name ?? "");
            updateTabs(tabs, state, ui, actions);
            setHidden(presence.element, !isAgentHere(state));
            setHidden(presence.shift, !isAgentHere(state));
            presence.update(state, ui, connection, now);
        },
        tick({ connection, now }) {
            const left = connection.phase === "waiting" ? connection.retryAt - now : 0;
            setHidden(countdown, connection.phase === "connected");
            setText(countdown, left >= 1_000 ? `in ${duration(left)}` : "now");
        },
    };
}

function connectionWords(connection, state) {
    switch (connection.phase) {
        case "connected":
            if (state.interrupted) {
                return {
                    text: "Interrupted",
                    tone: "bad",
                    trouble: "The desk cannot store anything right now. What you send waits and is sent when it can.",
                };
            }
            if (state.draining === null) return { text: "Connected", tone: "good" };
            return {
                text: "Connected",
                tone: "warning",
                trouble: "The desk is about to restart. Write on: the console connects again by itself.",
            };
        case "connecting":
            if (connection.reason === undefined) return { text: "Connecting", tone: "warning" };
        // Trying again: told as while waiting, so that nothing jumps at each attempt.
        // falls through
        case "waiting":
            return {
                text: "Reconnecting",
                tone: "bad",
                trouble: `${waitingReason(connection.reason)}. Connecting again`,
            };
        default:
            return { text: "Not connected", tone: "bad" };
    }
}

function updateTabs(tabs, state, ui, actions) {
    const shown = [];
    const { waiting, answered } = myConversations(state);
    if (isAgentHere(state)) {
        shown.push({ view: "conversations", label: "Conversations", number: waiting.length + answered.length });
    }
    if (isSupervisor(state)) {
        shown.push({ view: "supervision", label: "Queue and agents", number: waitingConversations(state).length });
    }
    setHidden(tabs, shown.length < 2);
    reconcile(tabs, shown, (tab) => tab.view, (tab) => {
        const number = element("span", { class: "count" });
        const button = element(
            "button",
            { class: "tab", type: "button", dataset: { view: tab.view }, onclick: () => actions.show(tab.view) },
            tab.label,
            number,
        );
        return {
            element: button,
            update(now) {
                setText(number, String(now.number));
                setHidden(number, now.number === 0);
                setAttribute(button, "aria-current", ui.view === now.view ? "page" : null);
                setAttribute(button, "aria-label", `${now.label}, ${now.number}`);
            },
        };
    });
}

function makePresence(actions) {
    const inputs = new Map();
    const labels = chosenPresences.map((value) => {
        const input = element("input", {
            type: "radio",
            name: "presence",
            value,
            onchange: () => actions.setPresence(value),
        });
        inputs.set(value, input);
        return element(
            "label",
            { class: "presence-choice", dataset: { presence: value } },
            input,
            element("span", { text: presenceNames[value] }),
        );
    });
    const load = element("span", { class: "load", title: "Units of work you have, of how many you may have: offers count too" });
    const group = element(
        "fieldset",
        { class: "presence", id: "presence" },
        element("legend", { class: "visually-hidden", text: "Presence" }),
        ...labels,
        load,
    );
    const reasons = makeReasons(actions);
    const wrapUp = makeWrapUp(actions);
    const shift = makeShift(actions);
    group.append(reasons.element);
    return {
        element: group,
        wrapUp: wrapUp.element,
        shift: shift.element,
        update(state, ui, connection, now) {
            const me = myself(state);
            const shown = ui.presenceAsked ?? me?.presence ?? "offline";
            for (const [value, input] of inputs) {
                const checked = value === shown;
                if (input.checked !== checked) input.checked = checked;
                input.disabled = connection.phase !== "connected";
            }
            const isConnected = connection.phase === "connected";
            reasons.update(state, me, isConnected);
            wrapUp.update(me, isConnected, ui.busy.has("wrap-up"), now);
            shift.update(me, isConnected);
            setAttribute(group, "aria-busy", ui.presenceAsked !== null ? "true" : null);
            setText(load, me ? `${me.load ?? 0} of ${me.capacity}` : "");
            setAttribute(load, "aria-label", me ? `You have ${count(me.load ?? 0, "unit")} of work of ${me.capacity}` : null);
        },
    };
}
