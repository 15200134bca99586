// The shortcuts. All have a modifier, so that they never take a letter from a text box; `?` alone
// works outside of text boxes. They are listed for the reader in views/dialogs.js.

const byCode = {
    ArrowDown: (actions) => actions.openNeighbour(1),
    ArrowUp: (actions) => actions.openNeighbour(-1),
    KeyN: (actions) => actions.openLongestWaiting(),
    KeyR: (actions) => actions.focusReply(),
    KeyL: (actions) => actions.focusList(),
    KeyX: (actions) => actions.closeSelected(),
    KeyA: (actions) => actions.acceptFirstOffer(),
    KeyT: (actions) => actions.transferSelected(),
    KeyD: (actions) => actions.endWrapUp(),
    KeyP: (actions) => actions.focusPresence(),
    KeyQ: (actions) => actions.showOther(),
};

export function listenForKeys(target, actions) {
    target.addEventListener("keydown", (event) => {
        if (event.isComposing || target.querySelector("dialog[open]") !== null) return;
        const action = actionFor(event);
        if (action === undefined) return;
        event.preventDefault();
        action(actions);
    });
}

function actionFor(event) {
    const isText = event.target.matches?.("textarea, input:not([type=radio], [type=checkbox])");
    if (event.key === "F1" || (event.key === "?" && !isText)) return (actions) => actions.openHelp();
    if (event.key === "Escape" && event.target.id === "reply") return (actions) => actions.focusList();
    if (!event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return undefined;
    // By the key's place: with Alt some layouts turn letters into signs.
    return byCode[event.code];
}
