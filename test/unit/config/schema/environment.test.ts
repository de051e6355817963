// Environment overrides: names, lists, GATEWAY_PORT, and what is none of ours.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../../src/config/config.ts";
import { addressableKeys } from "../../../../src/config/schema/environment.ts";
import { root } from "../../../../src/config/schema/root.ts";
import { effectiveConfiguration } from "../../../../src/config/show/effective.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

const EMPTY = withMore("");

function port(env: Readonly<Record<string, string>>, more = ""): number {
  return loadFine(withMore(more), env).frontend.http.port;
}

describe("names", () => {
  test("the long form sets a key", () => assert.equal(port({ GATEWAY_GATEWAY_FRONTEND_HTTP_PORT: "81" }), 81));
  test("the short form sets a key", () => assert.equal(port({ GATEWAY_FRONTEND_HTTP_PORT: "81" }), 81));
  test("the long form wins over the short one", () => {
    assert.equal(port({ GATEWAY_GATEWAY_FRONTEND_HTTP_PORT: "81", GATEWAY_FRONTEND_HTTP_PORT: "82" }), 81);
  });
  test("an empty long form leaves the short one", () => {
    assert.equal(port({ GATEWAY_GATEWAY_FRONTEND_HTTP_PORT: "", GATEWAY_FRONTEND_HTTP_PORT: "82" }), 82);
  });
  test("camelCase has no break", () => {
    const config = loadFine(EMPTY, { GATEWAY_FRONTEND_HTTP_MAXREQUESTSIZE: "1mb" });
    assert.equal(config.frontend.http.maxRequestSize, 1024 * 1024);
  });
  test("the environment wins over the file", () => {
    assert.equal(port({ GATEWAY_FRONTEND_HTTP_PORT: "82" }, "  frontend: { http: { port: 81 } }"), 82);
  });
  test("an empty value counts as unset", () => {
    assert.equal(port({ GATEWAY_FRONTEND_HTTP_PORT: "" }, "  frontend: { http: { port: 81 } }"), 81);
  });
  test("it also wins over an old spelling in the file", () => {
    const text = withMore("  health: { endpoint: /old }");
    assert.equal(loadFine(text, { GATEWAY_HEALTH_HEALTHPATH: "/new" }).health.healthPath, "/new");
  });
  for (const [file, name] of [
    ["", "no file"],
    ["  circuitBreaker: { default: { maxFailures: 3, failureThreshold: 0.2 } }", "a file that says both"],
    ["  circuitBreaker: { failureThreshold: 4 }", "an old file"],
  ] as const) {
    test(`a value that shows an old meaning has it here too, and wins over ${name}`, () => {
      const env = { GATEWAY_CIRCUITBREAKER_DEFAULT_FAILURETHRESHOLD: "8" };
      const { maxFailures } = loadFine(withMore(file), env).circuitBreaker.default;
      assert.equal(maxFailures, 8);
    });
  }
  test("variables that contradict each other are an error that names both", () => {
    const of = "GATEWAY_CIRCUITBREAKER_DEFAULT_";
    const { errors } = load(EMPTY, { [`${of}FAILURETHRESHOLD`]: "8", [`${of}MAXFAILURES`]: "3" });
    assert.match(errors.join("\n"), /FAILURETHRESHOLD.*\(environment variable .*MAXFAILURES\) have different/);
  });
  test("it applies to an empty block", () => {
    assert.equal(port({ GATEWAY_FRONTEND_HTTP_PORT: "82" }, "  frontend:"), 82);
  });
  for (const [name, hint] of [
    ["GATEWAY_FRONTEND_HTTP_PROT", "did you mean GATEWAY_FRONTEND_HTTP_PORT?"],
    ["GATEWAY_HTTP_PORT", "did you mean GATEWAY_FRONTEND_HTTP_PORT?"],
    ["GATEWAY_FRONTEND_HTTP_READ_TIMEOUT", "did you mean GATEWAY_FRONTEND_HTTP_READTIMEOUT?"],
    ["GATEWAY_ROUTER_RULES_0_PATH", "lists cannot be set by variables"],
    ["GATEWAY_SOMETHING_ELSE_ENTIRELY", "docs/configuration.md lists them"],
  ] as const) {
    test(`${name} sets nothing and is a warning: ${hint}`, () => {
      const { config, warnings } = load(EMPTY, { [name]: "secret-value" });
      assert.deepEqual(effectiveConfiguration(config!), effectiveConfiguration(loadFine(EMPTY)));
      assert.deepEqual(warnings, [`environment variable ${name} sets no key and is ignored; ${hint}`]);
    });
  }
  test("names that placeholders use, that the command line reads, or that are empty cause no warning", () => {
    const env = {
      GATEWAY_CONFIG: "a.yaml",
      GATEWAY_LOG_LEVEL: "debug",
      GATEWAY_: "",
      GATEWAY_NOPE: "",
      GATEWAY_ZONE: "a",
    };
    assert.deepEqual(load(withMore("  loadBalancing: { zone: '${GATEWAY_ZONE}' }"), env).warnings, []);
  });
  test("names are upper case only", () => assert.equal(port({ gateway_frontend_http_port: "82" }), 8080));
});

describe("values", () => {
  const cases: readonly (readonly [string, string, (c: Config) => unknown, unknown])[] = [
    ["GATEWAY_FRONTEND_HTTP_READTIMEOUT", "250ms", (c) => c.frontend.http.readTimeout, 250],
    ["GATEWAY_FRONTEND_HTTP_READTIMEOUT", "2", (c) => c.frontend.http.readTimeout, 2000],
    ["GATEWAY_FRONTEND_HTTP_ECHO", "yes", (c) => c.frontend.http.echo, true],
    ["GATEWAY_TELEMETRY_LOGGING_LEVEL", "WARN", (c) => c.logging.level, "warn"],
    ["GATEWAY_TELEMETRY_LOGGING_FORMAT", "text", (c) => c.logging.format, "text"],
    ["GATEWAY_HEALTH_ENABLED", "false", (c) => c.health.enabled, false],
    [
      "GATEWAY_FRONTEND_HTTP_TRUSTEDPROXIES",
      "10.0.0.0/8, 192.168.0.0/16 ,::1",
      (c) => c.frontend.http.trustedProxies,
      ["10.0.0.0/8", "192.168.0.0/16", "::1"],
    ],
    ["GATEWAY_FRONTEND_HTTP_TRUSTEDPROXIES", "::1", (c) => c.frontend.http.trustedProxies, ["::1"]],
    ["GATEWAY_BACKEND_HTTP_TLS_SERVERNAME", "a,b", (c) => c.backend.http.tls.serverName, "a,b"],
  ];
  for (const [name, value, get, expected] of cases) {
    test(`${name}=${value} reads as ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(get(loadFine(EMPTY, { [name]: value })), expected);
    });
  }

  test("a value cannot hold a placeholder", () => {
    const env = { GATEWAY_BACKEND_HTTP_TLS_SERVERNAME: "${A}", A: "x" };
    assert.equal(loadFine(EMPTY, env).backend.http.tls.serverName, "${A}");
  });

  const bad: readonly (readonly [string, string, string])[] = [
    ["GATEWAY_FRONTEND_HTTP_PORT", "abc", "frontend.http.port"],
    ["GATEWAY_GATEWAY_FRONTEND_HTTP_PORT", "70000", "frontend.http.port"],
    ["GATEWAY_PORT", "70000", "frontend.http.port"],
    ["GATEWAY_FRONTEND_HTTP_READTIMEOUT", "soon", "frontend.http.readTimeout"],
    ["GATEWAY_FRONTEND_HTTP_MAXREQUESTSIZE", "-1", "frontend.http.maxRequestSize"],
    ["GATEWAY_METRICS_ENABLED", "maybe", "metrics.enabled"],
    ["GATEWAY_TELEMETRY_LOGGING_LEVEL", "loud", "telemetry.logging.level"],
    ["GATEWAY_FRONTEND_HTTP_TRUSTEDPROXIES", "10.0.0.0/99", ""],
  ];
  for (const [name, value, key] of bad) {
    test(`${name}=${value} is one error that names the variable`, () => {
      const { errors } = load(EMPTY, { [name]: value });
      assert.equal(errors.length, 1, errors.join("\n"));
      assert.match(errors[0]!, new RegExp(`environment variable ${name}\\b.*${key}`));
    });
  }
});

describe("GATEWAY_PORT", () => {
  test("digits set the port", () => assert.equal(port({ GATEWAY_PORT: "9000" }), 9000));
  test("it wins over the file", () => {
    assert.equal(port({ GATEWAY_PORT: "9000" }, "  frontend: { http: { port: 81 } }"), 9000);
  });
  test("the full name wins over it", () => {
    assert.equal(port({ GATEWAY_PORT: "9000", GATEWAY_FRONTEND_HTTP_PORT: "9001" }), 9001);
  });
  for (const value of ["tcp://10.0.0.1:8080", "", " 80", "80/tcp", "-1", "0x50"]) {
    test(`"${value}" is not a port and is left alone`, () => assert.equal(port({ GATEWAY_PORT: value }), 8080));
  }
  test("text that nobody but a person writes is named", () => {
    const { warnings } = load(EMPTY, { GATEWAY_PORT: "80a" });
    assert.deepEqual(warnings, ['environment variable GATEWAY_PORT is ignored: "80a" is no port']);
  });
});

describe("what Kubernetes sets for a service of the namespace", () => {
  const of = (service: string, port: number) => {
    const name = service.toUpperCase().replaceAll("-", "_");
    return {
      [`${name}_PORT`]: `tcp://10.96.0.8:${port}`,
      [`${name}_SERVICE_HOST`]: "10.96.0.8",
      [`${name}_SERVICE_PORT`]: String(port),
      [`${name}_SERVICE_PORT_HTTP`]: String(port),
      [`${name}_PORT_${port}_TCP`]: `tcp://10.96.0.8:${port}`,
      [`${name}_PORT_${port}_TCP_PROTO`]: "tcp",
      [`${name}_PORT_${port}_TCP_PORT`]: String(port),
      [`${name}_PORT_${port}_TCP_ADDR`]: "10.96.0.8",
    };
  };
  for (const service of ["gateway-metrics", "gateway-redis", "gateway-management", "gateway-frontend-http"]) {
    test(`${service}: its port is ignored, with one hint that names the service`, () => {
      const { config, warnings } = load(EMPTY, of(service, 9090));
      assert.deepEqual(effectiveConfiguration(config!), effectiveConfiguration(loadFine(EMPTY)));
      assert.equal(warnings.length, 1);
      assert.match(
        warnings[0]!,
        new RegExp(`Kubernetes sets it for the service "${service}"; enableServiceLinks: false`),
      );
    });
  }
  for (const service of ["gateway", "gateway-orders"]) {
    test(`${service}: nothing of it is a key, so that there is nothing to say`, () => {
      assert.deepEqual(load(EMPTY, of(service, 80)), load(EMPTY));
    });
  }
  test("an IPv6 address is one too", () => {
    assert.equal(load(EMPTY, { GATEWAY_METRICS_PORT: "tcp://[fd00::1]:9090" }).errors.length, 0);
  });
  test("a digit is a port all the same", () => {
    assert.equal(loadFine(EMPTY, { GATEWAY_METRICS_PORT: "9090" }).metrics.port, 9090);
  });
});

/** Blocks that are on once a key of theirs is set, and then need keys without default. */
const OFF = {
  GATEWAY_GATEWAY_AUTH_JWT_ENABLED: "false",
  GATEWAY_GATEWAY_AUTH_FORWARD_ENABLED: "false",
  GATEWAY_GATEWAY_AUTHZ_RBAC_ENABLED: "false",
};

describe("which keys", () => {
  const keys = addressableKeys(root.fields!);
  test("every name is the path in upper case", () => {
    for (const [name, { path }] of keys) assert.equal(name, `GATEWAY_${path.join("_").toUpperCase()}`);
    assert.ok(keys.size > 50);
  });
  test("no two keys share a name", () => {
    const paths = new Set([...keys.values()].map(({ path }) => path.join(".")));
    assert.equal(paths.size, keys.size);
  });
  test("lists of objects, maps and number lists are not addressable", () => {
    const paths = [...keys.values()].map(({ path }) => path.join("."));
    for (const path of ["router.rules", "registry.static.services", "tests", "metrics.buckets"]) {
      assert.ok(!paths.includes(`gateway.${path}`), path);
    }
  });
  test("include is not addressable: files are read before the environment is looked at", () => {
    assert.ok(![...keys.values()].some(({ path }) => path.join(".") === "gateway.include"));
  });
  test("every addressable key can be set by its long name to its default", () => {
    for (const [name, { path, list }] of keys) {
      // A block that may be absent shows nothing of its keys.
      const values: unknown = path.reduce<unknown>((v, k) => (v as Record<string, unknown> | null)?.[k] ?? null, {
        gateway: effectiveConfiguration(loadFine(EMPTY)),
      });
      if (values === null || values === "" || list || path.includes("include")) continue;
      const { errors } = load(EMPTY, { ...OFF, [name]: String(values) });
      assert.deepEqual(errors, [], name);
    }
  });
});
