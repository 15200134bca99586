// Commands other than replies: tried under one UUID until the desk has answered for good.

import { ConnectionLost, isPassing } from "./protocol.js";

const firstPause = 1_000;
const longestPause = 15_000;

export class Commands {
    #ports;
    #waiters = [];
    #isOver = false;

    /** `ports`: `request(method, params, id)`, `isConnected()`, `setTimer(call, ms)`, `makeId()`. */
    constructor(ports) {
        this.#ports = ports;
    }

    /** Resolves with the result, however often the connection was lost on the way. */
    async perform(method, params) {
        const id = this.#ports.makeId();
        for (let attempt = 0; ; attempt += 1) {
            await this.#connection();
            try {
                return await this.#ports.request(method, params, id);
            } catch (error) {
                if (!isPassing(error)) throw error;
                if (this.#ports.isConnected()) await this.#pause(attempt);
            }
        }
    }

    /** The connection is greeted: whoever waited goes on. */
    connected() {
        for (const { resolve } of this.#waiters.splice(0)) resolve();
    }

    /** There will be no connection any more. */
    end() {
        this.#isOver = true;
        for (const { reject } of this.#waiters.splice(0)) reject(new ConnectionLost());
    }

    #connection() {
        if (this.#isOver) return Promise.reject(new ConnectionLost());
        if (this.#ports.isConnected()) return Promise.resolve();
        return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
    }

    #pause(attempt) {
        const pause = Math.min(longestPause, firstPause * 2 ** Math.min(attempt, 10));
        return new Promise((resolve) => this.#ports.setTimer(resolve, pause));
    }
}
