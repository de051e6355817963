// Authorities that are busy, broken or hostile, made of pebble and a proxy before it.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { setName } from "../../../src/acme/settings.ts";
import { SHORT_TIMES, type TestIssuer } from "../../support/acme.ts";
import type { Asked } from "../../support/acme-proxy.ts";
import { type ProxiedWorld, Worlds } from "../../support/acme-worlds.ts";
import { datedCertificate } from "../../support/dated-certificate.ts";
import { eventually } from "../../support/setup.ts";

const NAMES = ["one.test", "two.test"] as const;
const DAY_MS = 86_400_000;

const worlds = new Worlds();
afterEach(() => worlds.close());

interface Behind extends ProxiedWorld {
  readonly one: (times?: typeof SHORT_TIMES) => TestIssuer;
}

async function behindProxy(): Promise<Behind> {
  const world = await worlds.proxied({ names: NAMES });
  return { ...world, one: (times) => worlds.start(world.settings, [NAMES], world.folder.open(), times) };
}

describe("an authority that asks for patience", () => {
  const limited = (seconds: number | string) => ({
    status: 429,
    headers: { "Retry-After": String(seconds), "Replay-Nonce": "used-up" },
    body: '{"type":"urn:ietf:params:acme:error:rateLimited","detail":"too many certificates"}',
  });
  const isOrder = ({ path }: Asked) => path.startsWith("/order-plz");
  test("for a second is asked again after it, with another nonce", async () => {
    const { proxy, one } = await behindProxy();
    let refusals = 0;
    proxy.instead = (asked) => (isOrder(asked) && refusals++ < 2 ? limited(1) : null);
    const { said, certificate } = one();
    await certificate();
    assert.equal(proxy.asked.filter(isOrder).length, 3);
    const nonces = proxy.asked.map(({ nonce }) => nonce).filter((nonce) => nonce !== "");
    assert.equal(new Set(nonces).size, nonces.length, "no nonce is used twice");
    assert.deepEqual(
      said.filter((line) => line.startsWith("No certificate")),
      [],
    );
  });

  test("with 503 is asked again, too", async () => {
    const { proxy, one } = await behindProxy();
    let refusals = 0;
    proxy.instead = (asked) => (isOrder(asked) && refusals++ < 1 ? { status: 503 } : null);
    await one().certificate();
  });

  test("and offers no TLS-ALPN-01 is shown HTTP-01 at once", async () => {
    const { proxy, one } = await behindProxy();
    proxy.rewrite = (text) => text.replaceAll('"tls-alpn-01"', '"none-of-ours-01"');
    const { said, certificate } = one();
    await certificate();
    assert.ok(!said.some((line) => line.startsWith("No certificate")), said.join("\n"));
  });

  test("and offers no challenge that the gateway answers is told so in words", async () => {
    const { proxy, one } = await behindProxy();
    proxy.rewrite = (text) => text.replaceAll(/"(tls-alpn|http)-01"/g, '"none-of-ours-01"');
    await one().hears("test: tls-alpn-01 or http-01 is required: the authority offers ");
  });

  test("for two hours is left alone so long, by the gateways that start meanwhile, too", async () => {
    const { proxy, one } = await behindProxy();
    proxy.instead = (asked) => (isOrder(asked) ? limited(7200) : null);
    const first = one();
    await first.hears("rateLimited: too many certificates");
    const { until, at } = first.issuer.status[0]!.failure!;
    assert.equal(until - at, 7_200_000);
    await first.issuer.close();
    const second = one();
    await eventually("it knows", () => second.issuer.status[0]!.failure !== null);
    await second.issuer.close();
    assert.equal(proxy.asked.filter(isOrder).length, 1);
  });

  test("until a day years away, as a date, is left alone for a week", async () => {
    const { proxy, one } = await behindProxy();
    proxy.instead = (asked) => (isOrder(asked) ? limited("Fri, 01 Jan 2100 00:00:00 GMT") : null);
    const first = one();
    await first.hears("rateLimited: too many certificates");
    const { until, at } = first.issuer.status[0]!.failure!;
    assert.equal(until - at, 7 * DAY_MS);
  });

  test("by a redirect is not followed", async () => {
    const { proxy, one } = await behindProxy();
    const redirect = { status: 302, headers: { Location: "/elsewhere" } };
    proxy.instead = ({ path }) => (path === "/dir" ? redirect : null);
    await one().hears("No certificate was issued");
    assert.ok(proxy.asked.every(({ path }) => path !== "/elsewhere"));
  });

  test("by an endless answer is cut off", async () => {
    const { proxy, one } = await behindProxy();
    const long = { status: 200, body: "x".repeat(2 * 1024 * 1024) };
    proxy.instead = ({ path }) => (path === "/dir" ? long : null);
    await one().hears("the answer is larger than");
  });

  test("by saying nothing does not keep a gateway from closing", async () => {
    const { proxy, one } = await behindProxy();
    proxy.instead = () => "hang";
    const { issuer } = one();
    await eventually("it was asked", () => proxy.asked.length > 0);
    await issuer.close();
  });
});

describe("an authority whose answers make no sense", () => {
  const asText = { status: 200, headers: { "Content-Type": "text/html" }, body: `<p>${"moved ".repeat(500)}</p>` };
  for (const [what, path, answer, reason] of [
    ["HTML as its directory", "/dir", asText, "Unable to locate API resource URL"],
    ["null as its directory", "/dir", { status: 200, body: "null" }, "returned no data"],
    [
      "HTML as an order",
      "/order-plz",
      { ...asText, status: 201, headers: { ...asText.headers, Location: "/x" } },
      "not valid ACME",
    ],
    ["an order without a place", "/order-plz", { status: 201 }, "did not return an order link"],
    ["an authorization without challenges", "/authZ/", { status: 200, body: "{}" }, "not valid ACME"],
    ["HTML as a certificate", "/certZ/", asText, "no certificate for our key and names: not a PEM certificate"],
    ["JSON as a certificate", "/certZ/", { status: 200, body: "{}" }, "names: not a PEM certificate"],
    ["500 without an end", "/order-plz", { status: 500, headers: { "Retry-After": "3600" } }, "answered 500"],
  ] as const) {
    test(`(${what}) is told in one short line, and asked again later`, async () => {
      const { proxy, one, folder } = await behindProxy();
      proxy.instead = (asked) => (asked.path.startsWith(path) ? { headers: {}, ...answer } : null);
      const first = one();
      await first.hears(reason);
      await eventually("it is written down", () => readdirSync(join(folder.path, "failures")).length === 1);
      assert.ok(first.issuer.status[0]!.failure!.reason.length <= 500);
      await first.issuer.close();
      assert.ok(!/PRIVATE|"key"/.test(first.said.join()));
    });
  }

  test("names addresses in clear text, and nobody goes there", async () => {
    const { proxy, one } = await behindProxy();
    proxy.rewrite = (text) => text.replace(/"newNonce": ?"https:[^"]*"/, '"newNonce": "http://127.0.0.1:1/secret"');
    await one().hears("returned a URL that is not allowed: http://127.0.0.1:1/secret");
  });

  test("and refuses every nonce is asked a bounded number of times", async () => {
    const { proxy, one } = await behindProxy();
    const refusal = {
      status: 400,
      headers: { "Replay-Nonce": "again" },
      body: '{"type":"urn:ietf:params:acme:error:badNonce"}',
    };
    proxy.instead = ({ method }) => (method === "POST" ? refusal : null);
    const first = one({ ...SHORT_TIMES, patienceMs: 100 });
    await first.hears("No certificate");
    await first.issuer.close();
    assert.ok(proxy.asked.length < 70, String(proxy.asked.length));
  });

  test("and never finishes an order gets a new one, when the old one was taken up once in vain", async () => {
    const { proxy, one, pebble } = await behindProxy();
    proxy.rewrite = (text) =>
      text.includes('"finalize"') ? text.replace(/"status": ?"(valid|ready)"/, '"status": "processing"') : text;
    const { hears, certificate } = one({ ...SHORT_TIMES, patienceMs: 500 });
    await hears('"failures":1');
    assert.equal(pebble.orders(), 1);
    await hears('"failures":2');
    proxy.rewrite = (text) => text;
    await certificate();
    // More may have been placed before its answers were left alone.
    assert.ok(pebble.orders() >= 2, `${pebble.orders()} orders`);
  });

  test("and finishes an order without a certificate gets a new one, too", async () => {
    const { proxy, one, pebble } = await behindProxy();
    proxy.rewrite = (text) => text.replaceAll('"certificate":', '"certificates":');
    const { hears, certificate } = one();
    await hears('"failures":2');
    proxy.rewrite = (text) => text;
    await certificate();
    assert.equal(pebble.orders(), 2);
  });
});

describe("an authority that sends a certificate", () => {
  /** In place of each that the authority makes. */
  async function instead(make: (key: string) => string): Promise<Behind> {
    const world = await behindProxy();
    world.proxy.rewrite = (text) => {
      if (!text.startsWith("-----BEGIN")) return text;
      const file = world.folder.open().placeOf({ section: "orders", name: setName(world.settings, NAMES) });
      return make((JSON.parse(readFileSync(file, "utf8")) as { key: string }).key);
    };
    return world;
  }
  const from = (ms: number) => new Date(Date.now() + ms);

  for (const [what, make, reason] of [
    [
      "for other names",
      (key: string) => datedCertificate(key, ["one.test"], from(-DAY_MS), from(DAY_MS)),
      "the certificate is not for two.test",
    ],
    [
      "that has ended",
      (key: string) => datedCertificate(key, NAMES, from(-2 * DAY_MS), from(-DAY_MS)),
      "the certificate ended at",
    ],
    ["for another key", () => datedCertificate("", NAMES, from(-DAY_MS), from(DAY_MS)), "the key does not belong"],
    [
      "after those that signed it",
      (key: string) =>
        datedCertificate("", ["ca.test"], from(-DAY_MS), from(DAY_MS)) +
        datedCertificate(key, NAMES, from(-DAY_MS), from(DAY_MS)),
      "the key belongs to certificate 2 of the file, which must come first",
    ],
    [
      "with a chain without an end",
      (key: string) => datedCertificate(key, NAMES, from(-DAY_MS), from(DAY_MS)).repeat(300),
      "the chain is too long",
    ],
  ] as const) {
    test(`${what} is told, and it is not shown`, async () => {
      const { one, pebble } = await instead(make);
      const first = one();
      await first.hears(reason);
      await first.issuer.close();
      assert.deepEqual(first.issued, []);
      assert.equal(pebble.orders(), 1);
    });
  }

  test("that is due for renewal already is not asked for the next one at once", async () => {
    const { one, pebble } = await instead((key) => datedCertificate(key, NAMES, from(-9 * DAY_MS), from(DAY_MS)));
    const first = one();
    await first.hears("is already due for renewal");
    await first.certificate();
    await first.issuer.close();
    assert.equal(pebble.orders(), 1);
    assert.ok(first.issuer.status[0]!.failure!.until > Date.now() + SHORT_TIMES.refusalMs / 2);
  });

  test("that begins tomorrow is shown: the clock of the gateway may be the wrong one", async () => {
    const { one } = await instead((key) => datedCertificate(key, NAMES, from(DAY_MS), from(9 * DAY_MS)));
    await one().certificate();
  });
});
