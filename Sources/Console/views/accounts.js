// The customer's accounts beside the conversation. Numbers come masked; nothing here can show more.

import { purposes } from "../accounts.js";
import { element, setHidden, setText } from "../dom.js";
import { clockTime, moment, refusalName } from "../words.js";

const kinds = {
    current: "Current account",
    savings: "Savings",
    creditCard: "Credit card",
    chargeCard: "Charge card",
    prepaidCard: "Prepaid card",
    loan: "Loan",
    mortgage: "Mortgage",
    electronicMoney: "Electronic money",
    wallet: "Wallet",
};

const balanceNames = {
    interimAvailable: "Available",
    interimBooked: "Booked",
    closingAvailable: "Available at closing",
    closingBooked: "Booked at closing",
    previouslyClosedBooked: "Booked the day before",
    expected: "Expected",
    forwardAvailable: "Available later",
    information: "For information",
    openingAvailable: "Available at opening",
    openingBooked: "Booked at opening",
};

const statusNames = { pending: "pending", rejected: "rejected", future: "planned", information: "for information" };

export function makeAccounts(actions) {
    const purpose = element(
        "select",
        { id: "accounts-purpose" },
        element("option", { value: "", text: "Choose the purpose…" }),
        ...purposes.map(({ id, name }) => element("option", { value: id, text: name })),
    );
    const show = element("button", { class: "button small", id: "accounts-show", text: "Show accounts" });
    const form = element(
        "form",
        {
            class: "accounts-form",
            onsubmit: (event) => {
                event.preventDefault();
                if (purpose.value !== "") actions.showAccounts(purpose.value);
            },
        },
        element("label", { for: "accounts-purpose", text: "Purpose" }),
        purpose,
        show,
    );
    const notice = element("p", { class: "hint", role: "status", id: "accounts-notice" });
    const list = element("div", { id: "accounts-list", "aria-label": "Accounts" });
    const pane = element(
        "aside",
        { class: "accounts", id: "accounts", "aria-label": "Accounts of the customer" },
        element("h2", { text: "Accounts" }),
        form,
        notice,
        list,
    );
    let shown = null;
    let conversation = null;
    const settle = () => {
        show.disabled = purpose.value === "" || pane.dataset.blocked === "yes";
    };
    purpose.addEventListener("change", settle);

    return {
        element: pane,
        /** `id`: the held conversation that is shown, or `null`; `look`: what `Accounts` has of it. */
        update({ id, look, isConnected }) {
            setHidden(pane, id === null);
            if (conversation !== id) {
                // A purpose is chosen for one customer, not for all of them.
                conversation = id;
                purpose.value = "";
            }
            pane.dataset.blocked = look?.phase === "reading" || !isConnected ? "yes" : "no";
            settle();
            const words = noticeOf(look);
            setText(notice, words);
            setHidden(notice, words === "");
            const answer = look?.phase === "read" ? look.answer : null;
            if (shown === answer) return;
            shown = answer;
            list.replaceChildren(...accountsOf(answer));
        },
    };
}

function noticeOf(look) {
    if (look === null) return "Each look is on record with its purpose.";
    if (look.phase === "reading") return "Asking the bank…";
    if (look.phase === "failed") return `The accounts are not shown. ${refusalName(look.code)}`;
    const { state, accounts } = look.answer;
    if (state === "unconfigured") return "This desk has no bank.";
    if (state === "unlinked") {
        return "This customer is not linked to the bank. A supervisor can link them under Supervision, Manage.";
    }
    if (accounts.state === "unavailable") return "The bank does not answer at the moment. Try again shortly.";
    if (accounts.items.length === 0) return "The bank has no accounts of this customer.";
    return `As of ${clockTime(accounts.asOf)}.${accounts.more ? " The bank has more accounts than are shown." : ""}`;
}

function accountsOf(answer) {
    if (answer?.state !== "read" || answer.accounts.state !== "read") return [];
    return answer.accounts.items.map((account) =>
        element(
            "section",
            { class: "account" },
            element("h3", { text: account.name ?? kinds[account.kind] ?? "Account" }),
            element("p", {
                class: "account-facts",
                text: [kinds[account.kind], account.currency, ...account.numbers].filter(Boolean).join(" · "),
            }),
            part(account.balances, "Balances", balance, "No balance."),
            part(account.transactions, "Latest transactions", transaction, "No transactions in the last 30 days."),
        ),
    );
}

function part(values, name, make, none) {
    const head = element("h4", { text: name });
    if (values.state !== "read") {
        return element("div", { class: "account-part" }, head, element("p", { class: "unavailable", text: "Unavailable just now." }));
    }
    const facts = [`as of ${clockTime(values.asOf)}`];
    if (values.more) facts.push("there is more");
    head.append(element("span", { class: "as-of", text: ` ${facts.join(", ")}` }));
    return element(
        "div",
        { class: "account-part" },
        head,
        values.items.length === 0
            ? element("p", { class: "hint", text: none })
            : element("ul", { class: "account-rows", "aria-label": name }, ...values.items.map(make)),
    );
}

function balance({ kind, ...amount }) {
    return element("li", {}, element("span", { text: balanceNames[kind] ?? "Balance" }), money(amount));
}

function transaction(row) {
    const who = row.merchant ?? row.counterparty?.name ?? row.information ?? "Transaction";
    const facts = [
        row.bookedAt === undefined ? null : moment(row.bookedAt),
        statusNames[row.status],
        row.information === who ? null : row.information,
        row.counterparty?.number,
        row.card === undefined ? null : `card ${row.card}`,
    ];
    return element(
        "li",
        {},
        element("span", {}, element("b", { text: who }), element("small", { text: facts.filter(Boolean).join(" · ") })),
        money(row),
    );
}

/** The decimal number as the bank wrote it: never through a number of the machine's. */
function money({ direction, amount, currency }) {
    const sign = direction === "debit" ? "−" : "";
    return element("span", { class: "money", dataset: { direction }, text: `${sign}${amount} ${currency}` });
}
