// What backends are told: text that is safe in a header, within bounds.
import assert from "node:assert/strict";
import { test } from "node:test";
import { upstreamFields } from "../../../src/auth/upstream-fields.ts";
import { identityOf } from "../../../src/core/identity.ts";

const told = (given: Parameters<typeof identityOf>[0]) => {
  const fields = upstreamFields(identityOf(given));
  return Object.fromEntries(fields.flatMap((name, i) => (i % 2 === 0 ? [[name, fields[i + 1]!]] : [])));
};

test("the fields of an identity contain its properties, and are built once", () => {
  const given = {
    subject: "ci",
    method: "apikey",
    type: "service",
    scopes: ["a", "b"],
    claims: { team: "x" },
  } as const;
  assert.deepEqual(told(given), {
    "X-Auth-Subject": "ci",
    "X-Auth-Type": "service",
    "X-Auth-Provider": "apikey",
    "X-Auth-Scopes": "a,b",
    "X-Auth-Claims": '{"team":"x"}',
  });
  const identity = identityOf(given);
  assert.equal(upstreamFields(identity), upstreamFields(identity));
  assert.deepEqual(Object.keys(told({ subject: "ci", method: "basic" })).length, 3);
});

test("no value can end a header or be misread", () => {
  const claims = { "ключ\r\n": "\u2028\ud800 ü" };
  const fields = told({ subject: " jörg\r\nX: 1%\0 ", method: "basic", claims });
  assert.equal(fields["X-Auth-Subject"], "%20j%C3%B6rg%0D%0AX: 1%25%00%20");
  assert.match(fields["X-Auth-Claims"]!, /^[\x20-\x7e]+$/);
  assert.deepEqual(JSON.parse(fields["X-Auth-Claims"]!), claims);
});

test("a comma in a scope does not separate it", () => {
  const fields = told({ subject: "ci", method: "jwt", scopes: ["read,admin", "write"] });
  assert.equal(fields["X-Auth-Scopes"], "read%2Cadmin,write");
});

test("claims that are too large are left out", () => {
  const claims = { text: "ü".repeat(700) };
  assert.equal(told({ subject: "a", method: "basic", claims })["X-Auth-Claims"], undefined);
});
