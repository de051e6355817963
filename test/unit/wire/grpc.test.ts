// What the gateway reads of gRPC: kinds, deadlines, statuses, messages of statuses, paths.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callPath, grpcKind, grpcMessage, grpcStatusOf, grpcTimeout, timeoutText } from "../../../src/wire/grpc.ts";

describe("the kind of a request", () => {
  const kinds: readonly (readonly [string, string | null])[] = [
    ["application/grpc", "native"],
    ["application/grpc+proto", "native"],
    ["APPLICATION/GRPC", "native"],
    ["application/grpc;charset=utf-8", "native"],
    ["application/grpc ; a=b", "native"],
    ["application/grpc-web", "web"],
    ["application/grpc-web+proto", "web"],
    ["application/grpc-web-text", "web"],
    ["application/grpcx", null],
    ["application/grpc/x", null],
    ["application/json", null],
    ["application/grp", null],
    ["", null],
  ];
  for (const [type, kind] of kinds)
    test(`${type || "empty"}: ${kind}`, () => assert.equal(grpcKind(["content-type", type]), kind));
  test("without a content type: null", () => assert.equal(grpcKind([]), null));
});

describe("deadlines", () => {
  const times: readonly (readonly [string, number])[] = [
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["4m", 4],
    ["500u", 0.5],
    ["1n", 0.001],
    ["99999999S", 99_999_999_000],
    ["0m", 0.001],
    ["100000000m", 0],
    ["1", 0],
    ["m", 0],
    ["-1m", 0],
    ["1.5S", 0],
    [" 1S", 0],
    ["1s", 0],
  ];
  for (const [text, ms] of times) {
    test(`grpc-timeout "${text}" is ${ms} ms`, () => assert.equal(grpcTimeout(["grpc-timeout", text]), ms));
  }
  test("none is 0", () => assert.equal(grpcTimeout([]), 0));
  const texts: readonly (readonly [number, string])[] = [
    [1, "1m"],
    [0.2, "1m"],
    [-5, "1m"],
    [1500.4, "1501m"],
    [99_999_999, "99999999m"],
    [100_000_000, "100000S"],
    [1e15, "99999999S"],
  ];
  for (const [ms, text] of texts) test(`${ms} ms are written ${text}`, () => assert.equal(timeoutText(ms), text));
  test("what is written is read back, never longer than eight digits", () => {
    for (let ms = 1; ms < 9e10; ms = Math.ceil(ms * 1.7)) {
      const text = timeoutText(ms);
      assert.match(text, /^\d{1,8}[mS]$/);
      const back = grpcTimeout(["grpc-timeout", text]);
      assert.ok(back >= ms && back < ms + 1000, `${ms} → ${text}`);
    }
  });
});

test("statuses of our own errors (§5.2)", () => {
  const table: Readonly<Record<number, readonly number[]>> = {
    3: [400],
    16: [401],
    7: [403],
    12: [404, 405, 410, 426, 501],
    4: [408, 504],
    8: [413, 429, 431],
    13: [500, 508, 418],
    14: [502, 503],
  };
  for (const [code, statuses] of Object.entries(table)) {
    for (const status of statuses) assert.equal(grpcStatusOf(status), Number(code), String(status));
  }
});

test("messages of statuses are percent-encoded UTF-8, and decode to what they were", () => {
  assert.equal(grpcMessage("plain ~ text!"), "plain ~ text!");
  assert.equal(grpcMessage("100%"), "100%25");
  assert.equal(grpcMessage("ü\r\n😈"), "%C3%BC%0D%0A%F0%9F%98%88");
  assert.equal(grpcMessage("\x7f\x00"), "%7F%00");
  for (const text of ["%41", "a%", "☺☺", "\t\n x"]) assert.equal(decodeURIComponent(grpcMessage(text)), text);
});

test("the path of a call, below a prefix or not", () => {
  assert.equal(callPath("/pkg.S/M", ""), "/pkg.S/M");
  assert.equal(callPath("/grpc/pkg.S/M", "/grpc"), "/pkg.S/M");
  assert.equal(callPath("/a/b/pkg.S/M", "/a/b"), "/pkg.S/M");
  // The rule's prefix is the service itself: there is nothing to remove.
  assert.equal(callPath("/pkg.S/M", "/pkg.S"), "/pkg.S/M");
  assert.equal(callPath("/pkg.S/M", "/other"), "/pkg.S/M");
  assert.equal(callPath("/grpcx/M", "/grpc"), "/grpcx/M");
  for (const path of ["/", "/pkg.S", "/pkg.S/", "//M", "/a/b/c", "/grpc/pkg.S"]) {
    if (path !== "/grpc/pkg.S") assert.equal(callPath(path, "/grpc"), null, path);
  }
});
