// The JSON Schema for editors: complete, self-consistent, and agreeing with the validator on real configurations.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { parse } from "yaml";
import type { Fields } from "../../../../src/config/schema/field.ts";
import { root } from "../../../../src/config/schema/root.ts";
import { configSchema } from "../../../../src/config/show/json-schema.ts";
import { faults, type Schema } from "../../../support/json-schema.ts";
import { load } from "../../../support/load.ts";

const schema: Schema = configSchema();

/** Every schema of a key, with its path. */
function* keysOf(at: Schema, path = ""): Generator<readonly [string, Schema]> {
  for (const [key, below] of Object.entries((at.properties ?? {}) as Record<string, Schema>)) {
    yield [`${path}.${key}`, below];
    yield* keysOf(below, `${path}.${key}`);
  }
  if (at.items !== undefined) yield* keysOf(at.items as Schema, `${path}[]`);
  if (typeof at.additionalProperties === "object") yield* keysOf(at.additionalProperties as Schema, `${path}.*`);
  for (const one of (at.anyOf ?? []) as Schema[]) yield* keysOf(one, path);
}

describe("what it holds", () => {
  const keys = new Map(keysOf(schema));
  test("names its dialect", () => assert.equal(schema.$schema, "https://json-schema.org/draft/2020-12/schema"));
  test("describes every key", () => {
    assert.ok(keys.size > 80);
    for (const [path, key] of keys) assert.ok(typeof key.description === "string" && key.description !== "", path);
  });
  test("has every key of the validator", () => {
    const walk = (fields: Fields, path: string) => {
      for (const [key, field] of Object.entries(fields)) {
        const below = `${path}.${key}`;
        assert.ok(keys.has(below), below);
        if (field.fields !== null) walk(field.fields, below);
        else if (field.items?.fields) walk(field.items.fields, field.type === "map" ? `${below}.*` : `${below}[]`);
      }
    };
    walk(root.fields!, "");
  });
  test("admits every default it names", () => {
    for (const [path, key] of keys) if ("default" in key) assert.deepEqual(faults(key, key.default, path), []);
  });
});

describe("agrees with the validator", () => {
  const good = [
    readFileSync("gateway.yaml", "utf8"),
    "x-a: { b: 1 }\ngateway: { x-c: 1, router: { rules: [ { path: /, serviceName: _internal } ] } }",
    "gateway: { frontend: { http: { port: 0, readTimeout: 1.5, writeTimeout: 1m30s, maxRequestSize: 1 MiB, echo: yes, trustedProxies: '::1' } }, router: { rules: [ { path: /, serviceName: _internal, methods: GET, match: { headers: { a: b, c: { present: true } } } } ] } }",
    'gateway: { frontend: { http: { port: "${PORT:-8080}", readTimeout: "${T:-5s}", echo: "${E:-true}" } }, router: { rules: [ { path: /, serviceName: _internal } ] } }',
    'gateway: { frontend: { http: { port: "8080" } }, router: { rules: [ { path: /, serviceName: _internal } ] } }',
  ];
  for (const [i, text] of good.entries()) {
    test(`both accept good configuration ${i}`, () => {
      assert.deepEqual(load(text).errors, []);
      assert.deepEqual(faults(schema, parse(text, { merge: true })), []);
    });
  }
  const bad = [
    "gateway: { frontnd: {} }",
    "gatway: {}",
    "gateway: { frontend: { http: { port: 70000 } } }",
    "gateway: { frontend: { http: { readTimeout: soon } } }",
    "gateway: { frontend: { http: { maxRequestSize: big } } }",
    "gateway: { frontend: { http: { echo: maybe } } }",
    "gateway: { router: { rules: [ { path: / } ] } }",
    "gateway: { router: { rules: {} } }",
    "gateway: { router: { rules: [ { path: /, serviceName: _internal, methods: FETCH } ] } }",
    "gateway: { telemetry: { logging: { level: loud } } }",
    "gateway: { registry: { static: { services: [ { name: a, instances: [ { port: 1 } ] } ] } } }",
    "gateway: { auth: { oidc: {} } }",
  ];
  for (const text of bad) {
    test(`both refuse ${text}`, () => {
      assert.ok(load(text).errors.length > 0);
      assert.ok(faults(schema, parse(text)).length > 0);
    });
  }
});
