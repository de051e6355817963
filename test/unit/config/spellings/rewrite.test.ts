// Old spellings and keys with a fate of their own: every row of every table.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fields } from "../../../../src/config/schema/field.ts";
import { gateway as gatewaySchema } from "../../../../src/config/schema/root.ts";
import { rewriteSpellings } from "../../../../src/config/spellings/rewrite.ts";
import { ALIASES, ALIASES_BY_VALUE, NO_EFFECT, NOT_YET, REFUSED } from "../../../../src/config/spellings/table.ts";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { oneLine, Problems } from "../../../../src/config/text/problem.ts";
import { plain } from "../../../../src/config/text/tree.ts";
import { load } from "../../../support/load.ts";
import { everyRow } from "../../../support/rows.ts";

type Value = unknown;
type Block = Record<string, Value>;

const FINE: Block = {
  router: { rules: [{ path: "/*", serviceName: "web" }] },
  registry: { static: { services: [{ name: "web", instances: [{ address: "127.0.0.1" }] }] } },
  auth: { forward: { url: "http://127.0.0.1:1" }, required: false },
};

/** Free names must be those of something that exists. */
const NAMES: Readonly<Record<string, string>> = { routes: "web-1", services: "web" };

/** Issuers, which must have keys where one of their keys is looked at. */
const ISSUER: Block = { issuer: "https://id.test", audience: "a", jwksEndpoint: "https://id.test/keys" };
const OTHER: Block = { ...ISSUER, name: "other", issuer: "https://other.test" };

const PROVIDER: Block = { name: "p", clientId: "g", issuerUrl: "https://id.test" };
const OAUTH2: Block = { ...FINE, auth: { forward: { url: "http://127.0.0.1:1" }, oauth2: { providers: [PROVIDER] } } };

function baseFor(path: string): Block {
  if (path.startsWith("authz.rbac.policies.")) return { ...FINE, authz: { rbac: { policies: [{}] } } };
  if (/requiredPermission/.test(path)) return { ...FINE, authz: { rbac: true } };
  if (path.startsWith("auth.oauth2.") || path.startsWith("auth.session.") || path.includes("].auth.oauth2."))
    return path.includes(".issuer") ? withoutIssuer() : OAUTH2;
  if (path.includes("].auth.jwt.")) return withRuleJwt(path);
  if (!path.startsWith("auth.jwt.")) return FINE;
  if (path.includes(".providers."))
    return { ...FINE, auth: { required: false, jwt: { providers: [bareFor(path, OTHER)] } } };
  return { ...FINE, auth: { required: false, jwt: bareFor(path, ISSUER) } };
}

function withoutIssuer(): Block {
  const provider = { name: "p", clientId: "g", jwksEndpoint: "https://id.test/keys", useDiscovery: false };
  return { ...FINE, auth: { forward: { url: "http://127.0.0.1:1" }, oauth2: { providers: [provider] } } };
}

/** A rule with keys of its own. */
function withRuleJwt(path: string): Block {
  const rules = [{ path: "/*", serviceName: "web", auth: { jwt: bareFor(path, ISSUER) } }];
  return { ...FINE, router: { rules } };
}

/** An issuer is verified by one kind of key. */
function bareFor(path: string, issuer: Block): Block {
  return path.includes(".publicKey") ? { ...issuer, jwksEndpoint: "" } : issuer;
}

/** A valid configuration with `value` at `path`. */
function withPath(path: string, value: Value, into: Block = baseFor(path)): Block {
  const whole = structuredClone(into);
  const keys = path.split(".");
  let at: Value = whole;
  for (const [i, key] of keys.entries()) {
    const last = i === keys.length - 1;
    const block = at as Block;
    const name = key === "*" ? NAMES[keys[i - 1]!]! : key;
    if (key === "[]") at = (at as Value[])[0];
    else if (last) block[name] = value;
    else at = block[name] ??= {};
  }
  return whole;
}

/** A path of the tables as messages write it. */
function shown(path: string): string {
  return path.replaceAll(".[]", "[]");
}

function loadBlock(gateway: Block) {
  return load(JSON.stringify({ gateway }));
}

/** A value the canonical key accepts, and another. */
const VALUES: Readonly<Record<string, readonly [Value, Value]>> = {
  "telemetry.logging.level": ["debug", "error"],
  "telemetry.logging.format": ["json", "text"],
  "telemetry.logging.output": ["stderr", "stdout"],
  "registry.static.services.[].instances.[].weight": [3, 4],
  "registry.static.services.[].instances.[].scheme": ["https", "http"],
  circuitBreaker: [{ enabled: true }, { enabled: false }],
  retry: [{ enabled: true }, { enabled: false }],
  "router.rules.[].retry": [{ maxAttempts: 3 }, { maxAttempts: 4 }],
  "router.rules.[].circuitBreaker": [{ maxFailures: 3 }, { maxFailures: 4 }],
  cors: [{ maxAge: "1s" }, { maxAge: "2s" }],
  "cors.allowedOrigins": [["https://a.test"], ["https://b.test"]],
  "router.rules.[].cors.allowedOrigins": [["https://a.test"], ["https://b.test"]],
  "auth.apikey": [{ forward: true }, { forward: false }],
  "auth.apikey.queryParam": ["one", "two"],
  "auth.apikey.hashKeys": ["sha256", "false"],
  "router.rules.[].authRequired": [true, false],
  "router.rules.[].authType": [["forward"], []],
  "router.rules.[].requiredScopes": [["one"], ["two"]],
  "frontend.http.tls.clientCAFile": [["a.pem"], ["b.pem"]],
  "authz.rbac": [{ cacheSize: 3 }, { cacheSize: 4 }],
  "authz.rbac.cacheSize": [3, 4],
  "authz.rbac.policies.[].name": ["one", "two"],
  "router.rules.[].requiredPermissions": [["one:read"], ["two:read"]],
};
/** By the type of the canonical key, where the table above is silent. */
const BY_KEY: readonly (readonly [RegExp, readonly [Value, Value]])[] = [
  [
    /\.(maxRetries|maxMessageSize|maxFailures|minRequests|maxRequests|successThreshold|maxAttempts|multiplier|minRetryTokens)$/,
    [3, 4],
  ],
  [/\.(budgetRatio|jitter)$/, [0.3, 0.4]],
  [/\.budgetEnabled$/, [true, false]],
  [/\.retryableStatusCodes$/, [[502], [503]]],
  [/(Timeout|TTL|Interval|Period|Wait|Time|Delay|Window|\.timeout|\.interval)$/, ["3s", "4s"]],
  [/\.failureThreshold$/, [0.3, 0.4]],
  [/\.failureStatusCodes$/, [[500], [502]]],
  [/\.clientCAFile$/, [["a.pem"], ["b.pem"]]],
  [/\.sessionAffinity\.ttl$/, ["3s", "4s"]],
  [/\.sessionAffinity$/, [{ ttl: "3s" }, { ttl: "4s" }]],
  [/\.source$/, ["cookie", "header"]],
  [/\.(cookieName|headerName)$/, ["one", "two"]],
  [/\.enableTranscoding$/, [true, false]],
  [/\.dynamicDescriptors$/, [{ autoReload: false }, { autoReload: true }]],
  [/\.(files|directories)$/, [["a.desc"], ["b.desc"]]],
  [/\.requestsPerSecond$/, [3, 4]],
  [/\.protocol$/, ["grpc", "http"]],
  [/\.maxActive$/, [3, 4]],
  [/\.sentinelNodes$/, [["a:1"], ["b:1"]]],
  [/^auth\.oauth2$/, [{ providers: [PROVIDER] }, { providers: [] }]],
  [/^auth\.oauth2.*Url$/, ["https://one.test", "https://two.test"]],
  [/^auth\.oauth2.*jwksEndpoint$/, ["https://one.test", "https://two.test"]],
  [/^auth\.session\.secrets$/, [["one ".repeat(8)], ["two ".repeat(8)]]],
  [/requireScopes$/, [["one"], ["two"]]],
  [/^auth\.jwt$/, [ISSUER, { ...ISSUER, audience: "b" }]],
  [/\.signingMethod$/, [["RS256"], ["ES256"]]],
  [/\.publicKeyFile$/, ["configs/examples/keys/jwt-demo.pem", "./configs/examples/keys/jwt-demo.pem"]],
  [/(^|\.)cors\.allowedOrigins$/, [["https://one.test"], ["https://two.test"]]],
  [/(^|\.)cors$/, [{ allowedOrigins: ["https://one.test"] }, { allowedOrigins: ["https://two.test"] }]],
];
const TEXTS = ["/one", "/two"] as const;

function valuesFor(key: string): readonly [Value, Value] {
  return VALUES[key] ?? BY_KEY.find(([pattern]) => pattern.test(key))?.[1] ?? TEXTS;
}

/** For keys whose value does not matter. */
const ANY_VALUES: readonly Value[] = [true, { deep: [1] }];

function nameOf(row: readonly [from: string, to: string, ...unknown[]]): string {
  return `${row[0]} (${row[1]})`;
}

describe("old spellings", () => {
  test("each means its canonical key, and warns once", () =>
    everyRow(ALIASES, nameOf, ([from, to]) => {
      const [value] = valuesFor(to);
      const warning = `"${shown(from)}" is an old spelling of "${shown(to)}"`;
      const old = loadBlock(withPath(from, value));
      const canonical = loadBlock(withPath(to, value));
      assert.deepEqual(old.errors, []);
      assert.equal(old.config!.hash, canonical.config!.hash);
      assert.equal(old.warnings.filter((w) => w.includes(warning)).length, 1);
      assert.equal(old.warnings.length, 1 + canonical.warnings.length);
    }));
  test("each is fine beside its canonical key with the same value", () =>
    everyRow(ALIASES, nameOf, ([from, to]) => {
      const [value] = valuesFor(to);
      assert.deepEqual(loadBlock(withPath(to, value, withPath(from, value))).errors, []);
    }));
  test("each is one error beside its canonical key with another value", () =>
    everyRow(ALIASES, nameOf, ([from, to]) => {
      const [value, other] = valuesFor(to);
      const { errors } = loadBlock(withPath(to, other, withPath(from, value)));
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0]!, /^t\.yaml:1:\d+: .* have different values; keep /);
      assert.ok(errors[0]!.includes(`"${shown(from)}"`) && errors[0]!.includes(`"${shown(to)}"`), errors[0]);
    }));

  test("each spelling warns once, however often it is used", () => {
    const instance = (port: number) => ({ address: "127.0.0.1", port, metadata: { weight: 2 } });
    const services = [{ name: "web", instances: [instance(1), instance(2)] }];
    const { config, warnings } = loadBlock({ ...FINE, registry: { static: { services } } });
    assert.deepEqual(
      config!.services[0]!.endpoints.map((e) => e.weight),
      [2, 2],
    );
    assert.equal(warnings.length, 1);
  });

  test("some mean their canonical key with certain values only", () =>
    everyRow(ALIASES_BY_VALUE, nameOf, ([from, to, when]) => {
      assert.ok(when(7) && !when(0.5));
      const old = loadBlock(withPath(from, 7));
      assert.deepEqual(old.errors, []);
      assert.equal(old.config!.hash, loadBlock(withPath(to, 7)).config!.hash);
      assert.deepEqual(loadBlock(withPath(from, 0.5)).warnings, []);
      assert.match(loadBlock(withPath(to, 8, withPath(from, 7))).errors.join(), /have different values/);
    }));

  test("every canonical key exists in the schema", () => {
    for (const [, to] of ALIASES) assert.ok(exists(to), to);
  });
  test("no old spelling is itself a key", () => {
    for (const [from] of ALIASES) if (!from.includes(".metadata.")) assert.ok(!exists(from), from);
  });
  test("old words of loadBalance are understood and warned about", () => {
    const { config, warnings } = loadBlock(withPath("router.rules.[].loadBalance", "weighted"));
    assert.equal(config!.rules[0]!.loadBalance, "weighted_round_robin");
    assert.match(warnings.join(), /"weighted" is an old spelling of "weighted_round_robin"/);
  });
});

describe("keys without effect", () => {
  for (const value of ANY_VALUES) {
    test(`are accepted with one warning, as ${JSON.stringify(value)}`, () =>
      everyRow(NO_EFFECT, String, (path) => {
        const { errors, warnings } = loadBlock(withPath(path, value));
        assert.deepEqual(errors, []);
        assert.equal(warnings.length, 1);
        assert.ok(warnings[0]!.endsWith(`"${shown(path)}" has no effect here and is ignored`), warnings[0]);
      }));
  }
  test("none of them is a key of the schema", () => {
    for (const path of NO_EFFECT) assert.ok(!exists(path), path);
  });
  test("they change nothing", () => {
    assert.equal(loadBlock(withPath("session", { a: 1 })).config!.hash, loadBlock(FINE).config!.hash);
  });
});

const REFUSALS = [
  ...REFUSED.map(([path, why]) => [path, `"${shown(path)}" is refused: ${why}`] as const),
  ...NOT_YET.map(
    (path) => [path, `"${shown(path)}" is not available in this version; remove it or use a newer gateway`] as const,
  ),
];

describe("refused keys", () => {
  for (const value of ANY_VALUES) {
    test(`are refused with exactly one message, as ${JSON.stringify(value)}`, () =>
      everyRow(REFUSALS, nameOf, ([path, message]) => {
        const { errors } = loadBlock(withPath(path, value));
        assert.equal(errors.length, 1, errors.join("\n"));
        assert.match(errors[0]!, /^t\.yaml:1:\d+: /);
        assert.ok(errors[0]!.endsWith(message), errors[0]);
      }));
  }
  test("none of them is a key of the schema", () => {
    for (const [path] of REFUSALS) assert.ok(!exists(path), path);
  });
  test("every rule that has one is named", () => {
    const rules = [1, 2, 3].map((n) => ({ path: `/${n}`, serviceName: "web", priority: n }));
    assert.equal(loadBlock({ ...FINE, router: { rules } }).errors.length, 3);
  });
});

describe("a rule's middleware", () => {
  const breaker = (gateway: Block) => loadBlock(gateway).config!.rules[0]!.circuitBreaker?.maxFailures;
  const written = (middleware: Value) => withPath("router.rules.[].middleware", middleware);

  test("is a list of names and of maps with one key, or a map", () => {
    assert.equal(breaker(written([{ circuitbreaker: { maxFailures: 3 } }])), 3);
    assert.equal(breaker(written({ circuitbreaker: { maxFailures: 3 } })), 3);
    assert.equal(breaker(written({ circuitbreaker: { failureThreshold: 4 } })), 4);
    assert.equal(breaker(written(["circuitbreaker"])), null, "on, with nothing of its own");
    assert.equal(breaker(written(null)), undefined);
  });
  test("warns about each policy in it", () => {
    const { warnings } = loadBlock(written(["circuitbreaker"]));
    assert.match(warnings.join(), /"router.rules\[\].middleware: circuitbreaker" is an old spelling of /);
  });
  for (const [wrong, message] of [
    [true, "expected a list or a mapping, found true"],
    [[7], "expected a name or a mapping, found 7"],
    [["cache"], '"router.rules[].middleware: cache" is not available in this version'],
    [["auth"], 'write "authRequired: true" in the rule'],
    [{ auth: { apikey: { enabled: true } } }, 'write "authType: apikey" in the rule'],
    [{ circuitbraker: {} }, 'did you mean "circuitbreaker"?'],
  ] as const) {
    test(`${JSON.stringify(wrong)} is one error at its place`, () => {
      const { errors } = loadBlock(written(wrong));
      assert.equal(errors.length, 1);
      assert.match(errors[0]!, /^t\.yaml:1:\d+: /);
      assert.ok(errors[0]!.includes(message), errors[0]);
    });
  }
  const own = { maxFailures: 3 };
  const beside = (list: unknown) => loadBlock(withPath("router.rules.[].circuitBreaker", own, written(list)));
  test("beside the rule's own key, a bare name adds nothing", () => {
    assert.match(beside(["circuitbreaker"]).warnings.join(), /has no effect beside "circuitBreaker"/);
  });
  test("beside the rule's own key, the same settings are fine", () => {
    assert.deepEqual(beside([{ circuitbreaker: own }]).errors, []);
  });
  test("beside the rule's own key, other settings are an error", () => {
    assert.match(
      beside([{ circuitbreaker: { maxFailures: 4 } }]).errors.join(),
      /have different values; keep "circuitBreaker"/,
    );
  });
  test("the bare name of rate limits stands for those of all rules", () => {
    const { errors, warnings } = loadBlock(written(["ratelimit"]));
    assert.deepEqual(errors, []);
    assert.match(warnings.join(), /has no effect beside "middleware\.ratelimit"/);
  });
  test("may be settings for CORS, or switch it on", () => {
    const cors = (value: Value) => loadBlock(written(value)).config!.rules[0]!.cors;
    assert.deepEqual(cors({ cors: { allowOrigins: ["https://a.test"] } })?.allowedOrigins, ["https://a.test"]);
    assert.deepEqual(cors([{ cors: { allowedOrigins: ["https://a.test"] } }])?.allowedOrigins, ["https://a.test"]);
    assert.deepEqual(cors(["cors"])?.allowedOrigins, ["*"], "as in the cors section");
    assert.equal(cors({ cors: { enabled: false } }), null);
  });
  test("a single name needs no list", () => assert.deepEqual(loadBlock(written("retry")).errors, []));
  test("names of what every rule has are accepted", () => {
    assert.deepEqual(loadBlock(written(["logging", "metrics", "tracking"])).errors, []);
  });
});

test("no path stands in two tables", () => {
  const all = [...ALIASES.map(([from]) => from), ...NO_EFFECT, ...REFUSALS.map(([path]) => path)];
  assert.equal(new Set(all).size, all.length);
});

test("other keys of a rewritten block stay where they are", () => {
  const problems = new Problems();
  const tree = parseYaml("health: { endpoint: /e, readyPath: /r }\nother: [ 1 ]\n", "t", problems);
  rewriteSpellings(tree, problems);
  assert.deepEqual(plain(tree), { health: { readyPath: "/r", healthPath: "/e" }, other: [1] });
  assert.deepEqual(problems.list.map(oneLine), ['t:1:11: "health.endpoint" is an old spelling of "health.healthPath"']);
});

/** Whether the schema has a key at this path. */
function exists(path: string): boolean {
  let fields: Fields | null = gatewaySchema.fields;
  let items: Fields | null = null;
  for (const key of path.split(".")) {
    if (key === "[]" || key === "*") {
      fields = items;
      continue;
    }
    if (fields === null || !Object.hasOwn(fields, key)) return false;
    const field: Fields[string] = fields[key]!;
    fields = field.fields;
    items = field.items?.fields ?? null;
  }
  return true;
}
