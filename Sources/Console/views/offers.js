// What is offered to this agent: told in every view, above everything else, with the time that is left.

import { element, reconcile, setAttribute, setText } from "../dom.js";
import { offersToMe, queueOf } from "../state.js";
import { channelName, declineReasons, duration, moment, named, needsText } from "../words.js";

export function makeOffers(actions) {
    const offers = element("ul", { class: "offers-list" });
    const region = element("section", { class: "offers", id: "offers", "aria-label": "Offers" }, offers);
    return {
        element: region,
        update(model) {
            const items = offersToMe(model.state).map((conversation) => ({ conversation, model, actions }));
            region.hidden = items.length === 0;
            reconcile(offers, items, ({ conversation }) => conversation.id, makeOffer);
        },
    };
}

function makeOffer({ conversation: { id }, actions }) {
    const what = element("span", { class: "offer-what" });
    const facts = element("span", { class: "offer-facts" });
    const left = element("span", { class: "offer-left" });
    const accept = element("button", {
        class: "button primary",
        type: "button",
        text: "Accept",
        title: "Alt+A",
        onclick: () => actions.acceptOffer(id),
    });
    const reason = element(
        "select",
        { "aria-label": "Why you decline" },
        element("option", { value: "", text: "Decline…" }),
        ...Object.entries(declineReasons).map(([value, text]) => element("option", { value, text })),
    );
    reason.addEventListener("change", () => {
        if (reason.value !== "") actions.declineOffer(id, reason.value);
        reason.value = "";
    });
    return {
        element: element(
            "li",
            { class: "offer", dataset: { offer: String(id) } },
            element("div", { class: "offer-text" }, what, facts),
            left,
            accept,
            reason,
        ),
        update({ conversation, model: { state, ui, connection, now } }) {
            const { offer, needs } = conversation.routing;
            const queue = queueOf(state, conversation.queue);
            const name = queue?.name ?? named([], conversation.queue, "Queue");
            setText(what, offer.isTransfer ? `A colleague passes you a conversation (${name})` : `Offered to you: ${name}`);
            const asked = needsText(state.desk, [...(queue?.needs ?? []), ...(needs ?? [])]);
            const waits = `Waiting ${duration(now - conversation.waitingSince)}`;
            const said = [channelName(conversation), waits, asked === "" ? "" : `asks for ${asked}`];
            setText(facts, said.filter(Boolean).join(" · "));
            facts.title = `Since ${moment(conversation.waitingSince)}`;
            left.dataset.deadline = String(offer.deadline);
            setText(left, offerLeft(offer.deadline - now));
            const isBusy = connection.phase !== "connected" || ui.busy.has(`offer ${id}`);
            accept.disabled = isBusy;
            reason.disabled = isBusy;
            setAttribute(accept, "aria-label", `Accept, ${name}, ${waits}`);
        },
    };
}

/** How long an offer stands yet. */
export function offerLeft(milliseconds) {
    return milliseconds > 0 ? `${Math.ceil(milliseconds / 1_000)} s left` : "ending";
}
