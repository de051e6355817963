// What each fault of a provider means for keys, models and clients' own credentials.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cooldownFor, isFinal } from "../../../../src/llm/credentials/consequences.ts";
import { Credential, operatorKey } from "../../../../src/llm/credentials/credential.ts";
import type { FaultKind } from "../../../../src/llm/message/fault.ts";
import { FALLBACK, PROVIDERS, providerFault } from "../../../support/llm-credentials.ts";

const OPERATOR = operatorKey(PROVIDERS.anthropic, "k");
const FACTS = { kind: "anthropic", provider: null, origin: "client", account: [] } as const;
const OWN = new Credential({ ...FACTS, oauth: false }, "own");
const OAUTH = new Credential({ ...FACTS, oauth: true }, "token");
const WHO = { operator: OPERATOR, own: OWN, oauth: OAUTH };

type Row = readonly [who: keyof typeof WHO, kind: FaultKind, asked: number, code: string | null, means: string];

/** Scope and seconds; `!`: refused. */
const ROWS: readonly Row[] = [
  ["operator", "rateLimit", -1, null, "keyModel 180"],
  ["operator", "rateLimit", 7000, null, "keyModel 7"],
  ["operator", "rateLimit", 0, null, "keyModel 0"],
  ["operator", "rateLimit", 900_000, null, "keyModel 300"],
  ["own", "rateLimit", 7000, null, "keyModel 7"],
  ["oauth", "rateLimit", -1, null, "key 180"],
  ["oauth", "rateLimit", 7000, null, "key 7"],
  ["oauth", "rateLimit", 900_000, null, "key 300"],
  ["oauth", "quota", -1, null, "key 180"],
  ["operator", "quota", 7000, null, "key 300"],
  ["operator", "billing", -1, null, "key 300"],
  ["own", "billing", -1, null, "key 300"],
  ["operator", "rateLimit", 7000, "insufficient_quota", "key 300"],
  ["operator", "rateLimit", 7000, "contract_spend_limit_reached", "key 300"],
  ["operator", "rateLimit", 7000, "enforced_spend_limit_reached", "key 300"],
  ["operator", "billing", -1, "linked_organization_spend_limit_reached", "key 300"],
  ["operator", "rateLimit", -1, "ramp_limit_exceeded", "keyModel 10"],
  ["operator", "rateLimit", 2000, "ramp_limit_exceeded", "keyModel 2"],
  ["operator", "overloaded", -1, null, "providerModel 30"],
  ["own", "overloaded", -1, null, "providerModel 30"],
  ["oauth", "overloaded", -1, null, "providerModel 30"],
  ["operator", "authentication", -1, null, "key 300 !"],
  ["operator", "permission", -1, null, "keyModel 300 !"],
  ["own", "authentication", -1, null, "none"],
  ["own", "permission", -1, null, "none"],
  ["oauth", "authentication", -1, null, "none"],
  ["operator", "notFound", -1, "model_not_found", "providerModel 300"],
  ["own", "notFound", -1, "model_not_found", "none"],
  ["operator", "notFound", -1, null, "none"],
  ["operator", "server", 7000, null, "none"],
  ["operator", "unavailable", -1, null, "none"],
  ["operator", "timeout", -1, null, "none"],
  ["operator", "invalid", -1, "constructor", "none"],
  ["operator", "contextOverflow", -1, null, "none"],
  ["operator", "contentPolicy", -1, null, "none"],
];

describe("a fault", () => {
  for (const [who, kind, asked, code, means] of ROWS) {
    const said = [asked < 0 ? "" : ` after ${asked} ms`, code === null ? "" : ` (${code})`].join("");
    test(`${kind}${said} of ${who} rests: ${means}`, () => {
      const found = cooldownFor(providerFault(kind, asked, code), WHO[who], FALLBACK);
      const text = found === null ? "none" : `${found.scope} ${found.ms / 1000}${found.refused ? " !" : ""}`;
      assert.equal(text, means);
    });
  }

  const FINAL: readonly [keyof typeof WHO, FaultKind, "return" | "failover", boolean][] = [
    ["own", "authentication", "failover", true],
    ["own", "permission", "failover", true],
    ["oauth", "authentication", "failover", true],
    ["oauth", "permission", "return", true],
    ["oauth", "rateLimit", "return", true],
    ["oauth", "quota", "return", true],
    ["oauth", "rateLimit", "failover", false],
    ["own", "rateLimit", "return", false],
    ["oauth", "server", "return", false],
    ["operator", "authentication", "return", false],
    ["operator", "rateLimit", "return", false],
  ];
  for (const [who, kind, onLimit, final] of FINAL) {
    test(`${kind} of ${who} is ${final ? "" : "not "}final with onLimit ${onLimit}`, () => {
      assert.equal(isFinal(providerFault(kind), WHO[who], onLimit), final);
    });
  }
});
