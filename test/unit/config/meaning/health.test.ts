// `health` and `outlierDetection`: both forms, what is inferred, and what is refused with its place.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { outlierSettings } from "../../../../src/config/meaning/outliers.ts";
import { load } from "../../../support/load.ts";
import type { Block } from "../../../support/setup.ts";

function loadWith(health: unknown, instance: unknown = "healthy", more: Block = {}, service = "web") {
  const gateway = {
    router: { rules: [{ path: "/*", serviceName: "web" }] },
    registry: {
      static: {
        services: [
          {
            name: "web",
            instances: [{ id: "web-1", address: "127.0.0.1", health: service === "web" ? instance : "healthy" }],
          },
          {
            name: "calls",
            type: "grpc",
            instances: [{ id: "calls-1", address: "127.0.0.1", health: service === "calls" ? instance : "healthy" }],
          },
        ],
      },
    },
    health,
    ...more,
  };
  return load(JSON.stringify({ gateway }));
}

function own(instance: unknown, health: Block = {}, service = "web", id = "web-1") {
  const { config, errors } = loadWith(health, instance, {}, service);
  assert.deepEqual(errors, []);
  return config!.health.instances.get(service)!.get(id);
}

describe("instances[].health", () => {
  test("text says whether it takes traffic, and probes nothing", () => {
    assert.equal(own("healthy"), undefined);
    const { config } = loadWith({}, "unhealthy");
    assert.equal(config!.services[0]!.endpoints[0]!.healthy, false);
  });
  test("an empty block asks GET /health every 10 s, 2 s long, 2 up and 3 down", () => {
    const check = own({})!;
    assert.deepEqual(
      [check.type, check.method, check.path, check.intervalMs, check.timeoutMs],
      ["http", "GET", "/health", 10_000, 2000],
    );
    assert.deepEqual([check.healthyThreshold, check.unhealthyThreshold, check.gate], [2, 3, false]);
    assert.deepEqual(check.expectedStatus, [[200, 299]]);
  });
  test("an instance that speaks gRPC is asked by gRPC", () => {
    assert.equal(own({}, {}, "calls", "calls-1")!.type, "grpc");
    assert.equal(own({ type: "tcp" }, {}, "calls", "calls-1")!.type, "tcp");
    assert.equal(own({ path: "/up", port: 8081 }, {}, "calls", "calls-1")!.type, "http");
  });
  test("`health` has the defaults", () => {
    const health = { interval: "1s", timeout: "3s", healthyThreshold: 7, unhealthyThreshold: 8, gate: true };
    const check = own({}, health)!;
    assert.deepEqual([check.intervalMs, check.timeoutMs], [1000, 3000]);
    assert.deepEqual([check.healthyThreshold, check.unhealthyThreshold, check.gate], [7, 8, true]);
    assert.equal(own({ gate: false, timeout: 1 }, health)!.timeoutMs, 1000);
  });
  test("enabled: false takes part in no check", () => assert.equal(own({ enabled: false }), null));
  test("statuses are one, a range or a list", () => {
    assert.deepEqual(own({ expectedStatus: 204 })!.expectedStatus, [[204, 204]]);
    assert.deepEqual(own({ expectedStatus: "200-399" })!.expectedStatus, [[200, 399]]);
    assert.deepEqual(own({ expectedStatus: [200, "300-302"] })!.expectedStatus, [
      [200, 200],
      [300, 302],
    ]);
  });
  test("script is an old spelling of exec", () => {
    const { config, warnings } = loadWith({ execAllow: ["/bin/true"] }, { type: "script", command: "/bin/true" });
    assert.equal(config!.health.instances.get("web")!.get("web-1")!.type, "exec");
    assert.ok(warnings.some((w) => w.includes('"script" is an old spelling of "exec"')));
  });

  for (const [instance, message] of [
    [{ expectedStatus: 99 }, /"99" is not a status or a range/],
    [{ expectedStatus: "399-200" }, /"399-200" is not a status/],
    [{ type: "tcp", path: "/x" }, /"path" has no effect on a probe of type tcp/],
    [{ service: "x" }, /"service" has no effect on a probe of type http/],
    [{ path: "health" }, /"health" is not a path/],
    [{ path: "/a b" }, /is not a path/],
    [{ headers: { "X Y": "1" } }, /"X Y" cannot be sent by a probe/],
    [{ headers: { "X-Y": "1\n" } }, /"X-Y" cannot be sent/],
    [{ headers: { "Content-Length": "1" } }, /"Content-Length" cannot be sent/],
    [{ headers: { "Keep-Alive": "5" } }, /"Keep-Alive" cannot be sent/],
    [{ interval: 0 }, /health.interval: at least 10ms/],
    [{ timeout: "1ms" }, /health.timeout: at least 10ms/],
    [{ healthyThreshold: 0 }, /expected a whole number of at least 1/],
    [{ type: "exec", command: "/bin/false" }, /"\/bin\/false" is not in health.execAllow/],
    [{ type: "exec", command: "true" }, /"true" is not an absolute path/],
    [{ type: "exec" }, /an exec probe needs a command/],
    [{ type: "udp" }, /expected one of http, tcp, grpc, exec/],
    [{ pth: "/x" }, /unknown key "pth"/],
  ] as const) {
    test(`${JSON.stringify(instance)} is refused`, () => {
      const { errors } = loadWith({ execAllow: ["/bin/true"] }, instance);
      assert.match(errors[0] ?? "", message);
      assert.match(errors[0]!, /^t\.yaml:1:\d+: /);
    });
  }
});

describe("health.checks", () => {
  const loaded = (checks: unknown, more: Block = {}) => {
    const { config, errors } = loadWith({ checks, ...more });
    assert.deepEqual(errors, []);
    return config!.health;
  };

  test("url, address and command are checks of the gateway's own", () => {
    const checks = {
      page: { config: { url: "https://example.org/up?x=1", expectedStatus: [200, 204] } },
      db: { type: "tcp", interval: 5, timeout: 1, config: { address: "[::1]:5432" } },
      calls: { type: "grpc", config: { address: "calls.local:50051", service: "a.B" } },
      disk: { type: "script", config: { command: "/bin/df", args: ["/"] } },
    };
    const { gateway, shared } = loaded(checks, { execAllow: ["/bin/df"] });
    assert.deepEqual(shared, []);
    assert.deepEqual(
      gateway.map(({ name, probe }) => [name, probe]),
      [
        [
          "page",
          {
            type: "http",
            url: "https://example.org/up?x=1",
            expectedStatus: [
              [200, 200],
              [204, 204],
            ],
          },
        ],
        ["db", { type: "tcp", address: "::1", port: 5432 }],
        ["calls", { type: "grpc", address: "calls.local", port: 50051, service: "a.B" }],
        ["disk", { type: "exec", command: "/bin/df", args: ["/"] }],
      ],
    );
    assert.deepEqual([gateway[0]!.intervalMs, gateway[0]!.timeoutMs], [30_000, 5000]);
    assert.deepEqual([gateway[1]!.intervalMs, gateway[1]!.timeoutMs], [5000, 1000]);
  });
  test("config.type looks at the instances of the service of that name", () => {
    const { gateway, shared } = loaded({ web: { config: { type: "service", path: "/up" } } });
    assert.deepEqual(gateway, []);
    assert.deepEqual([shared[0]!.services, shared[0]!.check.type, shared[0]!.check.path], [["web"], "http", "/up"]);
    assert.equal(loaded({ web: { config: { type: "tcp" } } }).shared[0]!.check.type, "tcp");
  });
  test("a list looks at the instances of the named, or of all, services", () => {
    const { shared } = loaded([{ type: "tcp" }, { path: "/x", expectedStatus: 204, timeout: 1, services: ["web"] }]);
    assert.deepEqual(
      shared.map(({ name, services, check }) => [name, services, check.type, check.intervalMs, check.timeoutMs]),
      [
        ["checks[0]", null, "tcp", 10_000, 5000],
        ["checks[1]", ["web"], "http", 10_000, 1000],
      ],
    );
    assert.deepEqual(shared[1]!.check.expectedStatus, [[204, 204]]);
  });

  for (const [checks, message] of [
    [{ registry: { type: "tcp", config: { address: "x:1" } } }, /the name is already used on the health page/],
    [{ a: {} }, /check "a": needs config.url, or config.type: service/],
    [{ a: { type: "tcp" } }, /needs config.address/],
    [{ a: { type: "exec" } }, /needs config.command/],
    [{ a: { config: { url: "ftp://x" } } }, /"ftp:\/\/x" is not an http or https URL/],
    [{ a: { config: { url: "http://u:p@x" } } }, /without user and password/],
    [{ a: { config: { url: "http://x", path: "/y" } } }, /the path is part of config.url/],
    [{ a: { config: { url: "http://x", address: "x:1" } } }, /type http does not read address/],
    [{ a: { type: "tcp", config: { address: "x" } } }, /"x" is not host:port/],
    [{ a: { type: "tcp", config: { address: "x:70000" } } }, /is not host:port/],
    [{ a: { type: "tcp", config: { address: "x:1", expectedStatus: 200 } } }, /type tcp does not read expectedStatus/],
    [{ wbe: { config: { type: "service" } } }, /unknown service "wbe" \(did you mean "web"\?\)|unknown service "wbe"/],
    [{ web: { path: "/a", config: { type: "service", path: "/b" } } }, /path is written twice/],
    [[{ services: ["nope"] }], /check "checks\[0\]": unknown service "nope"/],
    [[{ config: { url: "http://x" } }], /cannot have "config.url"/],
    [[{ type: "exec", config: { command: "/bin/sh" } }], /not in health.execAllow/],
    [[{ interval: 0 }], /interval: at least 10ms/],
    ["x", /expected a mapping/],
  ] as const) {
    test(`${JSON.stringify(checks)} is refused`, () => {
      const { errors } = loadWith({ checks });
      assert.match(errors[0] ?? "", message);
      assert.match(errors[0]!, /^t\.yaml:1:\d+: /);
    });
  }
  test("programs are allowed by their whole path only", () => {
    assert.match(loadWith({ execAllow: ["bin/true"] }).errors[0]!, /"bin\/true" is not an absolute path/);
  });
});

describe("outlierDetection", () => {
  const settings = (section: Block, service = "web") => {
    const { config, errors } = loadWith({}, "healthy", { outlierDetection: section });
    assert.deepEqual(errors, []);
    return outlierSettings(config!, service);
  };
  test("is off until it is switched on", () => assert.equal(settings({}), null));
  test("services inherit key by key", () => {
    const section = { enabled: true, default: { ejectionTime: 7 }, services: { web: { consecutiveFailures: 2 } } };
    const { consecutiveFailures, ejectionMs } = settings(section)!;
    assert.deepEqual([consecutiveFailures, ejectionMs], [2, 7000]);
    assert.equal(settings(section, "calls")!.consecutiveFailures, 5);
  });
  test("a service may be left out", () => {
    assert.equal(settings({ enabled: true, services: { web: { enabled: false } } }), null);
  });
  for (const [section, message] of [
    [{ services: { wbe: {} } }, /unknown service "wbe"/],
    [{ default: { ejectionTime: "10m" } }, /outlierDetection.default: maxEjectionTime is below ejectionTime/],
    [{ services: { web: { maxEjectionTime: 1 } } }, /outlierDetection.services.web: maxEjectionTime is below/],
    [{ default: { maxEjectedShare: 1.5 } }, /a number of at least 0 and at most 1/],
    [{ default: { latencyFactor: 0.5 } }, /latencyFactor must be above 1, or 0/],
    [{ default: { interval: 0 } }, /interval is below 10ms/],
  ] as const) {
    test(`${JSON.stringify(section)} is refused`, () => {
      const { errors } = loadWith({}, "healthy", { outlierDetection: { enabled: true, ...section } });
      assert.match(errors[0] ?? "", message);
    });
  }
});
