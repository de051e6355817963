// `tokenValidation` and `tokenCheckInterval`: which streams end with their credential, and how often that is looked at.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadFine } from "../../../support/load.ts";

/** By protocol: ms between two looks; null: they do not end with it. @param frontend, rule keys of these */
function rechecks(frontend: string, rule: string): readonly (number | null)[] {
  const { websocket, eventStreams, callRecheckMs } = loadFine(`gateway:
  frontend: { ${frontend} }
  router: { rules: [ { path: /*, serviceName: up, ${rule} } ] }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: 1 } ] } ] } }
`).rules[0]!;
  return [websocket.recheckMs, eventStreams.recheckMs, callRecheckMs];
}

const OFF = "{ tokenValidation: false }";
const SLOW = "{ tokenCheckInterval: 5m }";

describe("the credential of a stream", () => {
  const rows: readonly (readonly [
    what: string,
    frontend: string,
    rule: string,
    rechecks: readonly (number | null)[],
  ])[] = [
    ["is looked at every minute", "", "", [60_000, 60_000, 60_000]],
    ["of WebSockets alone", `websocket: ${OFF}`, "", [null, 60_000, 60_000]],
    ["of event streams alone", `sse: ${OFF}`, "", [60_000, null, 60_000]],
    ["of calls alone", `grpc: ${OFF}`, "", [60_000, 60_000, null]],
    ["less often", `websocket: ${SLOW}, sse: ${SLOW}, grpc: ${SLOW}`, "", [300_000, 300_000, 300_000]],
    ["only at its end", "grpc: { tokenCheckInterval: 0 }", "", [60_000, 60_000, 0]],
    ["not where a rule says so", "", `websocket: ${OFF}, sse: ${OFF}, grpc: ${OFF}`, [null, null, null]],
    [
      "again where a rule says so",
      `websocket: ${OFF}, sse: ${SLOW}`,
      "websocket: { tokenValidation: true }, sse: { tokenCheckInterval: 1s }, grpc: { tokenCheckInterval: 2s }",
      [60_000, 1000, 2000],
    ],
  ];
  for (const [what, frontend, rule, expected] of rows) {
    test(what, () => assert.deepEqual(rechecks(frontend, rule), expected));
  }
});
