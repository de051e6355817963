// Opaque tokens: what the answers of a provider mean, how long they hold, and how little it is asked.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { IssuerSettings } from "../../../../src/auth/jwt/issuer.ts";
import { basicOf, Introspection } from "../../../../src/auth/oauth2/introspection.ts";
import { inTurn } from "../../../../src/auth/oauth2/opaque-tokens.ts";
import type { ProviderRequest } from "../../../../src/auth/provider-fetch.ts";
import { PLAIN_ISSUER } from "../../../support/tokens.ts";

const ISSUER: IssuerSettings = {
  ...PLAIN_ISSUER,
  method: "oauth2",
  issuers: { "https://id.example": "" },
  audience: ["api"],
};
const ACTIVE = { active: true, sub: "ann", aud: "api", scope: "read" };
const START = 1_000_000_000_000;

/** A provider that answers as a test says. @param answer what it says; an Error: it cannot be asked */
function setUp(answer: unknown, settings: Partial<IssuerSettings> = {}) {
  const state = { answer, now: 0, wallClock: START, failures: 0, asked: [] as ProviderRequest[] };
  const introspection = new Introspection(
    { clientId: "g", clientSecret: "s", issuer: { ...ISSUER, ...settings } },
    {
      ask(question) {
        state.asked.push(question);
        const { answer: said } = state;
        return said instanceof Error ? Promise.reject(said) : Promise.resolve(structuredClone(said));
      },
      now: () => state.now,
      wallClock: () => state.wallClock,
      failed: () => state.failures++,
      answered: () => undefined,
    },
  );
  const pass = (ms: number) => {
    state.now += ms;
    state.wallClock += ms;
  };
  return { state, introspection, pass };
}

async function said(answer: unknown, settings: Partial<IssuerSettings> = {}): Promise<string> {
  const outcome = await setUp(answer, settings).introspection.ask("t");
  return "accepted" in outcome ? "accepted" : `${outcome.code}: ${outcome.why}`;
}

describe("an answer", () => {
  test("that is active and for this audience yields an identity", async () => {
    const exp = START / 1000 + 10;
    const outcome = await setUp({ ...ACTIVE, exp, iss: "https://id.example", token_type: "Bearer" }).introspection.ask(
      "t",
    );
    assert.ok("accepted" in outcome);
    const { identity, audience } = outcome.accepted;
    assert.deepEqual([identity.subject, identity.method, identity.provider], ["ann", "oauth2", "main"]);
    assert.deepEqual([identity.scopes, identity.expiresAt, audience], [["read"], exp * 1000, ["api"]]);
    assert.ok(!("active" in identity.claims));
  });
  const rows: readonly (readonly [answer: unknown, outcome: RegExp])[] = [
    [ACTIVE, /^accepted$/],
    [{ active: false }, /^invalid_credentials: the token is not active/],
    [{ ...ACTIVE, active: "true" }, /not active/],
    [{ ...ACTIVE, active: 1 }, /not active/],
    [{ ...ACTIVE, aud: "other" }, /the audience is not accepted/],
    [{ active: true, sub: "ann" }, /the audience is not accepted/],
    [{ ...ACTIVE, iss: "https://evil.example" }, /the issuer is not accepted/],
    [{ ...ACTIVE, iss: ["https://id.example", 1] }, /the issuer is not accepted/],
    [{ ...ACTIVE, token_type: "DPoP" }, /not a bearer token/],
    [{ ...ACTIVE, exp: START / 1000 }, /^expired_credentials/],
    [{ ...ACTIVE, exp: "soon" }, /exp has the wrong type/],
    [{ ...ACTIVE, nbf: START / 1000 + 1 }, /not valid yet/],
    [{ active: true, aud: "api" }, /subject is missing/],
    [null, /not active/],
    [{}, /^auth_unavailable: the provider is not available/],
    [[], /^auth_unavailable/],
    ["active", /^auth_unavailable/],
    [new Error("down"), /^auth_unavailable/],
  ];
  for (const [answer, outcome] of rows)
    test(`${answer instanceof Error ? "that is none" : JSON.stringify(answer)} means ${outcome.source}`, async () => {
      assert.match(await said(answer), outcome);
    });
  test("may have any issuer if none is configured", async () => {
    assert.equal(await said({ ...ACTIVE, iss: "https://any.example" }, { issuers: {} }), "accepted");
  });
});

describe("a provider", () => {
  test("gets one request for concurrent ones with the same token, with the client credentials", async () => {
    const { introspection, state } = setUp(ACTIVE);
    await Promise.all([1, 2, 3].map(() => introspection.ask("t")));
    await introspection.ask("t");
    assert.deepEqual(state.asked, [
      { form: { token: "t", token_type_hint: "access_token" }, headers: { Authorization: basicOf("g", "s") } },
    ]);
    await introspection.ask("u");
    assert.equal(state.asked.length, 2);
  });
  test("gets another request after a minute, or when the token expires", async () => {
    const { introspection, state, pass } = setUp({ ...ACTIVE, exp: START / 1000 + 90 });
    const askAfter = async (ms: number) => {
      pass(ms);
      await introspection.ask("t");
      return state.asked.length;
    };
    assert.deepEqual([await askAfter(0), await askAfter(59_999), await askAfter(1)], [1, 1, 2]);
    assert.deepEqual([await askAfter(29_999), await askAfter(1)], [2, 3]);
    assert.equal((await introspection.ask("t")) === undefined, false);
  });
  test("gets another request after ten seconds for a rejected token", async () => {
    const { introspection, state, pass } = setUp({ active: false });
    await introspection.ask("t");
    pass(9_999);
    await introspection.ask("t");
    assert.equal(state.asked.length, 1);
    pass(1);
    state.answer = ACTIVE;
    assert.ok("accepted" in (await introspection.ask("t")));
  });
  test("that fails gets no request for a second, and cached tokens stay valid", async () => {
    const { introspection, state, pass } = setUp(ACTIVE);
    await introspection.ask("known");
    state.answer = new Error("down");
    await introspection.ask("t");
    await introspection.ask("u");
    assert.deepEqual([state.asked.length, state.failures], [2, 1]);
    assert.ok("accepted" in (await introspection.ask("known")));
    pass(1_000);
    state.answer = ACTIVE;
    assert.ok("accepted" in (await introspection.ask("t")));
  });
  test("gets at most 64 requests at once", async () => {
    const { introspection, state } = setUp(ACTIVE);
    const outcomes = await Promise.all(Array.from({ length: 70 }, (_, i) => introspection.ask(`t${i}`)));
    assert.equal(state.asked.length, 64);
    assert.deepEqual(outcomes[69], { code: "auth_unavailable", why: "too many introspection requests" });
  });
  test("has a limited number of answers in memory", async () => {
    const { introspection, state } = setUp(ACTIVE);
    for (let i = 0; i < 5_100; i++) await introspection.ask(`good ${i}`);
    assert.equal(introspection.size, 5_000);
    state.answer = { active: false };
    for (let i = 0; i < 1_100; i++) await introspection.ask(`bad ${i}`);
    assert.equal(introspection.size, 6_000);
  });
});

test("both parts of the client credentials are form-encoded", () => {
  const decoded = Buffer.from(basicOf("a:b", "c d%é").slice("Basic ".length), "base64").toString();
  assert.equal(decoded, "a%3Ab:c+d%25%C3%A9");
});

describe("providers in turn", () => {
  const REFUSED = { code: "invalid_credentials", why: "unknown", foreign: true } as const;
  const ask = (...answers: unknown[]) => {
    const states = answers.map((answer) => setUp(answer));
    const asked = () => states.map(({ state }) => state.asked.length);
    return { outcome: inTurn(states.map(({ introspection }) => introspection))("t", REFUSED), asked };
  };
  const INACTIVE = { active: false };
  const rows: readonly (readonly [what: string, answers: unknown[], asked: number[], outcome: string])[] = [
    ["the first that knows the token decides", [ACTIVE, ACTIVE], [1, 0], "accepted"],
    ["the next is asked", [INACTIVE, ACTIVE], [1, 1], "accepted"],
    ["also where one is down", [new Error("down"), ACTIVE], [1, 1], "accepted"],
    ["one that refuses decides, too", [{ ...ACTIVE, aud: "x" }, ACTIVE], [1, 0], "invalid_credentials"],
    ["nobody knows it", [INACTIVE, INACTIVE], [1, 1], "invalid_credentials"],
    ["one that is down might know it", [new Error("down"), INACTIVE], [1, 1], "auth_unavailable"],
  ];
  for (const [what, answers, asked, expected] of rows)
    test(what, async () => {
      const { outcome, asked: counts } = ask(...answers);
      const result = await outcome;
      assert.equal("accepted" in result ? "accepted" : result.code, expected);
      assert.deepEqual(counts(), asked);
    });
});
