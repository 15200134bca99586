// Building the page from text alone: elements are created, never parsed, so that nothing a customer
// writes can become markup. (The page's policy also requires Trusted Types and has no policy that
// would make any.)

/**
 * An element. Attributes: `class`, `text` (its text), `on…` (a listener), `dataset`, booleans (set
 * or absent), anything else as it is. Children that are `null` are left out.
 */
export function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (name === "text") made.textContent = value;
        else if (name === "dataset") Object.assign(made.dataset, value);
        else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
        else setAttribute(made, name, value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
}

/** Sets, or with `null`, `undefined` and `false` removes; touches nothing that is right already. */
export function setAttribute(target, name, value) {
    if (value === null || value === undefined || value === false) {
        if (target.hasAttribute(name)) target.removeAttribute(name);
        return;
    }
    const wanted = value === true ? "" : String(value);
    if (target.getAttribute(name) !== wanted) target.setAttribute(name, wanted);
}

export function setText(target, text) {
    if (target.textContent !== text) target.textContent = text;
}

export function setHidden(target, hidden) {
    if (target.hidden !== hidden) target.hidden = hidden;
}

const views = new WeakMap();

/**
 * Makes the children of `parent` show `items`, in order, one view each. A view is
 * `{element, update(item)}`; it lives as long as its key. Keyboard focus survives moves.
 */
export function reconcile(parent, items, keyOf, makeView) {
    const old = views.get(parent) ?? new Map();
    const now = new Map();
    const focused = parent.contains(document.activeElement) ? document.activeElement : null;
    let place = parent.firstChild;
    for (const item of items) {
        const key = keyOf(item);
        const view = old.get(key) ?? makeView(item);
        view.update(item);
        now.set(key, view);
        if (view.element === place) place = place.nextSibling;
        else parent.insertBefore(view.element, place);
    }
    for (const [key, view] of old) {
        if (!now.has(key)) view.element.remove();
    }
    views.set(parent, now);
    if (focused !== null && focused !== document.activeElement && focused.isConnected) {
        focused.focus({ preventScroll: true });
    }
}

/**
 * Roving focus: of all `selector` in the container one is in the tab order, arrows, Home and End
 * move along those that are shown.
 */
export function roveFocus(container, selector) {
    const shown = () => [...container.querySelectorAll(selector)].filter((each) => !each.hidden);
    container.addEventListener("keydown", (event) => {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const all = shown();
        const index = all.indexOf(document.activeElement);
        if (index < 0) return;
        const targets = {
            ArrowDown: index + 1,
            ArrowUp: index - 1,
            Home: 0,
            End: all.length - 1,
        };
        const target = all[targets[event.key]];
        if (target === undefined) return;
        event.preventDefault();
        target.focus();
    });
    container.addEventListener("focusin", ({ target }) => {
        if (!target.matches(selector)) return;
        for (const each of shown()) each.tabIndex = each === target ? 0 : -1;
    });
    return function settle(preferred = null) {
        const all = shown();
        if (all.length === 0 || all.includes(document.activeElement)) return;
        const chosen = all.includes(preferred) ? preferred : (all.find((each) => each.tabIndex === 0) ?? all[0]);
        for (const each of all) each.tabIndex = each === chosen ? 0 : -1;
    };
}
