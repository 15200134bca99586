// The little that the unit cases need: comparisons that throw with both values.

const show = (value) =>
    JSON.stringify(value, (_, each) => (each instanceof Map ? [...each] : each === undefined ? null : each));

export function equal(actual, expected, about = "") {
    if (show(actual) !== show(expected)) {
        throw new Error(`${about} expected ${show(expected)}, got ${show(actual)}`);
    }
}

/** Runs every case; gives back the names that ran and what failed. */
export async function runAll(cases) {
    const failures = [];
    for (const [name, run] of Object.entries(cases)) {
        try {
            await run();
        } catch (error) {
            failures.push(`${name}: ${error.message}`);
        }
    }
    return { count: Object.keys(cases).length, failures };
}

/** Lets everything that is already promised happen. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Timers that a test moves by hand. */
export class Clock {
    time = 1_000_000;
    #timers = [];
    setTimer = (call, milliseconds) => {
        const timer = { at: this.time + milliseconds, call };
        this.#timers.push(timer);
        return () => {
            this.#timers = this.#timers.filter((each) => each !== timer);
        };
    };
    now = () => this.time;
    async pass(milliseconds) {
        const end = this.time + milliseconds;
        for (;;) {
            const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
            if (due === undefined) break;
            this.#timers = this.#timers.filter((each) => each !== due);
            this.time = Math.max(this.time, due.at);
            due.call();
            await settle();
        }
        this.time = end;
    }
}
