// Address ranges, and who the client is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { compileCidrs, plainAddress } from "../../../src/wire/cidr.ts";
import { clientAddress, ForwardedPeer, forwardedHost } from "../../../src/wire/forwarded.ts";

const RANGES = ["10.0.0.0/8", "192.168.1.7", "::1/128", "fd00::/8"];

test("an address is in a range or not", () => {
  const trusts = compileCidrs(RANGES);
  for (const inside of ["10.0.0.1", "10.255.255.255", "192.168.1.7", "::1", "fd12::1", "::ffff:10.1.2.3"]) {
    assert.ok(trusts(inside), inside);
  }
  for (const outside of ["11.0.0.1", "9.255.255.255", "192.168.1.8", "::2", "fe80::1", "::ffff:11.0.0.1"]) {
    assert.ok(!trusts(outside), outside);
  }
  for (const text of [
    "",
    "unknown",
    "10.0.0",
    "10.0.0.1:80",
    "10.0.0.1 ",
    "010.0.0.1",
    "_hidden",
    "10.0.0.1/8",
    "a10.0.0.1",
  ]) {
    assert.ok(!trusts(text), text);
  }
});

test("no ranges trust nobody", () => {
  assert.ok(!compileCidrs([])("127.0.0.1"));
});

test("a whole family can be trusted", () => {
  assert.ok(compileCidrs(["0.0.0.0/0"])("8.8.8.8"));
  assert.ok(!compileCidrs(["0.0.0.0/0"])("2001:db8::1"));
});

for (const range of [
  "",
  "10.0.0.0/33",
  "::1/129",
  "10.0.0.0/",
  "10.0.0.0/-1",
  "10.0.0.0/8/8",
  "10.0.0.0/ 8",
  "example.org",
  "10.0.0/8",
]) {
  test(`the range ${JSON.stringify(range)} is refused by name`, () => {
    assert.throws(() => compileCidrs([range]), new RegExp(`"${range}" is not`));
  });
}

test("an IPv4 peer on a dual-stack socket is plain", () => {
  assert.equal(plainAddress("::ffff:1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("::ffff:abcd"), "::ffff:abcd");
  assert.equal(plainAddress(""), "");
});

const trusts = compileCidrs(["10.0.0.0/8"]);
const clients: { name: string; fields: string[]; client: string }[] = [
  { name: "nothing said", fields: [], client: "10.0.0.1" },
  { name: "one address", fields: ["X-Forwarded-For", "1.1.1.1"], client: "1.1.1.1" },
  { name: "a spoofed beginning", fields: ["X-Forwarded-For", "6.6.6.6, 1.1.1.1"], client: "1.1.1.1" },
  {
    name: "trusted hops after it",
    fields: ["X-Forwarded-For", "6.6.6.6, 1.1.1.1, 10.2.3.4,10.0.0.9"],
    client: "1.1.1.1",
  },
  {
    name: "several fields",
    fields: ["X-Forwarded-For", "6.6.6.6", "x-forwarded-for", "1.1.1.1, 10.0.0.2"],
    client: "1.1.1.1",
  },
  { name: "blanks and holes", fields: ["X-Forwarded-For", "6.6.6.6,  1.1.1.1 ,, "], client: "1.1.1.1" },
  { name: "X-Real-IP alone", fields: ["X-Real-IP", "2.2.2.2"], client: "2.2.2.2" },
  { name: "both: the chain wins", fields: ["X-Real-IP", "2.2.2.2", "X-Forwarded-For", "1.1.1.1"], client: "1.1.1.1" },
  { name: "an IPv6 address", fields: ["X-Forwarded-For", "2001:db8::1"], client: "2001:db8::1" },
];

for (const { name, fields, client } of clients) {
  test(`client address behind a trusted peer: ${name}`, () => {
    assert.equal(clientAddress("10.0.0.1", fields, trusts), client);
  });
}

for (const junk of ["unknown", "1.1.1.1:80, x", "'; drop table", "a\u0000b", "x".repeat(4000)]) {
  test(`a client address is an IP address, not ${JSON.stringify(junk.slice(0, 20))}`, () => {
    assert.equal(clientAddress("10.0.0.1", ["X-Forwarded-For", junk], trusts), "10.0.0.1");
    assert.equal(clientAddress("10.0.0.1", ["X-Real-IP", junk], trusts), "10.0.0.1");
  });
}

test("lines of a peer that is not trusted", () => {
  assert.equal(
    new ForwardedPeer("1.2.3.4", "http").lines,
    "X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-Proto: http\r\n",
  );
  assert.match(new ForwardedPeer("1.2.3.4", "https").lines, /X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\n$/);
  assert.equal(new ForwardedPeer("2001:db8::1", "https").element, 'for="[2001:db8::1]";proto=https');
  assert.equal(new ForwardedPeer("", "http").element, "for=unknown;proto=http");
});

test("host= is a token, or quoted, and cannot end its own quotes", () => {
  assert.equal(forwardedHost(""), "");
  assert.equal(forwardedHost("a.example"), ";host=a.example");
  assert.equal(forwardedHost("a.example:80"), ';host="a.example:80"');
  assert.equal(forwardedHost("[::1]:80"), ';host="[::1]:80"');
  assert.equal(forwardedHost('a";for=6.6.6.6'), ';host="a;for=6.6.6.6"');
  assert.equal(forwardedHost('a\\"'), ';host="a"');
});
