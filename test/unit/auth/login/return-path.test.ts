// Where browsers are sent after a login: never to another origin.
import assert from "node:assert/strict";
import { test } from "node:test";
import { safeReturn } from "../../../../src/auth/login/return-path.ts";
import { between, randomFrom } from "../../../support/schedule.ts";

const OWN = ["/auth/authorize", "/auth/callback", "/auth/logout"];

test("paths of the same origin are accepted, with their query", () => {
  for (const path of ["/", "/orders/7?x=1&y=%2F%2Fz", "/a/b#part", "/%E2%82%AC", "/?return=//x"])
    assert.equal(safeReturn(path, OWN), path);
  assert.equal(safeReturn("/a/../b", OWN), "/b");
});

test("other URLs are rejected", () => {
  const hostile = [
    ...["", "x", "https://evil.example", "javascript:alert(1)", "\\\\evil.example", "/\\evil.example"],
    ...[
      "/\t/evil.example",
      "\n//evil.example",
      "/\n/evil.example",
      " /x",
      "/x y",
      "/x\0",
      "/é",
      "/a\\..\\b",
      "/..",
      "/%00",
    ],
    ...["/?x=\r\nSet-Cookie: a=1", "/#\u2028", "/?\\\u0080", `/${"a".repeat(1001)}`],
  ];
  for (const path of hostile) assert.equal(safeReturn(path, OWN), null, JSON.stringify(path));
  for (const path of [
    "//evil.example",
    "///evil.example",
    "/.//evil.example",
    "/a/..//evil.example",
    "/%2e//evil.example",
  ])
    assert.equal(safeReturn(path, OWN), "/evil.example");
});

test("paths of the login itself are rejected, in any spelling", () => {
  for (const path of [
    "/auth/logout",
    "/auth/authorize?return=/x",
    "/auth//callback",
    "/auth/./logout",
    "/%61uth/logout",
  ])
    assert.equal(safeReturn(path, OWN), null, path);
  assert.equal(safeReturn("/auth/logouts", OWN), "/auth/logouts");
});

test("every accepted path resolves to the same origin, and is stable", () => {
  const random = randomFrom(5);
  const parts = [
    "/",
    "\\",
    ".",
    "..",
    "%2e",
    "%2F",
    "%5c",
    "@",
    ":",
    "?",
    "#",
    "evil.example",
    "\t",
    "\n",
    " ",
    "a",
    ";",
    "//",
    "http:",
  ];
  let accepted = 0;
  for (let i = 0; i < 20_000; i++) {
    const text = `/${Array.from({ length: between(random, 0, 7) }, () => parts[between(random, 0, parts.length - 1)]).join("")}`;
    const path = safeReturn(text, OWN);
    if (path === null) continue;
    accepted++;
    const resolved = new URL(path, "https://gateway.example/auth/callback?code=c");
    assert.equal(resolved.origin, "https://gateway.example", JSON.stringify(text));
    assert.ok(!path.startsWith("//") && !resolved.pathname.startsWith("//"), JSON.stringify(text));
    assert.equal(safeReturn(path, OWN), path);
  }
  assert.ok(accepted > 1000);
});
