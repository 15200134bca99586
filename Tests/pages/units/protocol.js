import { decodeFrame, delayBefore, encodeRequest, isPassing, policyForClose } from "/console/protocol.js";
import { equal } from "./check.js";

export const cases = {
    "what is not of the protocol is malformed"() {
        for (const data of ["", "{", "null", "[]", "7", '{"jsonrpc":"1.0","method":"a","params":{}}', '{"jsonrpc":"2.0"}',
            '{"jsonrpc":"2.0","method":"a","params":[]}', '{"jsonrpc":"2.0","method":"a"}', '{"jsonrpc":"2.0","id":7,"result":{}}']) {
            equal(decodeFrame(data).kind, "malformed", data);
        }
    },
    "frames are told apart"() {
        equal(decodeFrame('{"jsonrpc":"2.0","method":"a","params":{"x":1},"more":2}'), { kind: "push", method: "a", params: { x: 1 } });
        equal(decodeFrame('{"jsonrpc":"2.0","id":"i","result":{"y":2}}'), { kind: "result", id: "i", result: { y: 2 } });
        const { kind, id, error } = decodeFrame('{"jsonrpc":"2.0","id":"i","error":{"code":4002,"message":"m","data":{"code":"notOwner","field":"f"}}}');
        equal([kind, id, error.code, error.field], ["error", "i", "notOwner", "f"]);
    },
    "an error is known by its number alone"() {
        for (const [number, code] of [[-32602, "invalidParameters"], [4007, "keyReused"], [4999, "unexpected"]]) {
            equal(decodeFrame(`{"jsonrpc":"2.0","id":null,"error":{"code":${number}}}`).error.code, code);
        }
    },
    "only passing refusals are tried again"() {
        const all = ["unavailable", "tooManyRequests", "connectionLost", "notOwner", "keyReused", "quarantined", "outOfRange"];
        equal(all.filter((code) => isPassing({ code })), ["unavailable", "tooManyRequests", "connectionLost"]);
    },
    "a request is JSON-RPC"() {
        equal(JSON.parse(encodeRequest("i", "m", { a: "<" })), { jsonrpc: "2.0", id: "i", method: "m", params: { a: "<" } });
    },
    "every close code has its policy"() {
        const table = {
            1000: "reconnect", 1006: "reconnect", 1009: "stop", 1013: "reconnect", 4400: "stop", 4401: "signIn",
            4403: "stop", 4408: "reconnect", 4409: "spread", 4429: "later", 4503: "spread", 4999: "reconnect",
        };
        for (const [code, then] of Object.entries(table)) equal(policyForClose(Number(code)).then, then, code);
    },
    "the wait grows, is spread, and has an end"() {
        for (const random of [0, 0.5, 0.999]) {
            let last = 0;
            for (let attempt = 0; attempt < 60; attempt += 1) {
                const wait = delayBefore("reconnect", attempt, random);
                if (wait < last || wait > 15_000 || wait < 200) throw new Error(`${attempt}: ${wait} after ${last}`);
                last = wait;
            }
        }
        equal(delayBefore("reconnect", 5, 0) < delayBefore("reconnect", 5, 0.9), true);
        equal(delayBefore("later", 0, 0) >= 30_000, true);
        equal(delayBefore("spread", 0, 0, 5_000) >= 5_000, true);
    },
};
