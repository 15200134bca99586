// What agents and supervisors do about who gets what: offers, lists, transfers, orders.

import { isSupervisor, offersToMe, queueOf, serviceOf } from "./state.js";
import { askClosing } from "./views/attendance.js";
import { ask, toast } from "./views/dialogs.js";
import { manageAgent, manageConversation } from "./views/manage.js";
import { askTransfer } from "./views/transfer.js";

/** `ports`: `session`, `ui`, `perform(work, method, params, words)`, `complain(error, words)`. */
export function makeRoutingActions({ session, ui, perform, complain }) {
    const actions = {
        acceptOffer: (conversation) =>
            perform(`offer ${conversation}`, "offer.accept", { conversation }, "The offer was not accepted."),
        declineOffer: (conversation, reason) =>
            perform(`offer ${conversation}`, "offer.decline", { conversation, reason }, "The offer was not declined."),
        acceptFirstOffer() {
            const [first] = offersToMe(session.state);
            if (first !== undefined) actions.acceptOffer(first.id);
        },
        take: (conversation) =>
            perform(`take ${conversation}`, "conversation.take", { conversation }, "You do not have it."),
        async transferSelected() {
            const conversation = ui.selected;
            const held = session.state.conversations.get(conversation);
            const isMine = held?.owner.kind === "agent" && held.owner.id === session.state.person?.id;
            if (!isMine || held.routing?.offer !== undefined) return;
            let colleagues = [];
            try {
                ({ colleagues = [] } = await session.request("colleagues.read", {}));
            } catch (error) {
                complain(error, "Colleagues could not be read.");
            }
            const to = await askTransfer(colleagues, session.state.desk.queues);
            if (to === null) return;
            const words = "The conversation was not passed on.";
            const isDone = await perform(`transfer ${conversation}`, "conversation.transfer", { conversation, to }, words);
            if (isDone && to.warm) toast("Your colleague is asked. It stays with you until they accept.");
        },
        async manageConversation(id) {
            const conversation = session.state.conversations.get(id);
            if (conversation === undefined || !isSupervisor(session.state)) return;
            const why = session.request("conversation.explain", { conversation: id });
            const order = await manageConversation(session.state, conversation, why);
            if (order !== null) await perform(`manage ${id}`, order.method, order.params, "It was not done.");
        },
        async turnQueue(id) {
            const name = queueOf(session.state, id)?.name ?? `Queue ${id}`;
            const unchanged = "The queue is as it was.";
            if (serviceOf(session.state, id).isOpen) {
                const closing = await askClosing(name, session.now());
                if (closing === null) return;
                await perform(`queue ${id}`, "queue.close", { queue: id, ...closing }, unchanged);
                return;
            }
            const isSure = await ask({
                title: `Open ${name}?`,
                text: "Its conversations are given to agents again. Outside of its hours it stays open until they begin.",
                yes: "Open it",
            });
            if (isSure) await perform(`queue ${id}`, "queue.open", { queue: id }, unchanged);
        },
        async manageAgent(id) {
            const agent = session.state.agents.get(id);
            if (agent === undefined || !isSupervisor(session.state)) return;
            for (const { method, params } of await manageAgent(session.state, agent, session.now())) {
                if (!(await perform(`agent ${id}`, method, params, "The agent was not changed."))) return;
            }
        },
    };
    return actions;
}
