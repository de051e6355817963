// How values are written: each form once, with examples.

/** How the values of some keys are written. */
export interface Form {
  readonly name: string;
  /** Types of the key tables it explains; none = keys of a type that says no more than text. */
  readonly types: readonly string[];
  readonly meaning: string;
  /** A configuration with `…` where the value stands. */
  readonly place: string;
  readonly examples: readonly string[];
}

const inRule = (key: string) => `router: { rules: [ { path: /shop/*, serviceName: shop, ${key}: … } ] }`;

const DIGEST = "4d1e5bd1e0e8a1d3c5b7f9a2046880bd2c3e4f5061728394a5b6c7d8e9f00112";

/** Every form that a value has. */
export const FORMS: readonly Form[] = [
  {
    name: "text",
    types: ["string"],
    meaning:
      "quoted where YAML would read something else; an unquoted value stays as it is written: `0042`, `1.10`, `1e3`, `yes`",
    place: inRule("rewriteHost"),
    examples: ["shop.internal", '"shop.internal"'],
  },
  {
    name: "yes or no",
    types: ["bool"],
    meaning: "in any of these words",
    place: "frontend: { http: { echo: … } }",
    examples: ["true", "false", "yes", "no", "on", "off"],
  },
  {
    name: "number",
    types: ["int", "number"],
    meaning: "`int` is a whole one",
    place: "frontend: { http: { port: … } }",
    examples: ["8080", '"8080"'],
  },
  {
    name: "duration",
    types: ["duration"],
    meaning: "a number counts seconds; units `ms` `s` `m` `h` `d`, at most 24 days",
    place: "frontend: { http: { readTimeout: … } }",
    examples: ["30", "250ms", "1.5s", "1m30s", "2h"],
  },
  {
    name: "duration of a few old keys",
    types: ["duration, a plain number in ms"],
    meaning: "the same, but a number counts milliseconds",
    place: "retry: { default: { initialDelay: … } }",
    examples: ["250", "250ms", "1s"],
  },
  {
    name: "size",
    types: ["size"],
    meaning: "a number counts bytes; units are powers of 1024",
    place: "frontend: { http: { maxRequestSize: … } }",
    examples: ["65536", "512kb", "10mb", "1.5MiB", "1gb"],
  },
  {
    name: "one word",
    types: [],
    meaning: "one of those that the table names, in any case",
    place: "telemetry: { logging: { level: … } }",
    examples: ["info", "WARN"],
  },
  {
    name: "list",
    types: ["[string]", "[int]", "[number]"],
    meaning: "of text or numbers; a single value may stand for a list of one",
    place: "frontend: { http: { trustedProxies: … } }",
    examples: ["[ 10.0.0.0/8, 127.0.0.1 ]", "10.0.0.0/8"],
  },
  {
    name: "path pattern",
    types: [],
    meaning: "see [routing](guides/routing.md#path-patterns)",
    place: "router: { rules: [ { path: …, serviceName: shop } ] }",
    examples: ["/a/b", "/a/*", '"/users/{id}/orders"', "/v*/users", "/a*", '"/a/{$}"'],
  },
  {
    name: "rate",
    types: ["number, `10/s`, `100/m` or block"],
    meaning: "a number is requests per second, text names the period; a block says more",
    place: inRule("rateLimit"),
    examples: ["5", "100/m", "{ rate: 200, period: 1m, burst: 50 }"],
  },
  {
    name: "requests at a time",
    types: ["int or block"],
    meaning: "a number bounds the rule as a whole; a block counts apart",
    place: inRule("concurrency"),
    examples: ["10", "{ max: 3, key: ip }"],
  },
  {
    name: "statuses",
    types: ["status, range, or list"],
    meaning: "one, a range, or several of these",
    place:
      "registry: { static: { services: [ { name: s, instances: [ { address: a, health: { expectedStatus: … } } ] } ] } }",
    examples: ["200", "200-399", "[ 200-299, 401 ]"],
  },
  {
    name: "jitter",
    types: ["`full`, number or bool"],
    meaning: "a number is a share, give or take; `true` is 0.25",
    place: "retry: { default: { jitter: … } }",
    examples: ["full", "0.25", "true"],
  },
  {
    name: "health of an instance",
    types: ["`healthy` `unhealthy` or block"],
    meaning: "`unhealthy` (or false) takes the instance out, `healthy` (or true) does not; a block probes it",
    place: "registry: { static: { services: [ { name: s, instances: [ { address: a, health: … } ] } ] } }",
    examples: ["healthy", "unhealthy", "{ path: /healthz }"],
  },
  {
    name: "TLS to gRPC services",
    types: ["bool or block"],
    meaning: "yes or no, or a block that says more",
    place: "backend: { grpc: { tls: … } }",
    examples: ["true", "{ enabled: true }"],
  },
  {
    name: "reasoning of a model",
    types: ["string or block"],
    meaning: "a text stands for one key of the block, which its table names",
    place: "llm: { providers: { a: { kind: openai } }, models: { a/m: { capabilities: { reasoning: … } } } }",
    examples: ["none", "{ kind: effort, efforts: [ low, high ] }"],
  },
  {
    name: "blocks with names",
    types: ["map or list"],
    meaning: "names and what they stand for, or a list of blocks that hold their names",
    place: "auth: { required: true, apikey: { hashKeys: true, keys: … } }",
    examples: [`{ ci: { key: ${DIGEST} } }`, `[ { id: ci, key: ${DIGEST} } ]`],
  },
  {
    name: "value from outside",
    types: [],
    meaning:
      "in any value, quoted: an environment variable, with or without a default; `${file:/path}` is the content of a file",
    place: "frontend: { http: { port: … } }",
    examples: ['"${PORT:-8080}"'],
  },
];
