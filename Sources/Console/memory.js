// What survives a reload of this tab: drafts and replies not yet answered. Kept in the tab's
// session storage under the person who wrote them, and removed at sign-out or when another person
// signs in here.

const key = (name) => `ventanilla.${name}`;

export class Memory {
    #storage;
    #person = null;

    constructor(storage) {
        this.#storage = storage;
    }

    /** From now on this person; what anybody else left behind is removed. */
    belongTo(person) {
        this.#person = person;
        if (this.#read("person") === person) return;
        this.forget();
        this.#write("person", person);
    }

    forget() {
        for (const name of ["person", "drafts", "outbox"]) {
            try {
                this.#storage.removeItem(key(name));
            } catch {
                // Storage is off: there is nothing to remove.
            }
        }
    }

    get drafts() {
        const drafts = this.#person === null ? null : this.#read("drafts");
        return new Map(Array.isArray(drafts) ? drafts : []);
    }

    set drafts(drafts) {
        this.#write("drafts", [...drafts].filter(([, text]) => text !== ""));
    }

    get outbox() {
        const entries = this.#person === null ? null : this.#read("outbox");
        return Array.isArray(entries) ? entries : [];
    }

    set outbox(entries) {
        this.#write("outbox", entries);
    }

    #read(name) {
        try {
            return JSON.parse(this.#storage.getItem(key(name)));
        } catch {
            return null;
        }
    }

    #write(name, value) {
        try {
            this.#storage.setItem(key(name), JSON.stringify(value));
        } catch {
            // Full or off: the page works on, only a reload would lose what was written.
        }
    }
}
