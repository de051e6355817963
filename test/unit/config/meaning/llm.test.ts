// `llm` and the strategies of rules: effective values, errors and warnings.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyDigest } from "../../../../src/auth/api-keys.ts";
import type { Config } from "../../../../src/config/config.ts";
import { backendOf } from "../../../../src/config/meaning/backends.ts";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { DEFAULT_PREFIXES } from "../../../../src/llm/credentials/forms.ts";
import type { ProviderSettings } from "../../../../src/llm/settings.ts";
import { load, type Outcome } from "../../../support/load.ts";

type Block = Readonly<Record<string, unknown>>;
type Env = Readonly<Record<string, string>>;

const OPENAI: Block = { kind: "openai", apiKeys: ["sk-1"] };
const STRATEGY: Block = { type: "llm", models: ["openai/gpt-5"] };

interface Given {
  readonly llm?: unknown;
  readonly rule?: Block;
  readonly strategy?: Block;
  readonly more?: Block;
}

function outcome(
  { llm = { providers: { openai: OPENAI } }, rule = {}, strategy = {}, more = {} }: Given,
  env: Env = {},
): Outcome {
  const rules = [{ id: "r", path: "/v1/*", strategy: { ...STRATEGY, ...strategy }, ...rule }];
  return load(JSON.stringify({ gateway: { llm, router: { rules }, ...more } }, null, 1), env);
}

function fine(given: Given, env: Env = {}): Config {
  const { config, errors } = outcome(given, env);
  assert.deepEqual(errors, []);
  return config!;
}

const withoutPlace = (line: string) => line.replace(/^t\.yaml:\d+:\d+: /, "");
const faults = (given: Given) => outcome(given).errors.map(withoutPlace);
const warnings = (given: Given, env: Env = {}) => outcome(given, env).warnings.map(withoutPlace);

/** The provider `p`, beside the one that the rule uses. */
function provider(section: Block, env: Env = {}): ProviderSettings {
  return fine({ llm: { providers: { openai: OPENAI, p: section } } }, env).llm!.providers[1]!;
}
const providerFaults = (section: Block) => faults({ llm: { providers: { openai: OPENAI, p: section } } });

describe("llm", () => {
  test("is null unless it is written", () => {
    const rules = [{ path: "/", serviceName: "_internal" }];
    assert.equal(load(JSON.stringify({ gateway: { router: { rules } } })).config!.llm, null);
  });
  test("has defaults that suit models which reason for minutes", () => {
    const { llm, rules } = fine({});
    const { providers, models, aliases, ...rest } = llm!;
    assert.deepEqual([providers.length, models, [...aliases]], [1, [], [["auto", "auto"]]]);
    const { fallback, ...plain } = rest;
    assert.deepEqual(plain, {
      maxBodyBytes: 32 * 1024 * 1024,
      credentials: {
        enabled: ["anthropic-oauth", "google-oauth", "openai-key"],
        operatorKeys: "whenNoClientKey",
        onLimit: "return",
        prefixes: DEFAULT_PREFIXES,
      },
      responseHeaders: true,
      keepAliveMs: 15_000,
    });
    const { onStatus, ...times } = fallback;
    assert.deepEqual(times, {
      maxAttempts: 3,
      switchBudgetMs: 300,
      cooldownMs: 180_000,
      maxCooldownMs: 300_000,
      contentPolicy: "return",
      contextOverflow: "failover",
    });
    assert.deepEqual(
      [408, 409, 425, 429, 500, 529, 599, 400, 404].map((status) => onStatus.has(status)),
      [true, true, true, true, true, true, true, false, false],
    );
    assert.deepEqual([rules[0]!.timeoutMs, rules[0]!.maxBodyBytes], [600_000, 32 * 1024 * 1024]);
  });
  test("takes what is written", () => {
    const { llm, rules } = fine({
      llm: {
        providers: { openai: OPENAI },
        authAdapters: { enabled: ["USER-KEY"], operatorKeys: "whennoclientkey", passthrough: { onLimit: "failover" } },
        fallback: {
          maxAttempts: 5,
          switchBudgetMs: 50,
          cooldownSeconds: 10,
          maxCooldownSeconds: "1m",
          onStatus: [429, "502-503"],
          contentPolicy: "failover",
          contextOverflow: "return",
        },
        maxBodySize: "1mb",
        responseHeaders: false,
        keepaliveInterval: 5,
      },
    });
    const { credentials, fallback, maxBodyBytes, responseHeaders, keepAliveMs } = llm!;
    const { prefixes: _, ...given } = credentials;
    assert.deepEqual(given, { enabled: ["user-key"], operatorKeys: "whenNoClientKey", onLimit: "failover" });
    assert.deepEqual(fallback, {
      maxAttempts: 5,
      switchBudgetMs: 50,
      cooldownMs: 10_000,
      maxCooldownMs: 60_000,
      onStatus: new Set([429, 502, 503]),
      contentPolicy: "failover",
      contextOverflow: "return",
    });
    assert.deepEqual([maxBodyBytes, responseHeaders, keepAliveMs], [1024 * 1024, false, 5000]);
    assert.equal(rules[0]!.maxBodyBytes, 1024 * 1024);
  });
  test("is set by the environment", () => {
    const { llm } = fine(
      {},
      { GATEWAY_LLM_AUTHADAPTERS_ENABLED: "user-key, openai-key", GATEWAY_LLM_MAXBODYSIZE: "2mb" },
    );
    assert.deepEqual(llm!.credentials.enabled, ["user-key", "openai-key"]);
    assert.equal(llm!.maxBodyBytes, 2 * 1024 * 1024);
  });
  test("refuses unknown words and values that contradict each other", () => {
    const llm = (more: Block) => ({ llm: { providers: { openai: OPENAI }, ...more } });
    assert.deepEqual(faults(llm({ authAdapters: { enabled: ["openai-keys"] } })), [
      'llm.authAdapters.enabled: unknown word "openai-keys"; did you mean "openai-key"?',
    ]);
    assert.deepEqual(faults(llm({ maxBodySize: 0 })), ["llm.maxBodySize must be above 0"]);
    assert.deepEqual(faults(llm({ fallback: { cooldownSeconds: 60, maxCooldownSeconds: 30 } })), [
      "llm.fallback: maxCooldownSeconds is below cooldownSeconds",
    ]);
    assert.deepEqual(faults(llm({ fallback: { onStatus: "5xx" } })), [
      'llm.fallback.onStatus: "5xx" is not a status or a range such as "200-299"; did you mean 500-599?',
    ]);
  });
});

describe("a provider", () => {
  test("has what its kind implies", () => {
    const shape = ({ origin, basePath, formats, dialect }: ProviderSettings) => [
      origin + basePath,
      formats,
      dialect.maxTokensField,
    ];
    assert.deepEqual(shape(provider(OPENAI)), [
      "https://api.openai.com/v1",
      ["openai-chat", "openai-responses"],
      "max_completion_tokens",
    ]);
    assert.equal(provider({ kind: "anthropic" }).origin, "https://api.anthropic.com");
    assert.deepEqual(provider({ kind: "gemini" }).formats, ["gemini"]);
    assert.deepEqual(shape(provider({ kind: "openrouter" })), [
      "https://openrouter.ai/api/v1",
      ["openai-chat"],
      "max_tokens",
    ]);
    const local = provider({ kind: "OpenAICompatible", baseUrl: "http://[::1]:11434/v1/" });
    assert.deepEqual([local.kind, local.origin, local.basePath], ["openaiCompatible", "http://[::1]:11434", "/v1"]);
  });
  test("takes its keys from the file, otherwise from the environment", () => {
    const env = { ANTHROPIC_API_KEY: "a, b,,a", GEMINI_API_KEY: "g", OPENROUTER_API_KEY: "o" };
    assert.deepEqual(provider({ kind: "anthropic" }, env).apiKeys, ["a", "b"]);
    assert.deepEqual(provider({ kind: "gemini" }, env).apiKeys, ["g"]);
    assert.deepEqual(provider({ kind: "openrouter" }, env).apiKeys, ["o"]);
    assert.deepEqual(provider({ kind: "anthropic", apiKeys: "x" }, env).apiKeys, ["x"]);
    assert.deepEqual(provider({ kind: "anthropic", apiKeys: ["${UNSET}", "x"] }, env).apiKeys, ["x"]);
  });
  test("needs no key only if it is compatible and none was given", () => {
    const baseUrl = "http://127.0.0.1:1/v1";
    assert.equal(provider({ kind: "openaiCompatible", baseUrl }).keyless, true);
    assert.equal(provider({ kind: "openaiCompatible", baseUrl, apiKeys: "${UNSET}" }).keyless, false);
    assert.equal(provider({ kind: "openai", baseUrl }).keyless, false);
  });
  test("may have headers, a dialect, a format and times of its own", () => {
    const own = provider({
      kind: "openaiCompatible",
      baseUrl: "https://api.example.com",
      headers: { "X-Org": "a" },
      format: ["openai-responses", "openai-chat"],
      dialect: {
        maxTokensField: "max_completion_tokens",
        developerRole: true,
        streamUsage: false,
        reasoning: "openrouter",
        callIds: "mistral",
        genuine: true,
        remoteUrls: false,
      },
      idleTimeout: "1m",
      ttftTimeout: 20,
    });
    assert.deepEqual(
      [own.headers, own.formats],
      [
        ["X-Org", "a"],
        ["openai-responses", "openai-chat"],
      ],
    );
    const { maxTokensField, developerRole, streamUsage, reasoning, remoteUrls, callIds, genuine } = own.dialect;
    assert.deepEqual([callIds, genuine], ["mistral", true]);
    assert.deepEqual(
      [maxTokensField, developerRole, streamUsage, reasoning, remoteUrls],
      ["max_completion_tokens", true, false, "openrouter", false],
    );
    assert.deepEqual([own.idleTimeoutMs, own.ttftTimeoutMs], [60_000, 20_000]);
  });
  test("tells OpenRouter who asks, from the environment", () => {
    const env = { HTTP_REFERER: "https://a.example", X_TITLE: "A" };
    assert.deepEqual(provider({ kind: "openrouter" }, env).headers, [
      "http-referer",
      "https://a.example",
      "x-title",
      "A",
    ]);
    assert.deepEqual(provider({ kind: "openrouter", headers: { "X-Title": "B" } }, env).headers, [
      "X-Title",
      "B",
      "http-referer",
      "https://a.example",
    ]);
  });
  test("may be written in older spellings", () => {
    const old = { kind: "openai", apiKey: "k", idleTimeoutMs: 1500, ttftTimeoutMs: "2s", connectTimeoutMs: 5 };
    const config = fine({ llm: { providers: { openai: { ...old, firstByteTimeoutMs: 250 } } } });
    const { apiKeys, idleTimeoutMs, ttftTimeoutMs } = config.llm!.providers[0]!;
    assert.deepEqual([apiKeys, idleTimeoutMs, ttftTimeoutMs], [["k"], 1500, 2000]);
    const { dialTimeout, responseHeaderTimeout } = backendOf(config, "llm.openai").http;
    assert.deepEqual([dialTimeout, responseHeaderTimeout], [5, 250]);
    assert.match(providerFaults({ ...OPENAI, apiKey: "k" })[0]!, /"apiKey" and "apiKeys" are the same/);
  });
  test("is a service with one endpoint and its own waits", () => {
    const config = fine({
      llm: {
        providers: {
          openai: OPENAI,
          local: {
            kind: "openaiCompatible",
            baseUrl: "http://[::1]:11434/v1",
            connectTimeout: 1,
            firstByteTimeout: "2m",
          },
        },
      },
      more: {
        backend: { http: { dialTimeout: 9, preserveHost: true, tls: { enabled: true, insecureSkipVerify: true } } },
      },
    });
    assert.deepEqual(
      config.services.map(({ name, endpoints: [e] }) => [name, e!.id, e!.scheme, e!.address, e!.port]),
      [
        ["llm.openai", "llm.openai-api.openai.com-443", "https", "api.openai.com", 443],
        ["llm.local", "llm.local-::1-11434", "http", "::1", 11434],
      ],
    );
    const { http } = backendOf(config, "llm.local");
    assert.deepEqual([http.dialTimeout, http.responseHeaderTimeout, http.preserveHost], [1000, 120_000, false]);
    const openai = backendOf(config, "llm.openai").http;
    assert.deepEqual([openai.dialTimeout, openai.responseHeaderTimeout], [5000, 600_000]);
    assert.deepEqual([openai.tls.enabled, openai.tls.insecureSkipVerify], [false, false]);
  });
  test("gives way to settings of its service", () => {
    const services = { "llm.openai": { http: { dialTimeout: 7, maxConnsPerHost: 3, tls: { minVersion: "1.3" } } } };
    const { http } = backendOf(fine({ more: { backend: { services } } }), "llm.openai");
    assert.deepEqual([http.dialTimeout, http.maxConnsPerHost], [7000, 3]);
    assert.deepEqual([http.tls.enabled, http.tls.minVersion, http.tls.insecureSkipVerify], [true, "1.3", false]);
  });
  test("is refused where its URL is wrong", () => {
    const fault = (baseUrl: string, kind = "openaiCompatible") =>
      providerFaults({ kind, baseUrl }).map((line) => line.replace("llm.providers.p.baseUrl: ", ""));
    assert.deepEqual(fault("api.example.com/v1"), [
      '"api.example.com/v1" is not a URL; write https://api.example.com/v1',
    ]);
    assert.deepEqual(fault("localhost:11434"), [
      '"localhost:11434" must begin with https:// or http://; write http://localhost:11434',
    ]);
    assert.match(fault("https://me:pw@api.example.com/v1")[0]!, /^must not contain credentials/);
    assert.match(fault("https://api.example.com/v1?key=1")[0]!, /^must not contain a query/);
    assert.match(fault("https://api.example.com/v1/chat/completions")[0]!, /write https:\/\/api\.example\.com\/v1$/);
    assert.match(fault("https://api.anthropic.com/v1", "anthropic")[0]!, /write https:\/\/api\.anthropic\.com$/);
    assert.match(fault("https://g.example/v1beta/models", "gemini")[0]!, /write https:\/\/g\.example$/);
    assert.deepEqual(providerFaults({ kind: "openaiCompatible" }), [
      "llm.providers.p: openaiCompatible needs baseUrl, such as http://127.0.0.1:11434/v1",
    ]);
  });
  test("is warned about where keys would cross the internet unencrypted", () => {
    const warned = (baseUrl: string) =>
      warnings({ llm: { providers: { openai: OPENAI, p: { kind: "openaiCompatible", baseUrl } } } });
    assert.deepEqual(warned("http://api.example.org/v1"), [
      "llm.providers.p.baseUrl: prompts and keys are sent unencrypted to api.example.org; write https://",
    ]);
    assert.equal(warned("http://8.8.8.8/v1").length, 1);
    for (const host of [
      "127.0.0.1",
      "10.1.2.3",
      "[::1]",
      "[fd00::1]",
      "ollama",
      "gpu.internal",
      "vllm.ml.svc.cluster.local",
    ])
      assert.deepEqual(warned(`http://${host}:8000/v1`), [], host);
  });
  test("is refused where its name, header, format or key cannot be used", () => {
    const baseUrl = "http://127.0.0.1:1";
    assert.match(
      faults({ llm: { providers: { openai: OPENAI, "My Models": OPENAI } } })[0]!,
      /^llm\.providers: "My Models"/,
    );
    assert.match(providerFaults({ ...OPENAI, headers: { Authorization: "Bearer x" } })[0]!, /write keys in apiKeys$/);
    assert.match(providerFaults({ ...OPENAI, headers: { Host: "x" } })[0]!, /is set by the gateway$/);
    assert.match(providerFaults({ ...OPENAI, headers: { "a b": "x" } })[0]!, /is not a valid header name$/);
    assert.match(
      providerFaults({ kind: "anthropic", format: "gemini" })[0]!,
      /has no format gemini; it has anthropic-messages$/,
    );
    assert.match(
      providerFaults({ kind: "openai", baseUrl, apiKeys: ["good", "a b"] })[0]!,
      /key 2 contains characters/,
    );
    assert.match(providerFaults({ kind: "openia" })[0]!, /did you mean "openai"\?$/);
  });
  test("shows no key", () => {
    const shown = printConfiguration(
      fine({ llm: { providers: { openai: { ...OPENAI, headers: { "X-Private": "header-secret" } } } } }),
    );
    assert.doesNotMatch(shown, /sk-1|header-secret/);
    assert.deepEqual(load(shown).errors, []);
  });
});

describe("a model", () => {
  const model = (section: Block) =>
    fine({
      llm: {
        providers: { openai: OPENAI, local: { kind: "openaiCompatible", baseUrl: "http://h:1/v1" } },
        models: { m: section },
      },
    }).llm!.models[0]!;
  test("has a provider, a name there, and what is known of it", () => {
    const section = {
      provider: "local",
      upstreamName: "llama:3b",
      contextIn: 8000,
      contextOut: 1000,
      capabilities: {
        images: false,
        documents: true,
        audio: false,
        tools: true,
        jsonSchema: false,
        sampling: true,
        stop: false,
        reasoningBack: true,
        toolMedia: true,
        reasoning: { kind: "budget", min: 10, max: 20, off: true },
      },
      pricing: { inputPerMillion: 1.5, outputPerMillion: 2 },
    };
    assert.deepEqual(model(section), {
      id: "m",
      provider: "local",
      upstreamName: "llama:3b",
      facts: {
        images: false,
        documents: true,
        audio: false,
        tools: true,
        sampling: true,
        stop: false,
        reasoningBack: true,
        toolMedia: true,
        contextIn: 8000,
        contextOut: 1000,
        schema: false,
        reasoning: { kind: "budget", min: 10, max: 20, off: true },
      },
      price: { input: 1.5, output: 2 },
    });
    assert.deepEqual(model({ provider: "local" }), {
      id: "m",
      provider: "local",
      upstreamName: "m",
      facts: {},
      price: null,
    });
  });
  test("says how it is told to reason", () => {
    const reasoning = (value: unknown) =>
      model({ provider: "local", capabilities: { reasoning: value } }).facts.reasoning;
    assert.deepEqual(reasoning("none"), { kind: "none" });
    assert.deepEqual(reasoning("effort"), { kind: "effort", efforts: ["low", "medium", "high"] });
    assert.deepEqual(reasoning({ kind: "level", efforts: "low" }), { kind: "level", levels: ["low"] });
    assert.deepEqual(reasoning({ kind: "adaptive", efforts: ["low", "max"] }), {
      kind: "adaptive",
      efforts: ["low", "max"],
    });
  });
  test("belongs to the provider of its author unless it says otherwise", () => {
    const { models } = fine({ llm: { providers: { openai: OPENAI }, models: { "openai/gpt-5": { contextIn: 9 } } } })
      .llm!;
    assert.deepEqual([models[0]!.provider, models[0]!.upstreamName], ["openai", "gpt-5"]);
  });
  test("is refused where its provider or name is wrong", () => {
    const fault = (models: Block) => faults({ llm: { providers: { openai: OPENAI }, models } });
    assert.deepEqual(fault({ m: { provider: "opena" } }), [
      'llm.models: model "m": unknown provider "opena"; did you mean "openai"?',
    ]);
    assert.deepEqual(fault({ m: {} }), ['llm.models: model "m": model "m" has no provider; write openai/m']);
    assert.match(fault({ auto: { provider: "openai" } })[0]!, /stands for the order of the rule/);
    assert.match(
      fault({ m: { provider: "openai", capabilities: { reasoning: { kind: "budget", min: 9, max: 1 } } } })[0]!,
      /min is above max/,
    );
  });
});

describe("aliases", () => {
  const llm = (aliases: Block) => ({
    llm: { providers: { openai: OPENAI }, models: { m: { provider: "openai" } }, aliases },
  });
  test("stand for models, and for the order of a rule", () => {
    const { aliases } = fine(llm({ fast: "m", best: "openai/gpt-5", "gpt-4": "auto" })).llm!;
    assert.deepEqual(
      [...aliases],
      [
        ["auto", "auto"],
        ["fast", "m"],
        ["best", "openai/gpt-5"],
        ["gpt-4", "auto"],
      ],
    );
  });
  test("are refused where they lead nowhere", () => {
    assert.deepEqual(faults(llm({ fast: "gpt-5" })), [
      'llm.aliases: "fast" → model "gpt-5" has no provider; write openai/gpt-5',
    ]);
    assert.match(faults(llm({ m: "openai/gpt-5" }))[0]!, /is also a key of llm\.models/);
    assert.match(faults(llm({ fast: "cheap" }))[0]!, /not available in this version/);
    assert.match(faults(llm({ auto: "m" }))[0]!, /always stands for the order of the rule/);
  });
});

describe("a strategy", () => {
  test("takes the place of a service", () => {
    const models = ["openai/gpt-5", { model: "openai:o3", weight: 3 }];
    const rule = fine({ strategy: { models, order: "weighted", failover: false } }).rules[0]!;
    assert.deepEqual(rule.strategy, {
      models: [
        { model: "openai/gpt-5", weight: 1 },
        { model: "openai:o3", weight: 3 },
      ],
      order: "weighted",
      failover: false,
      allow: null,
    });
    assert.deepEqual([rule.serviceName, rule.protocol, rule.preserveHost], ["_llm", "http", false]);
    const { order, failover } = fine({}).rules[0]!.strategy!;
    assert.deepEqual([order, failover], ["priority", true]);
  });
  test("leaves event streams to those who write them", () => {
    const config = fine({
      more: { backend: { sse: { enabled: false, readTimeout: 5 } }, frontend: { sse: { enabled: true } } },
    });
    const { heartbeatMs, maxAgeMs, maxRetries } = config.rules[0]!.eventStreams;
    assert.deepEqual([heartbeatMs, maxAgeMs, maxRetries], [0, 0, 0]);
    const { sse } = backendOf(config, "_llm");
    assert.deepEqual([sse.enabled, sse.readTimeout], [true, 600_000]);
  });
  test("lets a rule set its own timeout and size", () => {
    const { timeoutMs, maxBodyBytes } = fine({ rule: { timeout: 7, maxRequestSize: "1kb" } }).rules[0]!;
    assert.deepEqual([timeoutMs, maxBodyBytes], [7000, 1024]);
  });
  test("is refused without usable models", () => {
    const fault = (models: unknown) => faults({ strategy: { models } });
    assert.deepEqual(fault([]), ['rule "r": strategy.models is empty; list models such as openai/gpt-5']);
    assert.deepEqual(fault(["gpt-5"]), ['rule "r": model "gpt-5" has no provider; write openai/gpt-5']);
    assert.deepEqual(fault(["opnai/gpt-5"]), [
      'rule "r": unknown provider "opnai" in "opnai/gpt-5"; did you mean "openai"?',
    ]);
    assert.deepEqual(fault(["openai/"]), ['rule "r": "openai/" names no model behind "openai"']);
    assert.match(fault(["openai/a", "openai/a"])[0]!, /^duplicate model "openai\/a" in rule "r"/);
    assert.match(fault(["auto"])[0]!, /is what clients send/);
    assert.deepEqual(faults({ llm: null }), [
      'rule "r": strategy needs llm.providers, such as { openai: { kind: openai } }',
    ]);
    assert.match(
      faults({ strategy: { models: [{ model: "openai/a", weight: 0 }], order: "weighted" } })[0]!,
      /every weight is 0/,
    );
  });
  test("is warned about weights without effect", () => {
    assert.deepEqual(warnings({ strategy: { models: [{ model: "openai/a", weight: 2 }] } }), [
      'rule "r": weight has no effect without order: weighted',
    ]);
  });
  test("may name all models of a provider, whose order and weight have no effect", () => {
    const models = ["openai/*", "openai:gpt-5*"];
    assert.deepEqual(fine({ strategy: { models } }).rules[0]!.strategy!.models, [
      { model: "openai/*", weight: 1 },
      { model: "openai:gpt-5*", weight: 1 },
    ]);
    assert.deepEqual(warnings({ strategy: { models: [{ model: "openai/*", weight: 2 }], order: "fastest" } }), [
      'rule "r": weight has no effect on "openai/*", whose models clients name',
      'rule "r": order has no effect, because strategy.models names no single model',
    ]);
    assert.deepEqual(warnings({ strategy: { models: ["openai/*", "openai/a"], order: "fastest" } }), []);
    assert.deepEqual(faults({ strategy: { models: ["*"] } }), ['rule "r": model "*" has no provider; write openai/*']);
    assert.match(
      faults({ strategy: { models: ["opnai/*"] } })[0]!,
      /unknown provider "opnai".*did you mean "openai"\?/,
    );
  });
  test("alone may name several models by one name", () => {
    const llm = (more: Block) => ({ llm: { providers: { openai: OPENAI }, ...more } });
    assert.match(faults(llm({ models: { "openai/*": {} } }))[0]!, /must not be empty or contain spaces or "\*"/);
    assert.match(faults(llm({ aliases: { any: "openai/*" } }))[0]!, /"openai\/\*" stands for several models; name one/);
  });
  test("cannot be combined with keys about a single service", () => {
    const keys: Block = {
      serviceName: "web",
      fallback: { status: 503 },
      protocol: "http",
      loadBalance: "random",
      preserveHost: true,
      rewriteHost: "a",
      rewritePrefix: "/a",
      retry: { maxAttempts: 2 },
      circuitBreaker: { maxFailures: 2 },
      sse: { maxAge: 5 },
    };
    for (const [key, value] of Object.entries(keys)) {
      const found = faults({ rule: { [key]: value } });
      assert.ok(
        found.some((line) => /cannot be combined with strategy; /.test(line) && line.includes(key)),
        `${key}: ${found}`,
      );
    }
  });
  test("is read again as it is printed", () => {
    const printed = printConfiguration(
      fine({ strategy: { models: [{ model: "openai/a", weight: 2 }], order: "weighted" } }),
    );
    const again = load(printed);
    assert.deepEqual(again.errors, []);
    assert.equal(printConfiguration(again.config!).replaceAll(/ #.*/g, ""), printed.replaceAll(/ #.*/g, ""));
  });
});

test("names of providers' services are reserved", () => {
  const registry = (name: string) => ({
    registry: { static: { services: [{ name, instances: [{ address: "h" }] }] } },
  });
  assert.deepEqual(faults({ more: registry("llm.x") }), ['"llm.x" is reserved for providers in llm']);
  const router = { rules: [{ path: "/", serviceName: "llm.openai" }] };
  const gateway = { llm: { providers: { openai: OPENAI } }, router };
  assert.match(load(JSON.stringify({ gateway })).errors[0]!, /unknown service "llm\.openai"/);
});

describe("strategy.allow", () => {
  const auth = { apikey: { keys: { ci: { hashedKey: keyDigest("k"), name: "build", subject: "ci" } } } };
  const given = (allow: Block, rule: Block = { authRequired: true }) => ({ strategy: { allow }, rule, more: { auth } });
  test("names clients as bindings do", () => {
    const { allow } = fine(given({ "apikey:name:build": "openai/*", "*": [] })).rules[0]!.strategy!;
    assert.deepEqual(allow, [
      { principal: { kind: "apikey", name: "", value: "ci" }, models: ["openai/*"] },
      { principal: null, models: [] },
    ]);
    assert.equal(fine({}).rules[0]!.strategy!.allow, null);
  });
  test("is refused where it names no model or no client", () => {
    assert.deepEqual(faults(given({ ci: ["openai/gpt-6", "openai/*"] })), [
      'rule "r": strategy.allow: "openai/gpt-6" is no model of the strategy; did you mean "openai/gpt-5"?',
    ]);
    assert.match(faults(given({ "grup:staff": "*" }))[0]!, /unknown prefix "grup:"; did you mean "group"\?$/);
  });
  test("may name models that the strategy names by a pattern only", () => {
    const faultsOf = (...globs: string[]) => {
      const { strategy, ...rest } = given({ ci: globs });
      return faults({ ...rest, strategy: { ...strategy, models: ["openai/gpt*"] } });
    };
    assert.deepEqual(faultsOf("openai/gpt-5", "openai/*", "openai/gpt-5*", "*"), []);
    assert.equal(faultsOf("openai/o3").length, 1);
    assert.equal(faultsOf("anthropic/*").length, 1);
  });
  test("is warned about where it matches nobody", () => {
    assert.match(warnings(given({ nobody: "*" }))[0]!, /strategy\.allow: "nobody": matches no client that auth lists/);
    assert.deepEqual(warnings({ strategy: { allow: { ci: "*" } } }), [
      'router.rules[0].strategy.allow: "ci": matches no client that auth lists',
      'rule "r": without authentication, strategy.allow rejects all requests; set authRequired: true',
    ]);
  });
});

describe("models without a key", () => {
  const two = { providers: { openai: { kind: "openai" }, claude: { kind: "anthropic" } } };
  const models = ["openai/gpt-5", "openai/o3", "claude/opus"];
  test("are warned about, once for each provider", () => {
    assert.deepEqual(warnings({ llm: two, strategy: { models } }, { ANTHROPIC_API_KEY: "k" }), [
      "llm.providers.openai has no API key, so only clients with a key of their own can use openai/gpt-5, openai/o3; set OPENAI_API_KEY or write apiKeys",
    ]);
  });
  test("are not where another provider serves them, or clients are to bring their keys", () => {
    const openrouter = { providers: { ...two.providers, openrouter: { kind: "openrouter", apiKeys: "k" } } };
    assert.equal(warnings({ llm: openrouter, strategy: { models } }).length, 1);
    const never = { ...two, authAdapters: { operatorKeys: "never" } };
    assert.deepEqual(warnings({ llm: never, strategy: { models } }), []);
  });
});

test("the endpoint of a provider keeps its identity when everything but its place changes", () => {
  const endpoint = (section: Block) => {
    const providers = { other: OPENAI, openai: { ...OPENAI, baseUrl: "https://a.example/v1", ...section } };
    return fine({ llm: { providers } }).services.find(({ name }) => name === "llm.openai")!.endpoints[0]!.id;
  };
  const before = endpoint({});
  assert.equal(endpoint({ apiKeys: ["k2"], idleTimeout: 1, baseUrl: "https://a.example/v2" }), before);
  assert.notEqual(endpoint({ baseUrl: "https://b.example/v1" }), before);
});

describe("llm.authAdapters.google", () => {
  const KEY = "a key of the store with 32 characters";
  const GOOGLE = { clientId: "c", redirectUri: "http://127.0.0.1:8080/cb", tokenStoreKey: KEY };
  const given = (google: unknown): Given => ({ llm: { providers: { openai: OPENAI }, authAdapters: { google } } });
  const PLACE = "llm.authAdapters.google";

  test("lets nobody connect an account unless a client is configured", () => {
    const env = { GOOGLE_CLIENT_ID: "c" };
    assert.equal(fine({}, env).llmAccounts, null);
    assert.equal(fine(given({ tokenStoreKey: KEY })).llmAccounts, null);
  });
  test("has the endpoints of Google, and takes the rest from the environment", () => {
    const env = { GOOGLE_CLIENT_ID: "id", GOOGLE_CLIENT_SECRET: "s", GOOGLE_REDIRECT_URI: "https://llm.example/cb" };
    assert.deepEqual(fine(given({ tokenStoreKey: KEY }), env).llmAccounts, {
      clientId: "id",
      clientSecret: "s",
      authorizationUrl: "https://accounts.google.com/o/oauth2/v2/auth",
      tokenUrl: "https://oauth2.googleapis.com/token",
      redirectUrl: "https://llm.example/cb",
      scopes: ["https://www.googleapis.com/auth/cloud-platform"],
      storeFile: "./data/google-tokens.json",
      storeKey: KEY,
      access: { ca: "", proxy: "" },
    });
    assert.equal(fine(given({ ...GOOGLE, clientSecret: "own" }), env).llmAccounts!.clientId, "c");
  });
  test("is refused where it could not work, or would not be safe", () => {
    const rows: readonly [Block, string][] = [
      [{ redirectUri: "" }, "redirectUri: must be set with clientId"],
      [{ tokenStoreKey: "short" }, "tokenStoreKey: needs at least 32 characters; openssl rand -hex 32 makes one"],
      [{ tokenStore: "" }, "tokenStore: must not be empty"],
      [{ scopes: [] }, "scopes: must not be empty"],
      [{ tokenUrl: "http://oauth.example/token" }, "tokenUrl: must be an https:// URL, or http:// on this machine"],
      [{ authorizationUrl: "x" }, "authorizationUrl: must be an https:// URL, or http:// on this machine"],
    ];
    for (const [block, fault] of rows) {
      assert.deepEqual(faults(given({ ...GOOGLE, ...block })), [`${PLACE}.${fault}`], JSON.stringify(block));
    }
    const uris = [
      "http://llm.example/cb",
      "http://127.0.0.1:8080",
      "https://llm.example/cb?x=1",
      "https://llm.example/_gateway/llm/google/login",
      "https://llm.example/a/../cb//x",
      "nowhere",
    ];
    for (const redirectUri of uris) {
      const [fault, ...more] = faults(given({ ...GOOGLE, redirectUri }));
      assert.match(
        fault ?? "none",
        /redirectUri: must be an https:\/\/ URL, or http:\/\/ on this machine/,
        redirectUri,
      );
      assert.deepEqual(more, []);
    }
  });
  test("shows neither its secret nor the key of the store", () => {
    const shown = printConfiguration(fine(given({ ...GOOGLE, clientSecret: "GOCSPX-secret" })));
    assert.doesNotMatch(shown, /GOCSPX|32 characters/);
    assert.match(shown, /google-tokens\.json/);
  });
});

describe("llm.authAdapters.prefixes", () => {
  test("say how credentials begin, and never nothing", () => {
    const given = (prefixes: Block): Given => ({
      llm: { providers: { openai: OPENAI }, authAdapters: { prefixes } },
    });
    const { prefixes } = fine(given({ googleOauth: "g.", anthropicOauth: "ao-", openrouter: "or-" })).llm!.credentials;
    assert.deepEqual(prefixes, { ...DEFAULT_PREFIXES, googleOauth: "g.", anthropicOauth: "ao-", openrouter: "or-" });
    assert.deepEqual(faults(given({ anthropic: "" })), [
      "llm.authAdapters.prefixes.anthropic: must not be empty; every text begins so",
    ]);
  });
});
