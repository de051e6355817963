// Templates of required permissions, and the action of a request.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { actionOf, actionOfMethod } from "../../../src/authz/action.ts";
import { BY_PATH, dependsOnPath, fill, hasSegments, parseTemplate } from "../../../src/authz/template.ts";
import { contextOf } from "../../support/context.ts";
import { everyRow } from "../../support/rows.ts";

const NAMES = ["", "id", "", "item"];
const VALUES = { path: "/orders/7/items/x%2Fy", action: "read", method: "GET", subject: "ann" };
const filled = (text: string, more: Partial<typeof VALUES> = {}) =>
  fill(parseTemplate(text, NAMES), { ...VALUES, ...more });

describe("a required permission", () => {
  test("is expanded with path segments, action, method, subject and path", () => {
    const rows = [
      ["orders:read", "orders:read"],
      ["orders:{id}:{action}", "orders:7:read"],
      ["{item}", "x%2Fy"],
      ["{id}{item}", "7x%2Fy"],
      ["{method}:{path}", "GET:/orders/7/items/x%2Fy"],
      ["of:{subject}", "of:ann"],
      ["café:{action}", "caf%C3%A9:read"],
      ["/v1/orders:cancel:create", "/v1/orders%3Acancel:create"],
    ] as const;
    everyRow(rows, String, ([text, expected]) => assert.equal(filled(text), expected));
    assert.equal(fill(BY_PATH, VALUES), "/orders/7/items/x%2Fy:read");
  });
  test("contains values that match nothing but themselves", () => {
    const path = "/orders/7:delete/items/*";
    assert.equal(filled("orders:{id}:{action}", { path }), "orders:7%3Adelete:read");
    assert.equal(filled("{item}:read", { path }), "%2A:read");
    assert.equal(filled("{path}:{action}", { path }), "/orders/7%3Adelete/items/%2A:read");
    assert.equal(filled("of:{subject}", { subject: "a:b*%2A" }), "of:a%3Ab%2A%252A");
    assert.equal(filled("{id}", { path: "/orders/{action}/items/x" }), "{action}");
  });
  test("cannot be expanded without a subject if it contains one", () => {
    assert.equal(filled("of:{subject}", { subject: "" }), null);
    assert.equal(filled("orders:{id}", { subject: "" }), "orders:7");
  });
  test("knows whether it depends on the path and on the pattern", () => {
    const told = (text: string) => [dependsOnPath(parseTemplate(text, NAMES)), hasSegments(parseTemplate(text, NAMES))];
    assert.deepEqual(
      [told("a:{action}:{subject}"), told("{path}"), told("{id}")],
      [
        [false, false],
        [true, false],
        [true, true],
      ],
    );
  });
});

describe("an action", () => {
  test("follows from the method, and no method name produces a reserved action", () => {
    const rows = [
      ["GET", "read"],
      ["HEAD", "read"],
      ["POST", "create"],
      ["PUT", "update"],
      ["PATCH", "update"],
      ["DELETE", "delete"],
      ["OPTIONS", "options"],
      ["PROPFIND", "propfind"],
      ["get", "get"],
      ["READ", "other-read"],
      ["read", "other-read"],
      ["Delete", "other-delete"],
      ["CALL", "other-call"],
      ["CONNECT", "other-connect"],
    ] as const;
    everyRow(rows, String, ([method, action]) => assert.equal(actionOfMethod(method), action));
  });
  test("is connect for WebSockets, and call for gRPC on gRPC routes only", () => {
    assert.equal(actionOf(contextOf({ upgrade: true }), false), "connect");
    const fields = (type: string) => contextOf({ method: "POST", fields: ["Content-Type", type] });
    for (const type of ["application/grpc", "application/grpc+proto", "application/grpc-web-text"]) {
      assert.equal(actionOf(fields(type), true), "call", type);
      assert.equal(actionOf(fields(type), false), "create", type);
    }
    assert.equal(actionOf(fields("application/json"), true), "create");
  });
});
