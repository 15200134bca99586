// Fields of the supervisor's dialogs: what a conversation asks for, what an agent may see into and whom
// they must not serve.

import { element } from "../dom.js";
import { customerName, named } from "../words.js";
import { select } from "./transfer.js";

const numbers = [1, 2, 3, 4, 5].map((level) => ({ id: level, name: String(level) }));
const levels = [{ id: 0, name: "–" }, ...numbers];

/** What a conversation asks for itself: `{skills, compartment, isValid(), value()}`; the value is that of
 *  the command. */
export function makeNeeds(state, routing) {
    const skills = state.desk.skills.map(({ id, name }) => {
        const known = routing?.needs?.find(({ skill }) => skill === id);
        const level = select(`Level of ${name} asked for`, levels, known?.level ?? 0);
        const firm = element("input", { type: "checkbox", "aria-label": `${name} always` });
        firm.checked = known?.isFirm === true;
        const settle = () => {
            firm.disabled = level.value === "0";
        };
        level.addEventListener("change", settle);
        settle();
        return {
            id,
            level,
            firm,
            control: element("span", { class: "need" }, element("label", {}, `${name} `, level), element("label", {}, firm, " always")),
        };
    });
    const known = compartmentsOf(state).map((id) => ({ id, name: compartmentName(state.desk, id) }));
    const compartment = select("Compartment", [{ id: "", name: "open to everybody" }, ...known, { id: "new", name: "a new one" }], routing?.compartment ?? "");
    const fresh = element("input", { type: "number", class: "small-number", min: "1", step: "1", "aria-label": "Number of the new compartment" });
    const settle = () => {
        fresh.hidden = compartment.value !== "new";
        fresh.required = !fresh.hidden;
    };
    compartment.addEventListener("change", settle);
    settle();
    return {
        skills: skills.map(({ control }) => control),
        compartment: [compartment, fresh],
        /** Whether there is a value; tells the person what is missing. */
        isValid: () => fresh.hidden || fresh.reportValidity(),
        value() {
            const needs = skills
                .filter(({ level }) => level.value !== "0")
                .map(({ id, level, firm }) => ({ skill: id, level: Number(level.value), isFirm: firm.checked }));
            const number = compartment.value === "new" ? fresh.valueAsNumber : Number(compartment.value);
            return number > 0 ? { needs, compartment: number } : { needs };
        },
    };
}

/** Which compartments an agent may see into: `{controls, value()}`. */
export function makeCompartments(state, chosen) {
    const boxes = compartmentsOf(state, chosen).map((id) => {
        const input = element("input", { type: "checkbox" });
        input.checked = chosen.includes(id);
        return { id, input, label: element("label", {}, input, ` ${compartmentName(state.desk, id)}`) };
    });
    const fresh = element("input", { type: "number", class: "small-number", min: "1", step: "1", "aria-label": "Another compartment" });
    return {
        controls: [...boxes.map(({ label }) => label), element("label", {}, "another ", fresh)],
        value() {
            const all = new Set(boxes.filter(({ input }) => input.checked).map(({ id }) => id));
            if (fresh.value !== "") all.add(fresh.valueAsNumber);
            return [...all].sort((left, right) => left - right);
        },
    };
}

/** Whom an agent must not serve; each can be allowed again: `{controls, value()}`. */
export function makeBarred(barred) {
    const boxes = barred.map((customer) => {
        const input = element("input", { type: "checkbox" });
        input.checked = true;
        return { customer, input, label: element("label", {}, input, ` ${customerName({ customer })}`) };
    });
    return {
        controls:
            boxes.length === 0
                ? [element("span", { class: "hint", text: "Nobody. A customer is barred from the page of their conversation." })]
                : boxes.map(({ label }) => label),
        value: () => boxes.filter(({ input }) => input.checked).map(({ customer }) => customer),
    };
}

export function compartmentName(desk, id) {
    return named(desk.compartments ?? [], id, "Compartment");
}

/** Every compartment that has a name, or that this desk's people and open conversations name. */
function compartmentsOf(state, more = []) {
    const all = new Set([...(state.desk.compartments ?? []).map(({ id }) => id), ...more]);
    for (const { profile } of state.agents.values()) {
        for (const id of profile?.compartments ?? []) all.add(id);
    }
    for (const { routing } of state.conversations.values()) {
        if (routing?.compartment !== undefined) all.add(routing.compartment);
    }
    return [...all].sort((left, right) => left - right);
}
