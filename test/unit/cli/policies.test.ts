// What `explain` says a route does: every policy that takes effect, with its numbers, and none that is off.
import assert from "node:assert/strict";
import { test } from "node:test";
import { policiesOf } from "../../../src/cli/policies.ts";
import { loadFine } from "../../support/load.ts";

const config = loadFine(`gateway:
  auth: { mtls: true, forward: { url: http://127.0.0.1:1, services: { staff: { url: http://127.0.0.1:2 } } } }
  middleware: { ratelimit: { enabled: true, perIP: { enabled: true, rate: 50 } } }
  circuitBreaker: { enabled: true, default: { scope: both } }
  retry: { enabled: true, default: { perTryTimeout: 2s } }
  outlierDetection: { enabled: true }
  adaptiveConcurrency: { enabled: true, services: { spare: { enabled: false } } }
  loadBalancing: { services: { orders: { slowStart: 30s, panicThreshold: 0.4 } } }
  router:
    rules:
      - id: orders
        path: /orders/*
        serviceName: orders
        tier: high
        maxHeaderSize: 8kb
        maxHeaders: 50
        allowedIPs: [ 10.0.0.0/8, unix ]
        deniedIPs: [ 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8, 10.0.0.9 ]
        rateLimits:
          - { id: tenant, rate: 5, period: 1m, key: [ip, "header:x-tenant"], algorithm: sliding_window, cost: "header:X-Cost" }
        concurrency: { max: 20, key: [ip] }
        sessionAffinity: { enabled: true, ttl: 2h }
        fallback: { serviceName: spare }
        retry: { hedgeAfter: 100ms }
      - id: plain
        path: /plain
        serviceName: spare
        metadata: { skipRateLimit: true }
        authType: [ mtls, forward ]
        circuitBreaker: { enabled: false }
        retry: { enabled: false }
      - { id: hashed, path: /hashed, serviceName: spare, authService: staff, authType: forward, requiredScopes: [ read ], consistentHash: { key: "header:x-user" }, fallback: { status: 503, on: no_endpoint } }
  registry:
    static:
      services:
        - name: orders
          instances:
            - { address: 127.0.0.1, port: 1, health: { type: http, path: /up } }
            - { address: 127.0.0.1, port: 2, health: { type: http, path: /up } }
        - { name: spare, instances: [{ address: 127.0.0.1, port: 3 }] }
`);

function of(id: string): string[] {
  const rule = config.rules.find((r) => r.id === id)!;
  const service = config.services.find((s) => s.name === rule.serviceName);
  return policiesOf(config, rule, service).map(([name, text]) => `${name}: ${text}`);
}

test("a route says all it does, in the order requests meet it", () => {
  assert.deepEqual(of("orders"), [
    "addresses: only 10.0.0.0/8, unix; not 10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4, 10.0.0.5, 10.0.0.6, 10.0.0.7, 10.0.0.8 and 1 more",
    "header limit: 8kb, 50 fields",
    "tier: high",
    "concurrency: 20 concurrent by ip",
    "rate limit: perIP: 50 per 1s, burst 50, token_bucket, memory, by ip",
    "rate limit: orders.tenant: 5 per 60s, sliding_window, cost from x-cost, memory, by ip + header:x-tenant",
    "balancing: sessions by cookie GATEWAY_SESSION for 7200s, slow start 30s, all instances when fewer than 40 % are healthy",
    "adaptive limit: 5 to 1000 concurrent, initially 100",
    "circuit: opens after 5 failures or 50 % of at least 10 requests within 60s, for 60s; per service and instance",
    "outliers: ejected for at least 30s, at most 50 % of the instances",
    "retry: 3 tries, after 502 503 504, 2s each, hedged after 100ms, 10 % additional requests at most",
    "fallback: service spare after circuit_open no_endpoint",
    "check: http /up every 10s, within 2s",
  ]);
});

test("what is switched off for it is not said", () => {
  assert.deepEqual(of("plain"), [
    "authentication: required, by mtls or forward",
    "outliers: ejected for at least 30s, at most 50 % of the instances",
  ]);
});

test("what is hashed and what is answered here is told", () => {
  const said = of("hashed");
  assert.ok(said.includes("authentication: required, by forward (staff), scopes read"), said.join("\n"));
  assert.ok(said.includes("balancing: by hash of header:x-user"), said.join("\n"));
  assert.ok(said.includes("fallback: 503, made here, after no_endpoint"), said.join("\n"));
});

test("which tokens a rule accepts is told", () => {
  const auth = {
    oauth2: { providers: [{ name: "corp", clientId: "c", issuerUrl: "https://id.example" }] },
  };
  const own = { provider: "corp", requireScopes: ["write"], requireAudience: ["orders", "bills"] };
  const jwt = { jwksEndpoint: "https://jwt.example/keys", issuer: "https://jwt.example", audience: "a" };
  const rules = [{ path: "/*", serviceName: "_internal", auth: { oauth2: own, jwt } }];
  const loaded = loadFine(JSON.stringify({ gateway: { auth, router: { rules } } }));
  assert.deepEqual(policiesOf(loaded, loaded.rules[0]!, undefined)[0], [
    "authentication",
    "required, by jwt or oauth2, jwt with keys of the rule, oauth2 tokens of corp, oauth2 scopes write, oauth2 audience orders or bills",
  ]);
});
