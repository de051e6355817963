// Credentials of clients: which form is whose, and what is not taken for one.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import type { ClientCredentials } from "../../../../src/llm/credentials/client-credentials.ts";
import { keylessCredential } from "../../../../src/llm/credentials/credential.ts";
import { Detector } from "../../../../src/llm/credentials/detect.ts";
import { DEFAULT_PREFIXES } from "../../../../src/llm/credentials/forms.ts";
import type { CredentialSettings } from "../../../../src/llm/settings.ts";
import { contextOf, type GivenContext } from "../../../support/context.ts";
import { ALL_ADAPTERS, PROVIDERS } from "../../../support/llm-credentials.ts";

const ALL = Object.values(PROVIDERS);
const CHAT = "/v1/chat/completions";
const GENERATE = "/v1beta/models/gemini-2.5-pro:generateContent";

const SETTINGS: CredentialSettings = {
  enabled: ALL_ADAPTERS,
  operatorKeys: "whenNoClientKey",
  onLimit: "return",
  prefixes: DEFAULT_PREFIXES,
};

function detect(given: GivenContext, enabled: CredentialSettings["enabled"] = ALL_ADAPTERS): ClientCredentials {
  return new Detector({ ...SETTINGS, enabled }, ALL).detect(contextOf({ target: CHAT, ...given }));
}

/** Provider → fields that are sent to it. */
function sent(found: ClientCredentials): Record<string, string[]> {
  const all: Record<string, string[]> = {};
  for (const provider of ALL) {
    const credential = found.for(provider);
    if (credential !== null) all[provider.id] = credential.attachTo(provider);
  }
  return all;
}

const FORMS: readonly [what: string, given: GivenContext, to: Record<string, string[]>, adapter: string][] = [
  [
    "the token of a Claude subscription",
    { fields: ["Authorization", "Bearer sk-ant-oat01-a"] },
    { anthropic: ["authorization", "Bearer sk-ant-oat01-a"] },
    "anthropic-oauth",
  ],
  [
    "a key of Anthropic in its own field",
    { fields: ["X-Api-Key", "sk-ant-api03-a"] },
    { anthropic: ["x-api-key", "sk-ant-api03-a"] },
    "user-key",
  ],
  [
    "a key of Anthropic as a bearer",
    { fields: ["authorization", "bearer sk-ant-api03-a"] },
    { anthropic: ["x-api-key", "sk-ant-api03-a"] },
    "user-key",
  ],
  [
    "a token of Google",
    { fields: ["authorization", "Bearer ya29.a0"] },
    { google: ["authorization", "Bearer ya29.a0"] },
    "google-oauth",
  ],
  [
    "a key of Gemini in its own field",
    { fields: ["x-goog-api-key", "AIzaX"] },
    { google: ["x-goog-api-key", "AIzaX"] },
    "google-oauth",
  ],
  [
    "a key of Gemini in the query",
    { target: `${GENERATE}?alt=sse&key=AIza%58` },
    { google: ["x-goog-api-key", "AIzaX"] },
    "google-oauth",
  ],
  [
    "a key of OpenRouter",
    { fields: ["authorization", "Bearer sk-or-v1-a"] },
    { openrouter: ["authorization", "Bearer sk-or-v1-a"] },
    "user-key",
  ],
  [
    "a key of OpenAI as a bearer",
    { fields: ["authorization", "Bearer sk-proj-a"] },
    { openai: ["authorization", "Bearer sk-proj-a"] },
    "openai-key",
  ],
  [
    "a key of OpenAI in x-openai-api-key",
    { fields: ["x-openai-api-key", "any"] },
    { openai: ["authorization", "Bearer any"] },
    "openai-key",
  ],
  [
    "a key of OpenAI in openai-api-key",
    { fields: ["openai-api-key", "any"] },
    { openai: ["authorization", "Bearer any"] },
    "openai-key",
  ],
  [
    "a key that names its provider",
    { fields: ["x-llm-key-google", "sk-looks-like-another"] },
    { google: ["x-goog-api-key", "sk-looks-like-another"] },
    "user-key",
  ],
  [
    "a key that names a provider of the operator's own, in any case",
    { fields: ["X-LLM-Key-local", "k"] },
    { Local: ["authorization", "Bearer k"] },
    "user-key",
  ],
];

describe("a credential of a client", () => {
  for (const [what, given, to, adapter] of FORMS) {
    test(`${what} goes to one provider`, () => assert.deepEqual(sent(detect(given)), to));
    test(`${what} is none, nor another provider's, without its adapter`, () => {
      const others = ALL_ADAPTERS.filter((name) => name !== adapter);
      assert.equal(detect(given, others).any, false);
    });
    test(`${what} is recognised whatever the order of the adapters`, () => {
      assert.deepEqual(sent(detect(given, [...ALL_ADAPTERS].reverse())), to);
    });
  }

  const NONE: readonly [string, GivenContext][] = [
    ["a long text without a known beginning", { fields: ["authorization", `Bearer ${"a1B2".repeat(30)}`] }],
    ["a JWT", { fields: ["authorization", "Bearer eyJhbGciOi.eyJ.sig"] }],
    ["a password", { fields: ["authorization", "Basic sk-ant-api03"] }],
    ["x-api-key without the beginning of Anthropic's", { fields: ["x-api-key", "sk-proj-a"] }],
    ["?key= on a path that is not Gemini's", { target: `${CHAT}?key=AIzaX` }],
    ["an empty field", { fields: ["x-goog-api-key", " ", "authorization", "Bearer "] }],
    ["a scheme that only begins like bearer", { fields: ["authorization", "Bearersk-a"] }],
    ["nothing", {}],
  ];
  for (const [what, given] of NONE) {
    test(`is not found in ${what}`, () => {
      const found = detect(given);
      assert.equal(found.any, false);
      assert.deepEqual(sent(found), {});
    });
  }

  test("is recognised by the beginnings that are configured", () => {
    const prefixes = { ...DEFAULT_PREFIXES, openai: "oa-", anthropic: "an-" };
    const found = (value: string) => {
      const ctx = contextOf({ target: CHAT, fields: ["authorization", `Bearer ${value}`] });
      return Object.keys(sent(new Detector({ ...SETTINGS, prefixes }, ALL).detect(ctx)));
    };
    assert.deepEqual(["oa-1", "an-1", "sk-1", "sk-ant-1"].map(found), [["openai"], ["anthropic"], [], []]);
  });
  test("that names its provider precedes one for all of its kind", () => {
    const fields = ["authorization", "Bearer sk-proj-a", "x-llm-key-openai", "sk-named"];
    assert.deepEqual(sent(detect({ fields })), { openai: ["authorization", "Bearer sk-named"] });
  });
  test("is found for each provider there is one for", () => {
    const fields = ["authorization", "Bearer sk-ant-oat01-a", "x-openai-api-key", "sk-b", "x-goog-api-key", "c"];
    const found = detect({ fields });
    assert.deepEqual(Object.keys(sent(found)), ["openai", "anthropic", "google"]);
    assert.equal(found.oauth, true);
  });
  test("of a subscription precedes a key for the same provider", () => {
    const fields = ["x-api-key", "sk-ant-api03-a", "authorization", "Bearer sk-ant-oat01-a"];
    assert.deepEqual(sent(detect({ fields })), { anthropic: ["authorization", "Bearer sk-ant-oat01-a"] });
  });
  test("takes the fields that select an account of its provider along, and no others", () => {
    const fields = ["OpenAI-Organization", "org-1", "authorization", "Bearer sk-a", "x-goog-user-project", "p"];
    assert.deepEqual(sent(detect({ fields })), {
      openai: ["authorization", "Bearer sk-a", "openai-organization", "org-1"],
    });
  });
  test("is refused in two places with different values, by name and without them", () => {
    const twice = (fields: string[], target = CHAT) => {
      return () => detect({ fields, target });
    };
    const expect = (param: string) => (error: Error) => {
      assert.equal(error.message, `${param}: must not be sent with different values`);
      return true;
    };
    assert.throws(twice(["x-api-key", "sk-ant-a", "X-API-Key", "sk-ant-b"]), expect("x-api-key"));
    assert.throws(twice(["authorization", "Bearer sk-a", "authorization", "Bearer sk-b"]), expect("authorization"));
    assert.throws(twice([], `${GENERATE}?key=a&key=b`), expect("?key"));
    assert.equal(twice(["x-api-key", "sk-ant-a", "X-API-Key", "sk-ant-a"])().any, true);
  });
  test("for a provider that does not exist is refused by name", () => {
    assert.throws(() => detect({ fields: ["x-llm-key-opanai", "sk-secret"] }), {
      message: "x-llm-key-opanai: names no provider",
    });
  });
});

describe("the gateway's own authentication", () => {
  test("keeps what it has accepted, wherever it stands", () => {
    const shown: readonly GivenContext[] = [
      { fields: ["authorization", "Bearer sk-gateway"] },
      { fields: ["x-goog-api-key", "sk-gateway"] },
      { fields: ["x-llm-key-openai", "sk-gateway"] },
      { target: `${GENERATE}?key=sk-gateway` },
    ];
    for (const given of shown) assert.equal(detect({ ...given, credential: "sk-gateway" }).any, false);
  });
  test("keeps what it has removed", () => {
    const ctx = contextOf({ target: `${GENERATE}?key=a`, fields: ["Authorization", "Bearer sk-a"] });
    ctx.edited().drop("authorization");
    ctx.edited().query = "";
    assert.equal(new Detector(SETTINGS, ALL).detect(ctx).any, false);
  });
  test("leaves credentials for providers beside its own", () => {
    const fields = ["x-api-key", "gw-1", "authorization", "Bearer sk-ant-oat01-a"];
    assert.deepEqual(Object.keys(sent(detect({ fields, credential: "gw-1" }))), ["anthropic"]);
  });
  test("by a service keeps what that service could have issued", () => {
    const admission = { method: "forward", variant: "", scopes: [] } as const;
    const taken = (fields: string[]) => Object.keys(sent(detect({ fields, admission })));
    assert.deepEqual(taken(["authorization", "Bearer sk-a"]), []);
    assert.deepEqual(taken(["x-goog-api-key", "a"]), []);
    assert.deepEqual(taken(["authorization", "Bearer sk-ant-oat01-a"]), ["anthropic"]);
    assert.deepEqual(taken(["x-llm-key-openai", "a"]), ["openai"]);
  });
});

describe("the value of a credential", () => {
  const found = detect({ fields: ["authorization", "Bearer sk-canary", "x-llm-key-google", "canary-2"] });
  test("is in no text made of it", () => {
    for (const credential of found.all()) {
      const texts = [`${credential}`, JSON.stringify(credential), inspect(credential), inspect({ found, credential })];
      for (const text of texts) assert.doesNotMatch(text, /canary/);
      const depth = inspect(credential, { showHidden: true, depth: null, customInspect: false });
      assert.doesNotMatch(depth, /canary/);
    }
    assert.doesNotMatch(inspect(found, { showHidden: true, depth: null }), /canary/);
    assert.doesNotMatch(JSON.stringify(found), /canary/);
  });
  test("is taken out of a text that repeats it, also where that was cut within it", () => {
    const [, openai] = found.all();
    assert.equal(openai!.hideIn("invalid header sk-canary; sk-canary"), "invalid header …; …");
    assert.equal(openai!.hideIn("invalid header sk-canar"), "invalid header …");
    assert.equal(openai!.hideIn("a short one: sk-can"), "a short one: sk-can");
    assert.equal(keylessCredential(PROVIDERS.Local).hideIn("text"), "text");
  });
  test("of a provider is not sent where that provider has moved to", () => {
    const [google] = found.all();
    const moved = { ...PROVIDERS.google, origin: "https://relay.example" };
    assert.throws(() => google!.attachTo(moved), { message: "a credential for google must not be sent to google" });
  });
  test("is attached to requests to its provider only", () => {
    const [google, openai] = found.all();
    for (const provider of ALL) {
      if (provider.kind !== "openai") assert.throws(() => openai!.attachTo(provider), /must not be sent to/);
      if (provider.id !== "google") assert.throws(() => google!.attachTo(provider), /must not be sent to/);
    }
  });
});
