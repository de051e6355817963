// Field lists and the names the data path must notice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addTokens, dropFields, getField, isField, joinField } from "../../../src/wire/fields.ts";
import { HEX, TOKEN, VALUE } from "../../../src/wire/grammar.ts";
import * as known from "../../../src/wire/known.ts";

test("names are compared without regard to case, and only letters have a case", () => {
  assert.ok(isField("CONTENT-Length", "content-length"));
  assert.ok(isField("x_1!", "x_1!"));
  assert.ok(!isField("content-lengt", "content-length"));
  assert.ok(!isField("content-length ", "content-length"));
  // Bytes that differ from the wanted one in bit 0x20 only, but are no letters.
  assert.ok(!isField("content\rlength", "content-length"));
  assert.ok(!isField("x\x10", "x0"));
  assert.ok(!isField("x[", "x{"));
  for (let c = 0; c < 256; c++) {
    const char = String.fromCharCode(c);
    assert.equal(isField(char, "a"), char === "a" || char === "A", `byte ${c}`);
    assert.equal(isField(char, "-"), char === "-", `byte ${c}`);
  }
  assert.ok(!isField("\u212aeep-alive", "keep-alive"), "the Kelvin sign is no k");
});

test("values are found by name, first or joined", () => {
  const fields = ["A", "1", "b", "2", "a", "3", "C", ""];
  assert.equal(getField(fields, "a"), "1");
  assert.equal(getField(fields, "c"), "");
  assert.equal(getField(fields, "d"), undefined);
  assert.equal(joinField(fields, "a"), "1, 3");
  assert.equal(joinField(fields, "c"), "");
  assert.equal(joinField(fields, "d"), undefined);
});

test("fields are dropped in place, all of a name, order kept", () => {
  const fields = ["A", "1", "B", "2", "a", "3", "C", "4"];
  dropFields(fields, new Set(["a", "c"]));
  assert.deepEqual(fields, ["B", "2"]);
});

test("tokens of a list are trimmed, lower-cased and never empty", () => {
  const tokens = new Set<string>();
  addTokens(" Close ,,\tX-One\t, x-one , ", tokens);
  assert.deepEqual([...tokens], ["close", "x-one"]);
});

test("byte classes are those of RFC 9110", () => {
  for (let c = 0; c < 256; c++) {
    const char = String.fromCharCode(c);
    assert.equal(TOKEN[c] === 1, /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char), `tchar ${c}`);
    assert.equal(VALUE[c] === 1, c === 9 || (c >= 0x20 && c !== 0x7f), `value ${c}`);
    assert.equal(HEX[c], /[0-9A-Fa-f]/.test(char) ? Number.parseInt(char, 16) : 255, `hex ${c}`);
  }
});

const kinds: [label: string, names: string[], kind: number][] = [
  ["Host", ["Host", "HOST"], known.HOST],
  ["Connection", ["Connection", "CONNECTION"], known.CONNECTION],
  ["Content-Length", ["Content-Length", "content-length"], known.CONTENT_LENGTH],
  ["Transfer-Encoding", ["Transfer-Encoding", "TRANSFER-ENCODING"], known.TRANSFER_ENCODING],
  ["Expect", ["Expect"], known.EXPECT],
  ["Upgrade", ["Upgrade"], known.UPGRADE],
  ["TE", ["TE", "te"], known.TE],
  ["Via", ["Via"], known.VIA],
  ["Accept-Encoding", ["Accept-Encoding"], known.ACCEPT_ENCODING],
  ["Authorization", ["Authorization", "AUTHORIZATION"], known.AUTHORIZATION],
  ["Forwarded", ["Forwarded"], known.FORWARDED],
  ["the forwarded chain", ["X-Forwarded-For", "x-forwarded-FOR"], known.FORWARDED_FOR],
  [
    "hop-by-hop",
    [
      "Keep-Alive",
      "Trailer",
      "Proxy",
      "PROXY",
      "Proxy-Authorization",
      "Proxy-Connection",
      "proxy-x",
      "Proxy_Connection",
    ],
    known.HOP,
  ],
  [
    "asserted by the gateway",
    [
      "X-Forwarded-Proto",
      "X-Forwarded-Host",
      "X-Forwarded-Anything",
      "X-Real-IP",
      "X-Auth-Subject",
      "x-auth-",
      "X-Gateway",
    ],
    known.ASSERTED,
  ],
  [
    "an alias",
    [
      "X_Forwarded_For",
      "X-Forwarded_For",
      "x_forwarded-for",
      "X_Real_IP",
      "X-Real_IP",
      "X_Auth_Subject",
      "X-Auth_Claims",
      "X_Gateway",
      "x_auth-roles",
      "Client_Cert",
      "Client.Cert",
      "client~cert.Chain",
      "X.Forwarded.For",
      "X-Forwarded.Proto",
      "x!real!ip",
      "X-Auth.Subject",
      "X.Request-ID",
    ],
    known.ALIAS,
  ],
  [
    "any other name",
    [
      "Hosts",
      "Hos",
      "Content-Type",
      "Content-Lengths",
      "Connections",
      "Accept",
      "Accept-Encodings",
      "Cookie",
      "Expected",
      "Proxies",
      "Prox",
      "X",
      "X-",
      "X-Forwarded",
      "X-Real",
      "X-Authority",
      "X-Gateways",
      "Y-Forwarded-For",
      "Forwarded-For",
      "Te-x",
      "Vias",
      "User-Agent",
      "Client.Certs",
      "X.Other",
    ],
    known.OTHER,
  ],
];

for (const [label, names, kind] of kinds) {
  for (const name of names) test(`${name} is ${label}`, () => assert.equal(known.knownField(name), kind));
}

for (const name of ["X_Request_ID", "X-Request_ID", "Content_Length", "Transfer_Encoding"]) {
  test(`${name}, a spelling of a field the gateway asserts, is not just any name`, () => {
    assert.notEqual(known.knownField(name), known.OTHER);
  });
}
