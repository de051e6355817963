// What a fault says about who may be asked next.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Successor, successorOf } from "../../../../src/llm/exchange/candidates/successors.ts";
import { FAULT_STATUS, type FaultKind, faultOf } from "../../../../src/llm/message/fault.ts";
import { FALLBACK } from "../../../support/llm-credentials.ts";

const ROWS: Readonly<Record<FaultKind, Successor>> = {
  invalid: "nobody",
  unsupportedMedia: "nobody",
  contextOverflow: "window",
  tooLarge: "window",
  contentPolicy: "nobody",
  authentication: "key",
  billing: "key",
  permission: "key",
  notFound: "model",
  rateLimit: "key",
  quota: "key",
  server: "model",
  badGateway: "model",
  unavailable: "model",
  timeout: "model",
  overloaded: "model",
};

test("each kind of fault has its successor", () => {
  for (const kind of Object.keys(FAULT_STATUS) as FaultKind[]) {
    assert.equal(successorOf(faultOf(kind, ""), FALLBACK), ROWS[kind], kind);
  }
});

test("settings say which statuses are made up for, and whether prompts that are too long or refused are", () => {
  const after = (kind: FaultKind, some: Partial<typeof FALLBACK>) =>
    successorOf(faultOf(kind, ""), { ...FALLBACK, ...some });
  assert.equal(after("server", { onStatus: new Set([429]) }), "nobody");
  assert.equal(after("rateLimit", { onStatus: new Set([429]) }), "key");
  assert.equal(after("authentication", { onStatus: new Set() }), "key");
  assert.equal(after("contextOverflow", { contextOverflow: "return" }), "nobody");
  assert.equal(after("tooLarge", { contextOverflow: "return" }), "nobody");
  assert.equal(after("contentPolicy", { contentPolicy: "failover" }), "author");
});
