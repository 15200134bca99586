// The page when there is no desk to show: before the first connection, signed out, refused.

import { element, reconcile, setText } from "../dom.js";

const pages = {
    connecting: {
        title: "Connecting to the desk",
        text: "One moment.",
    },
    signedOut: {
        title: "You are signed out",
        text: "Sign in with your work account to take conversations. Nothing is shown or received until then.",
        action: "signIn",
    },
    forbidden: {
        title: "Your account may not use this desk",
        text: "Signing in worked, but your account has no role here. Ask your supervisor for access, then sign in again.",
        action: "signIn",
    },
    incompatible: {
        title: "This page is out of date",
        text: "The desk was updated while this page was open. Reload it to go on; drafts in this tab are kept.",
        action: "reload",
    },
};

export function makeGate(actions) {
    const title = element("h1");
    const text = element("p");
    const reason = element("p", { class: "gate-reason" });
    const buttons = element("div", { class: "gate-actions" });
    const card = element(
        "main",
        { class: "gate", id: "main", tabindex: "-1" },
        element(
            "div",
            { class: "gate-card" },
            element("p", { class: "brand", text: "Ventanilla" }),
            title,
            text,
            reason,
            buttons,
        ),
    );
    return {
        element: card,
        /** `kind`: a page of the table above; `waiting`: words about the next attempt, or empty. */
        update({ kind, waiting }) {
            const page = pages[kind];
            setText(title, page.title);
            setText(text, page.text);
            setText(reason, waiting);
            const wanted = waiting !== "" ? ["retry"] : page.action ? [page.action] : [];
            reconcile(buttons, wanted, (each) => each, (each) => makeAction(each, actions));
        },
    };
}

function makeAction(name, actions) {
    const made = {
        signIn: () =>
            element("a", { class: "button primary", href: actions.signInAddress, text: "Sign in" }),
        reload: () =>
            element("button", {
                class: "button primary",
                type: "button",
                text: "Reload",
                onclick: actions.reload,
            }),
        retry: () =>
            element("button", {
                class: "button",
                type: "button",
                text: "Connect now",
                onclick: actions.retryNow,
            }),
    }[name]();
    return { element: made, update() {} };
}
