// A customer's accounts, kept for as long as the conversation is held and shown, in this page's memory
// alone: never in its storage.

/** What somebody may look at accounts for, as the desk knows it and as a person reads it. */
export const purposes = [
    { id: "customer_request", name: "The customer asked" },
    { id: "identity_check", name: "Checking who writes" },
    { id: "payment_dispute", name: "A disputed payment" },
    { id: "fraud_investigation", name: "Suspected fraud" },
    { id: "supervisor", name: "For a supervisor" },
];

export class Accounts {
    #ports;
    #shown = null;

    /** `ports`: `request(method, params)`, `changed()`. */
    constructor(ports) {
        this.#ports = ports;
    }

    /** `{conversation, phase, answer?, code?}` of the conversation that is shown, or `null`; phases:
     *  `reading`, `read`, `failed`. */
    of(conversation) {
        return this.#shown?.conversation === conversation ? this.#shown : null;
    }

    /** Asks the desk; an answer that comes when something else is shown is dropped. */
    async read(conversation, purpose) {
        const look = { conversation, phase: "reading" };
        this.#shown = look;
        this.#ports.changed();
        try {
            look.answer = await this.#ports.request("accounts.read", { conversation, purpose });
            look.phase = "read";
        } catch (error) {
            look.phase = "failed";
            look.code = error?.code ?? "connectionLost";
        }
        if (this.#shown === look) this.#ports.changed();
    }

    /** Forgets what belongs to any other conversation than the held one that is shown. */
    keepOnly(conversation) {
        if (this.#shown !== null && this.#shown.conversation !== conversation) this.#shown = null;
    }
}
