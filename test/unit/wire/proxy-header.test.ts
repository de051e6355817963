// The header of the PROXY protocol: what is read, what is refused, and that neither depends on how the bytes arrive.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc32c } from "../../../src/wire/crc32.ts";
import { type ProxyHeaderState, readProxyHeader } from "../../../src/wire/proxy-header.ts";
import { Random } from "../../support/hostile.ts";
import {
  binaryBlock,
  binaryHeader,
  checkedHeader,
  IPV4_ENDS,
  IPV6_ENDS,
  textHeader,
  tlv,
} from "../../support/proxy-header.ts";

const CLIENT = { address: "203.0.113.7", port: 40_000 };
const random = Random.fresh();
console.log(`seed ${random.seed}; repeat with GATEWAY_TEST_SEED=${random.seed}`);

/** A header of `source` whose bytes are all there are. */
function whole(bytes: Buffer, source: unknown, command = "PROXY"): void {
  assert.deepEqual(readProxyHeader(bytes), { is: "header", command, source, size: bytes.length });
}

function refused(bytes: Buffer | string, reason: string): void {
  assert.deepEqual(readProxyHeader(Buffer.from(bytes as string, "latin1")), { is: "malformed", reason });
}

describe("version 1", () => {
  test("names a client by IPv4 or IPv6", () => {
    whole(textHeader(), CLIENT);
    whole(textHeader(IPV6_ENDS), { address: "2001:db8::7", port: 40_000 });
    whole(Buffer.from("PROXY TCP4 0.0.0.0 255.255.255.255 0 65535\r\n"), { address: "0.0.0.0", port: 0 });
  });
  test("spells the address as it is spelt everywhere", () => {
    whole(textHeader({ ...IPV6_ENDS, source: "::FFFF:203.0.113.7" }), CLIENT);
    whole(textHeader({ ...IPV6_ENDS, source: "2001:DB8:0::7" }), { address: "2001:db8::7", port: 40_000 });
  });
  test("of an unknown client keeps the peer, whatever else the line says", () => {
    whole(Buffer.from("PROXY UNKNOWN\r\n"), null);
    whole(Buffer.from("PROXY UNKNOWN ffff::1 ffff::2 1 2 and more\r\n"), null);
  });
  test("is at most 107 bytes long", () => {
    const longest = `PROXY UNKNOWN ${"x".repeat(91)}\r\n`;
    assert.equal(longest.length, 107);
    whole(Buffer.from(longest), null);
    refused(longest.replace("x", "xx"), "longer than 107 bytes");
    assert.deepEqual(readProxyHeader(Buffer.from(longest.slice(0, 106))), { is: "more" });
    refused(`${longest.slice(0, 105)}xx`, "longer than 107 bytes");
  });
  test("is refused when anything in it is not as it must be", () => {
    const good = textHeader().toString();
    refused(good.replace("\r", ""), "a line that does not end with CR LF");
    for (const family of ["TCP5", "tcp4", "UDP4", "", "UNKNOWN\t"])
      refused(good.replace("TCP4", family), "an unknown family");
    refused("PROXY \r\n", "an unknown family");
    for (const port of ["040000", "65536", "-1", "+1", "1e3", "0x1", " 40000", "", "4000 0", "١"])
      refused(good.replace("40000", port), "a bad port");
    refused(good.replace(" 443", ""), "a bad port");
    refused(good.replace("443", "443 "), "a bad port");
    for (const address of [
      "203.0.113",
      "203.0.113.256",
      "203.0.113.07",
      "2001:db8::7",
      "localhost",
      "::ffff:203.0.113.7",
    ])
      refused(good.replace("203.0.113.7", address), "a bad address");
    refused(good.replace("198.51.100.1", "198.51.100.1.1"), "a bad address");
    for (const address of ["203.0.113.7", "fe80::1%eth0", "1::2::3", "[::1]"])
      refused(textHeader(IPV6_ENDS).toString().replace("2001:db8::7", address), "a bad address");
  });
});

describe("version 2", () => {
  test("names a client by IPv4 or IPv6, over TCP or UDP", () => {
    whole(binaryHeader(), CLIENT);
    whole(binaryHeader(IPV6_ENDS), { address: "2001:db8::7", port: 40_000 });
    const datagram = binaryHeader();
    datagram[13] = 0x12;
    whole(datagram, CLIENT);
  });
  test("folds IPv4-mapped addresses", () => {
    const header = binaryHeader(IPV6_ENDS);
    header.write("00000000000000000000ffffcb007107", 16, "hex");
    whole(header, CLIENT);
  });
  test("without a client keeps the peer", () => {
    whole(binaryBlock(0x20, 0x00, Buffer.alloc(0)), null, "LOCAL");
    whole(binaryBlock(0x20, 0xff, Buffer.from("discarded")), null, "LOCAL");
    whole(binaryBlock(0x21, 0x00, Buffer.alloc(0)), null);
    whole(binaryBlock(0x21, 0x31, Buffer.alloc(216)), null);
    const transportless = binaryHeader();
    transportless[13] = 0x10;
    whole(transportless, null);
  });
  test("may have extensions, which are skipped", () => {
    const many = Buffer.concat([
      tlv(0x01, Buffer.from("h2")),
      tlv(0x04, Buffer.alloc(0)),
      tlv(0xff, Buffer.alloc(300)),
    ]);
    whole(binaryHeader(IPV4_ENDS, many), CLIENT);
    whole(binaryHeader(IPV4_ENDS, Buffer.concat([many, tlv(0x20, Buffer.from([0xff, 0xff]))])), CLIENT);
    for (const surplus of [Buffer.from([1]), Buffer.from([1, 0])])
      refused(binaryHeader(IPV4_ENDS, Buffer.concat([many, surplus])), "an extension cut short");
    refused(binaryHeader(IPV4_ENDS, Buffer.from([1, 0, 2, 0])), "an extension longer than the header");
  });
  test("has its checksum verified where it has one", () => {
    assert.equal(crc32c(Buffer.from("123456789")), 0xe3069283); // the check value of CRC-32C
    const header = checkedHeader();
    whole(header, CLIENT);
    const type = header.indexOf(Buffer.from([0x03, 0, 4]));
    for (let at = 16; at < header.length; at++) {
      if (at === type) continue; // it would have no checksum
      const changed = Buffer.from(header);
      changed[at]! ^= 1;
      assert.equal(readProxyHeader(changed).is, "malformed", `byte ${at}`);
    }
    refused(binaryHeader(IPV4_ENDS, tlv(0x03, Buffer.alloc(3))), "a wrong checksum");
  });
  test("is at most 4096 bytes long, which is known from its first 16", () => {
    whole(binaryHeader(IPV4_ENDS, tlv(0x04, Buffer.alloc(4096 - 28 - 3))), CLIENT);
    refused(binaryHeader(IPV4_ENDS, tlv(0x04, Buffer.alloc(4096 - 28 - 2))).subarray(0, 16), "longer than 4096 bytes");
    refused(binaryBlock(0x20, 0, Buffer.alloc(4081)), "longer than 4096 bytes");
  });
  test("is refused when anything in it is not as it must be", () => {
    const good = binaryHeader();
    const changed = (at: number, to: number) => {
      const bytes = Buffer.from(good);
      bytes[at] = to;
      return bytes;
    };
    refused(changed(12, 0x11), "an unknown version");
    refused(changed(12, 0x31), "an unknown version");
    refused(changed(12, 0x22), "an unknown command");
    refused(changed(13, 0x41), "an unknown family");
    refused(changed(13, 0x13), "an unknown family");
    refused(changed(13, 0x21), "addresses longer than the header");
    refused(binaryBlock(0x21, 0x11, Buffer.alloc(11)), "addresses longer than the header");
  });
});

test("what is no header is known by its first wrong byte", () => {
  for (const bytes of ["GET / HTTP/1.1\r\n", "\x16\x03\x01", "PRI * HTTP/2.0", "PROXX", "proxy ", "\n", "\r\n\r\n\x01"])
    assert.deepEqual(readProxyHeader(Buffer.from(bytes, "latin1")), { is: "absent" });
  assert.deepEqual(readProxyHeader(Buffer.alloc(0)), { is: "more" });
  assert.deepEqual(readProxyHeader(Buffer.from("PROXY")), { is: "more" });
});

describe("however the bytes arrive", () => {
  const ROUNDS = 20_000;

  /** A header, or something near one. */
  function input(): Buffer {
    const ends = random.pick([IPV4_ENDS, IPV6_ENDS]);
    const bytes = random.pick([textHeader, binaryHeader, checkedHeader])(ends);
    for (let n = random.int(3); n > 0; n--) bytes[random.int(bytes.length)] = random.int(256);
    const rest = Buffer.from(Array.from({ length: random.int(60) }, () => random.int(256)));
    return random.once(10) ? rest : Buffer.concat([bytes, rest]);
  }

  /** The answer to the shortest beginning that has one. */
  function first(bytes: Buffer, steps: () => number): ProxyHeaderState {
    for (let size = 0; ; size = Math.min(bytes.length, size + steps())) {
      const state = readProxyHeader(bytes.subarray(0, size));
      if (state.is !== "more" || size === bytes.length) return state;
    }
  }

  test("the answer is the same, and says nothing of what follows", () => {
    const found = { header: 0, more: 0, absent: 0, malformed: 0 };
    for (let n = 0; n < ROUNDS; n++) {
      const bytes = input();
      const state = readProxyHeader(bytes);
      const hint = bytes.toString("hex");
      assert.deepEqual(
        first(bytes, () => 1),
        state,
        hint,
      );
      assert.deepEqual(
        first(bytes, () => 1 + random.int(40)),
        state,
        hint,
      );
      found[state.is]++;
      if (state.is !== "header") continue;
      assert.deepEqual(readProxyHeader(bytes.subarray(0, state.size)), state, hint);
      assert.deepEqual(readProxyHeader(bytes.subarray(0, state.size - 1)), { is: "more" }, hint);
    }
    assert.ok(found.header > 1000 && found.malformed > 1000, JSON.stringify(found));
  });
});
