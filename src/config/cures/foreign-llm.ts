// Keys of LiteLLM, Portkey and other gateways to language models, and what to write instead.
import { type ForeignRow, RULE, TOPS } from "./foreign-sections.ts";

/** Blocks in a mapping are named as the mapping is. */
const LLM = "llm";
const PROVIDER = "llm.providers";
const MODEL = "llm.models";
const STRATEGY = `${RULE}.strategy`;
const CANDIDATE = `${STRATEGY}.models[]`;

const PROVIDERS_CURE = "write llm: { providers: { openai: { kind: openai } } } below gateway";
const RULES_CURE = "the models of a rule are its strategy: { type: llm, models: [ openai/gpt-5 ] }";
const LIMITS_CURE = "write rateLimits in a rule";

/** Rows of the table in foreign-keys.ts. */
export const LLM_WORDS: readonly ForeignRow[] = [
  [TOPS, "modellist models providers litellmparams virtualkeys targets", `${PROVIDERS_CURE}; ${RULES_CURE}`],
  [
    TOPS,
    "litellmsettings routersettings generalsettings",
    `settings of LiteLLM are written in other places; ${PROVIDERS_CURE}`,
  ],
  [
    [RULE],
    "models model modellist llm provider providers targets candidates",
    "write strategy: { type: llm, models: [ openai/gpt-5 ] }",
    "serviceName", // a strategy takes its place
  ],
  [[LLM], "modellist modelgroups", `${PROVIDERS_CURE}; ${RULES_CURE}`],
  [
    [LLM],
    "openai anthropic gemini google openrouter ollama azure mistral groq deepseek vllm bedrock",
    "providers are written in llm.providers, such as { openai: { kind: openai } }",
  ],
  [
    [LLM],
    "apikey apikeys keys key",
    "keys belong to a provider: providers: { openai: { kind: openai, apiKeys: [ … ] } }",
  ],
  [
    [LLM],
    "fallbacks failover retry retries",
    "write fallback: { maxAttempts: 3 }; the models of a rule follow each other",
    "fallback",
  ],
  [[LLM], "default defaultmodel strategy order", RULES_CURE],
  [[LLM], "modelgroupalias modelaliases alias", 'write aliases: { fast: "openai/gpt-5-mini" }', "aliases"],
  [[LLM], "cache caching semanticcache", "answers of models are not cached; remove it"],
  [
    [LLM],
    "auth authentication",
    "clients of the gateway are authenticated by auth beside llm; authAdapters are credentials for providers",
  ],
  [[LLM], "timeout requesttimeout", "write timeout in a rule, or firstByteTimeout in a provider"],
  [[LLM], "maxrequestsize maxbody bodylimit", "write maxBodySize: 32mb", "maxBodySize"],
  [
    [PROVIDER],
    "apibase base url endpoint host address customhost openaiapibase azureendpoint basepath server",
    "write baseUrl: https://api.example.com/v1",
    "baseUrl",
  ],
  [
    [PROVIDER],
    "provider type vendor api customllmprovider apitype protocol",
    "write kind: openai, anthropic, gemini, openrouter or openaiCompatible",
    "kind",
  ],
  [
    [PROVIDER],
    "key keys token virtualkey secret credential authkey openaiapikey",
    'write apiKeys: [ "${OPENAI_API_KEY}" ]',
    "apiKeys",
  ],
  [
    [PROVIDER],
    "organization org openaiorganization project openaiproject",
    "write headers: { OpenAI-Organization: org-1 }",
    "headers",
  ],
  [
    [PROVIDER],
    "apiversion",
    "write the version into baseUrl, or into headers; Azure has https://NAME.openai.azure.com/openai/v1",
  ],
  [[PROVIDER], "model models modelname deployment deployments", RULES_CURE],
  [[PROVIDER], "retries maxretries numretries retry", "the next model is tried instead: llm.fallback.maxAttempts"],
  [
    [PROVIDER],
    "timeout requesttimeout streamtimeout",
    "write firstByteTimeout: 600s, idleTimeout: 600s, or timeout in a rule",
  ],
  [
    [PROVIDER],
    "weight",
    "weights belong to the models of a rule: strategy: { order: weighted, models: [ { model: …, weight: 3 } ] }",
  ],
  [[PROVIDER, MODEL], "rpm tpm maxparallelrequests ratelimit", LIMITS_CURE],
  [[MODEL], "profile", "not available in this version; remove it"],
  [
    [MODEL],
    "name model upstream upstreammodel modelname deployment litellmparams",
    "write upstreamName: the name at the provider",
    "upstreamName",
  ],
  [[MODEL], "kind baseurl apikey apikeys", "write it in a provider of llm.providers, and provider: its name here"],
  [[MODEL], "maxtokens maxoutputtokens maxoutput outputlimit", "write contextOut: 8192", "contextOut"],
  [
    [MODEL],
    "context contextwindow maxinputtokens contextlength numctx inputlimit",
    "write contextIn: 128000",
    "contextIn",
  ],
  [
    [MODEL],
    "price prices cost inputcostpertoken outputcostpertoken modelinfo",
    "write pricing: { inputPerMillion: 1.25, outputPerMillion: 10 }, in USD per million tokens",
    "pricing",
  ],
  [
    [MODEL],
    "supportsvision vision tools images supportsfunctioncalling features",
    "write capabilities: { images: true, tools: true }",
    "capabilities",
  ],
  [
    ["llm.models.pricing"],
    "input inputcostpertoken prompt in",
    "write inputPerMillion: 1.25, in USD per million tokens",
    "inputPerMillion",
  ],
  [
    ["llm.models.pricing"],
    "output outputcostpertoken completion out",
    "write outputPerMillion: 10, in USD per million tokens",
    "outputPerMillion",
  ],
  [["llm.fallback"], "cooldown cooldowntime", "write cooldownSeconds: 180", "cooldownSeconds"],
  [["llm.fallback"], "maxcooldown", "write maxCooldownSeconds: 300", "maxCooldownSeconds"],
  [["llm.fallback"], "switchbudget", "write switchBudgetMs: 300", "switchBudgetMs"],
  [["llm.fallback"], "onstatuscodes statuscodes statuses retryon", "write onStatus: [ 429, 500-599 ]", "onStatus"],
  [["llm.fallback"], "attempts maxretries numretries retries", "write maxAttempts: 3", "maxAttempts"],
  [
    [STRATEGY],
    "targets candidates modellist providers fallbacks model",
    "write models: [ openai/gpt-5, claude/claude-sonnet-4-5 ]",
    "models",
  ],
  [[STRATEGY], "mode routingstrategy algorithm policy", "write order: priority, weighted, cheapest or fastest"],
  [[STRATEGY], "onstatuscodes", "write llm.fallback.onStatus"],
  [[STRATEGY], "weights", "write models: [ { model: openai/gpt-5, weight: 3 } ]", "models"],
  [[STRATEGY], "fallback retry", "failover: false turns it off; llm.fallback says when it happens"],
  [[STRATEGY], "allowed permissions acl access users", 'write allow: { "group:staff": [ "*" ] }', "allow"],
  [[STRATEGY], "router thresholds alpha", "not available in this version; remove it"],
  [[CANDIDATE], "name id modelname upstreamname litellmparams", "write model: openai/gpt-5", "model"],
  [[CANDIDATE], "provider virtualkey apikey", "write it before the name: model: openai:gpt-5"],
  [[CANDIDATE], "overrideparams params temperature maxtokens", "parameters are those of the client; remove it"],
];
