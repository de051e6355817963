// Address ranges, and who the client is.
import assert from "node:assert/strict";
import { randomBytes, randomInt } from "node:crypto";
import { BlockList } from "node:net";
import { test } from "node:test";
import { compileCidrs, plainAddress } from "../../../src/wire/cidr.ts";
import { clientAddress, ForwardedPeer, forwardedHost } from "../../../src/wire/forwarded.ts";
import { elementStart, forwardedFor, nodeAddress } from "../../../src/wire/forwarded-node.ts";
import { SECURED } from "../../support/context.ts";

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
  assert.ok(compileCidrs(["::/0"])("2001:db8::1"));
  assert.ok(!compileCidrs(["::/0"])("8.8.8.8"));
  assert.ok(!compileCidrs(["::/0"])("::ffff:8.8.8.8"));
});

test("ranges of IPv4 are found at their bounds, in any order, nested and overlapping", () => {
  const list = ["192.0.2.128/25", "10.1.0.0/16", "10.0.0.0/8", "192.0.2.0/25", "0.0.0.0", "255.255.255.255/32"];
  const holds = compileCidrs([...list, "203.0.113.77/24", "128.0.0.0/32"]);
  const inside = "0.0.0.0 10.0.0.0 10.255.255.255 10.2.0.1 192.0.2.0 192.0.2.255 203.0.113.0 203.0.113.255 128.0.0.0";
  for (const address of [...inside.split(" "), "255.255.255.255"]) assert.ok(holds(address), address);
  const outside = "0.0.0.1 9.255.255.255 11.0.0.0 192.0.1.255 192.0.3.0 127.255.255.255 128.0.0.1 255.255.255.254";
  for (const address of outside.split(" ")) assert.ok(!holds(address), address);
});

/** Texts of numbers: `10.0.0.1`, `2001:db8:0:0:0:0:0:1`. */
const SPELLED = {
  ipv4: (n: bigint) => [24n, 16n, 8n, 0n].map((bits) => (n >> bits) & 255n).join("."),
  ipv6: (n: bigint) =>
    [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((bits) => ((n >> bits) & 0xffffn).toString(16)).join(":"),
};

for (const [family, width] of [
  ["ipv4", 32n],
  ["ipv6", 128n],
] as const) {
  test(`ranges of ${family} hold what those of Node's BlockList do, near the bounds of random ones`, () => {
    const spell = SPELLED[family];
    const whole = 1n << width;
    for (let round = 0; round < 40; round++) {
      const spans = Array.from({ length: 12 }, () => {
        const prefix = 1n + BigInt(randomInt(Number(width)));
        const size = 1n << (width - prefix);
        const start = BigInt(`0x${randomBytes(Number(width) / 8).toString("hex")}`);
        return { start, prefix, size, first: start - (start % size) };
      });
      const holds = compileCidrs(spans.map(({ start, prefix }) => `${spell(start)}/${prefix}`));
      const list = new BlockList();
      for (const { start, prefix } of spans) list.addSubnet(spell(start), Number(prefix), family);
      for (const { first, size } of spans) {
        for (const near of [first - 1n, first, first + size - 1n, first + size]) {
          const address = spell((near + whole) % whole);
          assert.equal(holds(address), list.check(address, family), address);
        }
      }
    }
  });
}

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
  "::ffff:10.0.0.0/8",
]) {
  test(`the range ${JSON.stringify(range)} is refused by name`, () => {
    assert.throws(() => compileCidrs([range]), new RegExp(`"${range}" is not`));
  });
}

for (const [range, inside] of [
  ["::ffff:10.0.0.0/104", "10.1.2.3"],
  ["10.0.0.0/8", "::FFFF:0a01:0203"],
  ["2001:DB8:0:0::/32", "2001:db8::1"],
  ["0:0:0:0:0:0:0:1", "::1"],
  ["fe80::/10", "fe80::1%eth0"],
  ["64:ff9b::192.0.2.0/120", "64:ff9b::c000:2ff"],
  ["::192.0.2.1", "::c000:201"],
  ["::ffff:192.0.2.1", "0:0:0:0:0:FFFF:192.0.2.1"],
  ["::ffff:0:0/96", "8.8.8.8"],
  ["1:2:3:4:5:6:7::/112", "1:2:3:4:5:6:7:8"],
  ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
] as const) {
  test(`the range ${range} holds ${inside}, however both are spelled`, () => {
    assert.ok(compileCidrs([range])(inside));
  });
}

test("an address has one spelling", () => {
  assert.equal(plainAddress("1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("::ffff:1.2.3.4"), "1.2.3.4");
  assert.equal(plainAddress("::FFFF:0102:0304"), "1.2.3.4");
  assert.equal(plainAddress("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  assert.equal(plainAddress("fe80::1%eth0"), "fe80::1");
  for (const text of ["", "unknown", "1.2.3", "01.2.3.4", "1.2.3.4:80", "[::1]", "::1::"]) {
    assert.equal(plainAddress(text), "", text);
  }
});

const nodes: Record<string, string> = {
  "1.2.3.4": "1.2.3.4",
  "1.2.3.4:5678": "1.2.3.4",
  " 1.2.3.4:5678 ": "1.2.3.4",
  '"1.2.3.4"': "1.2.3.4",
  '"1.2.3.4:80"': "1.2.3.4",
  "1.2.3.4:_secret": "1.2.3.4",
  "2001:DB8::1": "2001:db8::1",
  "[2001:db8::1]": "2001:db8::1",
  "[2001:db8::1]:443": "2001:db8::1",
  '"[2001:db8::1]:4711"': "2001:db8::1",
  "::ffff:1.2.3.4": "1.2.3.4",
  "[::FFFF:1.2.3.4]:80": "1.2.3.4",
  "fe80::1%eth0": "fe80::1",
  "[fe80::1%25eth0]:80": "fe80::1",
};
for (const text of [
  "",
  "unknown",
  "unknown:80",
  "_hidden",
  "1.2.3.4:",
  "1.2.3.4:123456",
  "1.2.3.4:80x",
  "1.2.3:80",
  "[1.2.3.4]:80",
  "[::1",
  "[::1]80",
  "[]",
  "::1]",
  '"1.2.3.4',
  '""1.2.3.4""',
  "a.example",
  "1.2.3.4 5.6.7.8",
  `1.2.3.4${" ".repeat(200)}`,
]) {
  nodes[text] = "";
}
for (const [text, address] of Object.entries(nodes)) {
  test(`the node ${JSON.stringify(text.slice(0, 30))} is ${address === "" ? "no address" : address}`, () => {
    assert.equal(nodeAddress(text), address);
  });
}

for (const [element, address] of [
  ["for=1.2.3.4", "1.2.3.4"],
  ['For="[2001:db8::1]:4711"', "2001:db8::1"],
  ["proto=https;for=1.2.3.4;by=10.0.0.1", "1.2.3.4"],
  ["; for=1.2.3.4 ;;", "1.2.3.4"],
  ['for="1.2.3.4:80" ; host=a', "1.2.3.4"],
  ['for="\\1.2.3.4"', "1.2.3.4"],
  ['host="a;for=6.6.6.6";for=1.2.3.4', "1.2.3.4"],
  ['host="\\";for=6.6.6.6"', ""],
  ["for=unknown", ""],
  ["for=_hidden", ""],
  ["proto=https", ""],
  ["for=1.2.3.4;for=6.6.6.6", ""],
  ["for=1.2.3.4 6.6.6.6", ""],
  ['for="1.2.3.4', ""],
  ["1.2.3.4", ""],
  ["for", ""],
  ["", ""],
] as const) {
  test(`the element ${element} is of ${address || "nobody known"}`, () => {
    assert.equal(forwardedFor(element), address);
  });
}

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
  { name: "an address with its port", fields: ["X-Forwarded-For", "1.1.1.1:4711"], client: "1.1.1.1" },
  { name: "trusted hops with ports", fields: ["X-Forwarded-For", "1.1.1.1:4711, 10.0.0.2:80"], client: "1.1.1.1" },
  { name: "a mapped address", fields: ["X-Forwarded-For", "::ffff:1.1.1.1"], client: "1.1.1.1" },
  { name: "a mapped trusted hop", fields: ["X-Forwarded-For", "1.1.1.1, [::ffff:10.0.0.2]:80"], client: "1.1.1.1" },
  { name: "only trusted hops", fields: ["X-Forwarded-For", "10.0.0.3, 10.0.0.2"], client: "10.0.0.3" },
  {
    name: "only trusted hops and X-Real-IP",
    fields: ["X-Forwarded-For", "10.0.0.2", "X-Real-IP", "2.2.2.2"],
    client: "2.2.2.2",
  },
  {
    name: "nobody known in front of a hop",
    fields: ["X-Forwarded-For", "1.1.1.1, unknown, 10.0.0.2"],
    client: "10.0.0.2",
  },
  { name: "nobody known in front of the peer", fields: ["X-Forwarded-For", "1.1.1.1, _hidden"], client: "10.0.0.1" },
  {
    name: "nobody known, whatever X-Real-IP says",
    fields: ["X-Forwarded-For", "unknown", "X-Real-IP", "6.6.6.6"],
    client: "10.0.0.1",
  },
  { name: "X-Real-IP with a port", fields: ["X-Real-IP", "[2001:DB8::1]:80"], client: "2001:db8::1" },
  { name: "Forwarded alone", fields: ["Forwarded", 'for="[2001:db8::1]:4711";proto=https'], client: "2001:db8::1" },
  {
    name: "a spoofed beginning of Forwarded",
    fields: ["Forwarded", "for=6.6.6.6, for=1.1.1.1;host=a", "Forwarded", "for=10.0.0.2"],
    client: "1.1.1.1",
  },
  {
    name: "a quote left open in front of a trusted element",
    fields: ["Forwarded", 'for="6.6.6.6, for="1.1.1.1:80";host="a,b"'],
    client: "1.1.1.1",
  },
  { name: "Forwarded of nobody known", fields: ["Forwarded", "for=6.6.6.6, for=_hidden"], client: "10.0.0.1" },
  {
    name: "Forwarded beside the others, which win",
    fields: ["Forwarded", "for=6.6.6.6", "X-Real-IP", "2.2.2.2"],
    client: "2.2.2.2",
  },
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

test("the element behind what a client wrote is found, whatever that is", () => {
  const own = ' for="[2001:db8::1]:80";host="a\\",b"';
  for (const before of ["", '"', 'for="', '\\"', '"\\', "\\\\", 'a="b,c"', ',,"', '"\\"']) {
    const list = `${before},${own}`;
    assert.equal(list.slice(elementStart(list, list.length)), own, before);
  }
});

const hostile: Record<string, (n: number) => string> = {
  "blanks before a pair": (n) => `by=a;${" ".repeat(n)}x`,
  "blanks behind a name": (n) => `for${" ".repeat(n)}x`,
  "blanks behind an equals sign": (n) => `for=${" ".repeat(n)}"`,
  "blanks behind a value": (n) => `for=a${" ".repeat(n)}"`,
  "a quote left open": (n) => `for="${"\\a".repeat(n)}`,
  "a name without end": (n) => "a".repeat(n),
  "empty pairs": (n) => `${";".repeat(n)}"`,
};
for (const [name, element] of Object.entries(hostile)) {
  test(`an element with ${name} takes time in proportion to its length`, () => {
    const cost = (n: number) => {
      const text = element(n);
      const before = process.cpuUsage();
      for (let i = 0; i < 100; i++) assert.equal(forwardedFor(text), "");
      return process.cpuUsage(before).user;
    };
    cost(2000);
    const ratios = Array.from({ length: 3 }, () => cost(16_000) / Math.max(1, cost(2000)));
    // 8 when linear, 64 when quadratic.
    assert.ok(Math.min(...ratios) < 30, ratios.join(" "));
  });
}

test("no list makes the search look at more than its end, and no hop is asked for twice", () => {
  let asked = 0;
  const counting = (address: string) => {
    asked++;
    return trusts(address);
  };
  const list = `${"10.0.0.1, ".repeat(3000)}1.1.1.1, 10.0.0.2`;
  assert.equal(clientAddress("10.0.0.1", ["X-Forwarded-For", list], counting), "1.1.1.1");
  assert.equal(asked, 2);
});

test("fields of a peer that is not trusted", () => {
  const textOf = (scheme: "http" | "https") =>
    new ForwardedPeer("1.2.3.4", "http", scheme === "http" ? null : SECURED).fieldsFor("").text;
  assert.equal(
    textOf("http"),
    "X-Forwarded-For: 1.2.3.4\r\nX-Real-IP: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nForwarded: for=1.2.3.4;proto=http\r\n",
  );
  assert.match(textOf("https"), /X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: on\r\nForwarded: /);
  assert.equal(new ForwardedPeer("2001:db8::1", "http", SECURED).element, 'for="[2001:db8::1]";proto=https');
  assert.equal(new ForwardedPeer("", "http", null).element, "for=unknown;proto=http");
});

test("host= is a token, or quoted, and cannot end its own quotes", () => {
  assert.equal(forwardedHost(""), "");
  assert.equal(forwardedHost("a.example"), ";host=a.example");
  assert.equal(forwardedHost("a.example:80"), ';host="a.example:80"');
  assert.equal(forwardedHost("[::1]:80"), ';host="[::1]:80"');
  assert.equal(forwardedHost('a";for=6.6.6.6'), ';host="a;for=6.6.6.6"');
  assert.equal(forwardedHost('a\\"'), ';host="a"');
});
