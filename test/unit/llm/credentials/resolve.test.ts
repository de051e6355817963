// The credential of each attempt: every origin, policy and reason, and no credential at a foreign provider.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ClientCredentials } from "../../../../src/llm/credentials/client-credentials.ts";
import { Credential } from "../../../../src/llm/credentials/credential.ts";
import type { Credentials } from "../../../../src/llm/credentials/credentials.ts";
import { type Claim, INELIGIBLE, ineligibleFault } from "../../../../src/llm/credentials/resolve.ts";
import { CredentialState } from "../../../../src/llm/credentials/state.ts";
import type { ProviderSettings } from "../../../../src/llm/settings.ts";
import { contextOf } from "../../../support/context.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { credentialsOf, PROVIDERS, providerFault } from "../../../support/llm-credentials.ts";

const { openai, anthropic, google, openrouter, Local } = PROVIDERS;
const ALL: readonly ProviderSettings[] = Object.values(PROVIDERS);

const CLAUDE = ["authorization", "Bearer sk-ant-oat01-c"];
const OPENAI = ["authorization", "Bearer sk-proj-o"];

function claimOf(credentials: Credentials, fields: string[], given: Partial<Claim> = {}): Claim {
  const client = credentials.detect(contextOf({ target: "/v1/messages", fields })) as ClientCredentials;
  return { client, conversation: null, tried: [], operatorPays: false, owner: null, ...given };
}

/** Name and value of what is sent, or the reason why nothing is. */
function outcome(
  credentials: Credentials,
  provider: ProviderSettings,
  claim: Claim,
  how: { native?: boolean; renamed?: boolean; model?: string } = {},
): string {
  const candidate = { provider, model: "m", native: true, renamed: false, ...how };
  const found = credentials.resolve(candidate, claim);
  if (found.credential === null) return found.reason;
  return found.credential.attachTo(provider).join(": ") || "nothing";
}

describe("a request without a credential", () => {
  const NOBODY = ["x-api-key", "anything"];
  test("is sent with the operator's key for the provider", () => {
    const credentials = credentialsOf();
    const sent = ALL.map((provider) => outcome(credentials, provider, claimOf(credentials, NOBODY)));
    assert.deepEqual(sent, [
      "authorization: Bearer sk-operator-openai",
      "x-api-key: sk-ant-operator",
      "x-goog-api-key: AIza-operator",
      "authorization: Bearer sk-or-operator",
      "nothing",
    ]);
  });
  test("is not sent where the operator has no key", () => {
    const bare = { ...anthropic, apiKeys: [] };
    const credentials = credentialsOf({}, [bare]);
    assert.equal(outcome(credentials, bare, claimOf(credentials, [])), "no_credential");
  });
  test("is not sent where the operator's keys are for nobody, unless no key is needed", () => {
    const credentials = credentialsOf({ operatorKeys: "never" });
    const claim = claimOf(credentials, []);
    assert.equal(outcome(credentials, openai, claim), "operator_keys_forbidden");
    assert.equal(outcome(credentials, Local, claim), "nothing");
  });
  test("waits until a key may be used again", () => {
    const clock = new FakeClock();
    const credentials = credentialsOf({}, ALL, new CredentialState(() => clock.now()));
    const claim = claimOf(credentials, []);
    const candidate = { provider: openai, model: "m", native: true, renamed: false };
    const first = credentials.resolve(candidate, claim);
    credentials.failed(first.credential!, openai, "m", providerFault("rateLimit", 5000));
    clock.advance(1000);
    assert.deepEqual(credentials.resolve(candidate, claim), {
      credential: null,
      reason: "keys_cooling_down",
      retryAfterMs: 4000,
    });
    assert.equal(outcome(credentials, openai, claim, { model: "another" }), "authorization: Bearer sk-operator-openai");
  });
  test("has tried every key", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, []);
    const candidate = { provider: openai, model: "m", native: true, renamed: false };
    const { credential } = credentials.resolve(candidate, claim);
    assert.equal(outcome(credentials, openai, { ...claim, tried: [credential!.fingerprint] }), "tried");
  });
});

describe("a request with a key of its client", () => {
  test("uses providers it has keys for, and those that need none", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, OPENAI);
    assert.deepEqual(
      ALL.map((provider) => outcome(credentials, provider, claim)),
      [
        "authorization: Bearer sk-proj-o",
        "own_credentials_only",
        "own_credentials_only",
        "own_credentials_only",
        "nothing",
      ],
    );
  });
  test("uses keys of the operator for the others where that is allowed", () => {
    const credentials = credentialsOf({ operatorKeys: "allow" });
    const claim = claimOf(credentials, OPENAI);
    assert.equal(outcome(credentials, openai, claim), "authorization: Bearer sk-proj-o");
    assert.equal(outcome(credentials, anthropic, claim), "x-api-key: sk-ant-operator");
  });
  test("is translated with it as well", () => {
    const credentials = credentialsOf();
    const how = { native: false, renamed: true };
    assert.equal(outcome(credentials, openai, claimOf(credentials, OPENAI), how), "authorization: Bearer sk-proj-o");
  });
  test("rests for the model that was limited, for this client alone", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, OPENAI);
    credentials.failed(claim.client.for(openai)!, openai, "m", providerFault("rateLimit", 5000));
    assert.equal(outcome(credentials, openai, claim), "client_cooling_down");
    assert.equal(outcome(credentials, openai, claim, { model: "n" }), "authorization: Bearer sk-proj-o");
    const another = claimOf(credentials, ["authorization", "Bearer sk-proj-p"]);
    assert.equal(outcome(credentials, openai, another), "authorization: Bearer sk-proj-p");
    assert.equal(
      outcome(credentials, openai, claimOf(credentials, [])),
      "authorization: Bearer sk-operator-openai",
      "nor does the operator's key",
    );
  });
  test("is replaced by a key of the operator only where that is allowed", () => {
    for (const [operatorKeys, then] of [
      ["whenNoClientKey", "tried"],
      ["never", "tried"],
      ["allow", "authorization: Bearer sk-operator-openai"],
    ] as const) {
      const credentials = credentialsOf({ operatorKeys });
      const claim = claimOf(credentials, OPENAI);
      const tried = [claim.client.for(openai)!.fingerprint];
      assert.equal(outcome(credentials, openai, { ...claim, tried }), then);
    }
  });
  test("is never bad for others: what it is refused for is final", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, OPENAI);
    const own = claim.client.for(openai)!;
    for (const kind of ["authentication", "permission"] as const) {
      assert.equal(credentials.isFinal(providerFault(kind), own), true);
      credentials.failed(own, openai, "m", providerFault(kind));
    }
    assert.equal(outcome(credentials, openai, claim), "authorization: Bearer sk-proj-o");
  });
});

describe("a request with a token of a subscription", () => {
  test("goes to its provider's own API only, for the model it names", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, CLAUDE);
    assert.equal(outcome(credentials, anthropic, claim), "authorization: Bearer sk-ant-oat01-c");
    assert.equal(outcome(credentials, anthropic, claim, { native: false }), "passthrough_requires_native_protocol");
    assert.equal(outcome(credentials, anthropic, claim, { renamed: true }), "passthrough_requires_same_model");
    for (const provider of [openai, google, openrouter, Local]) {
      assert.equal(outcome(credentials, provider, claim), "passthrough_requires_native_protocol", provider.id);
    }
  });
  test("is not paid by another key of the same provider, whatever is allowed", () => {
    for (const operatorKeys of ["allow", "whenNoClientKey", "never"] as const) {
      const credentials = credentialsOf({ operatorKeys, onLimit: "failover" });
      const claim = claimOf(credentials, CLAUDE, { operatorPays: true });
      credentials.failed(claim.client.for(anthropic)!, anthropic, "m", providerFault("rateLimit"));
      assert.equal(outcome(credentials, anthropic, claim), "client_cooling_down");
      assert.equal(outcome(credentials, anthropic, claim, { model: "n" }), "client_cooling_down");
    }
  });
  test("moves to keys of the operator at other providers once the operator pays", () => {
    const credentials = credentialsOf({ onLimit: "failover" });
    const claim = claimOf(credentials, CLAUDE, { operatorPays: true });
    assert.equal(outcome(credentials, openai, claim), "authorization: Bearer sk-operator-openai");
    assert.equal(outcome(credentials, Local, claim), "nothing");
    const never = credentialsOf({ onLimit: "failover", operatorKeys: "never" });
    assert.equal(outcome(never, openai, claim), "passthrough_requires_native_protocol");
  });
  test("of Google goes to Google only", () => {
    const credentials = credentialsOf();
    const claim = claimOf(credentials, ["authorization", "Bearer ya29.g"]);
    assert.deepEqual(
      ALL.map((provider) => outcome(credentials, provider, claim)),
      [
        "passthrough_requires_native_protocol",
        "passthrough_requires_native_protocol",
        "authorization: Bearer ya29.g",
        "passthrough_requires_native_protocol",
        "passthrough_requires_native_protocol",
      ],
    );
  });
});

describe("a request about what a provider keeps", () => {
  const two = { ...openai, apiKeys: ["sk-1", "sk-2"] };
  test("goes to the key that made it, though that rests", () => {
    const credentials = credentialsOf({}, [two]);
    for (const { fingerprint } of credentials.health(two, "")) {
      const claim = claimOf(credentials, [], { owner: fingerprint, tried: [fingerprint] });
      const candidate = { provider: two, model: "m", native: true, renamed: false };
      const found = credentials.resolve(candidate, claim);
      assert.equal(found.credential!.fingerprint, fingerprint);
      credentials.failed(found.credential!, two, "m", providerFault("rateLimit"));
      assert.equal(credentials.resolve(candidate, claim).credential, found.credential);
    }
  });
  test("is refused once that key is gone, rather than sent with another", () => {
    const credentials = credentialsOf({}, [two]);
    const claim = claimOf(credentials, [], { owner: "0123456789abcdef" });
    assert.equal(outcome(credentials, two, claim), "owner_unavailable");
  });
  test("made with a client's own key is found with that key only", () => {
    const credentials = credentialsOf({}, [two]);
    const client = claimOf(credentials, OPENAI).client;
    const owner = client.for(two)!.fingerprint;
    assert.equal(outcome(credentials, two, claimOf(credentials, OPENAI, { owner })), "authorization: Bearer sk-proj-o");
    const another = claimOf(credentials, ["authorization", "Bearer sk-proj-p"], { owner });
    assert.equal(outcome(credentials, two, another), "owner_unavailable");
    assert.equal(outcome(credentials, two, claimOf(credentials, [], { owner })), "owner_unavailable");
  });
});

describe("a preview", () => {
  test("changes nothing: no turn, no conversation, no try of a bad key", () => {
    const two = { ...openai, apiKeys: ["sk-1", "sk-2"] };
    const credentials = credentialsOf({}, [two]);
    const candidate = { provider: two, model: "m", native: true, renamed: false };
    const claim = claimOf(credentials, []);
    const first = credentials.preview(candidate, claim).credential;
    assert.equal(credentials.preview(candidate, claim).credential, first);
    assert.equal(credentials.resolve(candidate, claim).credential, first);
    assert.notEqual(credentials.resolve(candidate, claim).credential, first);
  });
});

test("no credential reaches another provider, whatever is brought and allowed", () => {
  const brought: Credential[] = [];
  for (const provider of ALL) {
    const { id, kind } = provider;
    const facts = { kind, origin: "client", account: [] } as const;
    brought.push(new Credential({ ...facts, provider, oauth: false }, `named-${id}`));
    brought.push(new Credential({ ...facts, provider: null, oauth: false }, `key-${id}`));
    brought.push(new Credential({ ...facts, provider: null, oauth: true }, `token-${id}`));
  }
  let attempts = 0;
  for (const operatorKeys of ["allow", "whenNoClientKey", "never"] as const) {
    for (const credential of brought) {
      for (const provider of ALL) {
        for (const operatorPays of [false, true]) {
          for (const tried of [[], [credential.fingerprint]]) {
            const credentials = credentialsOf({ operatorKeys });
            const client = new ClientCredentials();
            client.add(credential);
            const claim = { client, conversation: "x", tried, operatorPays, owner: null };
            const sent = outcome(credentials, provider, claim);
            attempts++;
            const [, value = ""] = /(?:named|key|token)-(.*)$/.exec(sent) ?? [];
            assert.ok(value === "" || value === provider.id, `${sent} was sent to ${provider.id}`);
          }
        }
      }
    }
  }
  assert.equal(attempts, 3 * 15 * 5 * 2 * 2);
});

test("every reason is a fault with a status, a text and its name as code", () => {
  for (const reason of Object.keys(INELIGIBLE) as (keyof typeof INELIGIBLE)[]) {
    const fault = ineligibleFault(reason, 3000);
    assert.ok(fault.status >= 400 && fault.message !== "");
    assert.deepEqual([fault.code, fault.retryAfterMs], [reason, 3000]);
  }
  assert.equal(ineligibleFault("passthrough_requires_native_protocol", -1).status, 400);
  assert.equal(ineligibleFault("client_cooling_down", 1).status, 429);
});
