// Certificates from pebble, a real authority: what an issuer does when all is well, and when it is not.
import assert from "node:assert/strict";
import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { CERTIFICATES } from "../../../src/acme/records.ts";
import { RedisAcmeStore } from "../../../src/acme/redis-store.ts";
import { type KeyType, type NameSet, setName } from "../../../src/acme/settings.ts";
import { type AcmeStore, STORE_TIMES } from "../../../src/acme/store.ts";
import { SHORT_TIMES, StoreFolder, settingsFor } from "../../support/acme.ts";
import { Worlds } from "../../support/acme-worlds.ts";
import { openDoors } from "../../support/challenge-doors.ts";
import { datedCertificate } from "../../support/dated-certificate.ts";
import { type PebbleSetup, startPebble } from "../../support/pebble.ts";
import { freePort, NOBODYS_PORT } from "../../support/ports.ts";
import { startRedis } from "../../support/redis.ts";
import { REDIS_DEFAULTS } from "../../support/redis-store.ts";
import { eventually } from "../../support/setup.ts";

const NAMES: NameSet = ["one.test", "two.test"];

/** A folder that has no room for some sections. */
function refusingStore(folder: StoreFolder) {
  const refuse = { sections: [] as readonly string[], refused: 0 };
  const whole = folder.open();
  const write: AcmeStore["write"] = async (key, text) => {
    if (!refuse.sections.includes(key.section)) return whole.write(key, text);
    refuse.refused++;
    throw new Error("No space left");
  };
  const store = new Proxy<AcmeStore>(whole, {
    get: (_, name: keyof AcmeStore) => {
      const value = name === "write" ? write : whole[name];
      return typeof value === "function" ? value.bind(whole) : value;
    },
  });
  return { store, refuse };
}

const worlds = new Worlds();
afterEach(() => worlds.close());
const world = (setup: PebbleSetup = {}) => worlds.make({ names: NAMES, ...setup });
const start = worlds.start.bind(worlds);
const keep = worlds.keep.bind(worlds);

describe("an order", () => {
  test("by TLS-ALPN-01 ends with a certificate for all names, in the store and in hand", async () => {
    const { folder, doors, pebble } = await world();
    const one = start(settingsFor(pebble, { email: "ops@example.com" }), [NAMES], folder.open());
    const { names, cert, key } = await one.certificate();
    const parsed = new X509Certificate(cert);
    assert.deepEqual(names, NAMES);
    assert.equal(parsed.subjectAltName, "DNS:one.test, DNS:two.test");
    assert.match(key, /^-----BEGIN PRIVATE KEY-----/);
    assert.ok(cert.split("BEGIN CERTIFICATE").length > 2, "intermediates come with it");
    // It looks from several places.
    assert.deepEqual([...new Set(doors.asked)].sort(), ["alpn one.test", "alpn two.test"]);
    await eventually("nothing of the order is left", () =>
      ["orders", "answers", "failures"].every((section) => readdirSync(join(folder.path, section)).length === 0),
    );
    assert.equal(readdirSync(join(folder.path, "certificates")).length, 1);
    assert.ok(one.said.some((line) => line.startsWith("Certificate issued")));
    assert.ok(!one.said.join().includes("PRIVATE KEY"));
  });

  test("by HTTP-01 asks at no other door", async () => {
    const { folder, doors, pebble } = await world();
    await start(settingsFor(pebble, { challenge: "http-01" }), [NAMES], folder.open()).certificate();
    assert.ok(doors.asked.length >= 2 && doors.asked.every((question) => /^http [\w-]{43}$/.test(question)));
  });

  test("goes on by HTTP-01 when the door of TLS-ALPN-01 is shut", async () => {
    const { folder, doors, pebble } = await world({ tlsPort: NOBODYS_PORT });
    const one = start(settingsFor(pebble), [NAMES], folder.open());
    await one.certificate();
    assert.ok(
      one.said.some((line) => line.includes("one.test by tls-alpn-01") || line.includes("two.test by tls-alpn-01")),
    );
    assert.ok(doors.asked.every((question) => question.startsWith("http ")));
  });

  test("survives an authority that refuses every second nonce", async () => {
    const { folder, pebble } = await world({ nonceReject: 50 });
    const one = start(settingsFor(pebble), [NAMES], folder.open());
    await one.certificate();
    assert.equal(pebble.orders(), 1);
    assert.ok(!one.said.some((line) => line.startsWith("No certificate")), one.said.join("\n"));
  });

  for (const [keyType, kind] of Object.entries({
    "ecdsa-p256": { asymmetricKeyType: "ec", namedCurve: "prime256v1" },
    "ecdsa-p384": { asymmetricKeyType: "ec", namedCurve: "secp384r1" },
    "rsa-2048": { asymmetricKeyType: "rsa", modulusLength: 2048 },
  })) {
    test(`for ${keyType} has a key of that type`, async () => {
      const { folder, pebble } = await world();
      const settings = settingsFor(pebble, { keyType: keyType as KeyType });
      const { cert } = await start(settings, [["one.test"]], folder.open()).certificate();
      const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(cert).publicKey;
      const { namedCurve, modulusLength } = { ...asymmetricKeyDetails } as Record<string, unknown>;
      assert.deepEqual(
        { namedCurve, modulusLength, asymmetricKeyType },
        { namedCurve: undefined, modulusLength: undefined, ...kind },
      );
    });
  }

  test("of several name sets is one each, under one account", async () => {
    const { folder, pebble } = await world();
    const one = start(settingsFor(pebble), [["one.test"], ["two.test"]], folder.open());
    await eventually("both are issued", () => one.issued.length === 2);
    assert.deepEqual(
      one.issued.map(({ names }) => names),
      [["one.test"], ["two.test"]],
    );
    assert.equal(pebble.orders(), 2);
    assert.equal(readdirSync(join(folder.path, "accounts")).length, 1);
  });

  test("with an external account is accepted, and without it refused in words", async () => {
    const hmacKey = Buffer.from("a key of thirty-two bytes length").toString("base64url");
    const { folder, pebble } = await world({ eab: { "kid-1": hmacKey } });
    const refused = start(settingsFor(pebble), [NAMES], folder.open());
    await refused.hears("externalAccountRequired");
    const bound = start(settingsFor(pebble, { eab: { keyId: "kid-1", hmacKey } }), [["two.test"]], folder.open());
    await bound.certificate();
    assert.ok(!bound.said.join().includes(hmacKey));
  });
});

describe("a failed order", () => {
  test("is told with its reason, and not repeated by a gateway that starts anew", async () => {
    const { folder, pebble } = await world({ httpPort: NOBODYS_PORT });
    const settings = settingsFor(pebble, { challenge: "http-01" });
    const one = start(settings, [NAMES], folder.open());
    await one.hears("test by http-01: connection: ");
    await eventually("it is written down", () => readdirSync(join(folder.path, "failures")).length === 1);
    await one.issuer.close();
    const two = start(settings, [NAMES], folder.open());
    await eventually("the other one knows", () => two.issuer.status[0]!.failure !== null);
    const { count, until, challenge, reason } = two.issuer.status[0]!.failure!;
    assert.deepEqual([count, challenge], [1, "http-01"]);
    assert.ok(until - Date.now() > SHORT_TIMES.refusalMs / 2);
    assert.match(reason, /by http-01: connection: /);
    await two.issuer.close();
    assert.equal(pebble.orders(), 1);
  });

  test("is forgotten when the next one succeeds", async () => {
    const { folder, pebble } = await world({ httpPort: NOBODYS_PORT });
    const times = { ...SHORT_TIMES, refusalMs: 100, longestMs: 100 };
    const settings = settingsFor(pebble, { challenge: "http-01" });
    const one = start(settings, [NAMES], folder.open(), times);
    await one.hears('"failures":2');
    await one.issuer.close();
    const two = start({ ...settings, challenge: "tls-alpn-01" }, [NAMES], folder.open(), times);
    await two.certificate();
    assert.equal(two.issuer.status[0]!.failure, null);
    assert.deepEqual([one.counts.slice(0, 2), two.counts.at(-1)], [[1, 2], 0]);
  });

  test("because the authority is down is tried again until it is there", async () => {
    const { folder, pebble } = await world({ started: false });
    const one = start(settingsFor(pebble), [NAMES], folder.open());
    await one.hears("cannot be reached: ECONNREFUSED");
    await pebble.start();
    await one.certificate();
  });

  test("because its certificate is not trusted says so", async () => {
    const { folder, pebble } = await world();
    const one = start(settingsFor(pebble, { ca: "" }), [NAMES], folder.open());
    await one.hears("cannot be reached: UNABLE_TO_VERIFY_LEAF_SIGNATURE");
    assert.equal(pebble.orders(), 0);
  });
});

describe("an order that was left", () => {
  test("is finished by the gateway that comes next", async () => {
    const { folder, doors, pebble } = await world();
    const settings = settingsFor(pebble, { challenge: "http-01" });
    const one = start(settings, [["one.test"]], folder.open());
    const asked = new Promise<void>((resolve) => {
      doors.before = async () => {
        resolve();
        await one.issuer.close();
      };
    });
    await asked;
    await one.issuer.close();
    doors.before = () => undefined;
    assert.equal(one.issued.length, 0);
    assert.equal(readdirSync(join(folder.path, "orders")).length, 1);
    await start(settings, [["one.test"]], folder.open()).certificate();
    assert.equal(pebble.orders(), 1);
  });

  test("after its certificate was written is not taken up for the next one", async () => {
    const { folder, pebble } = await world({ lifetime: 3 });
    const settings = settingsFor(pebble);
    const one = start(settings, [NAMES], folder.open());
    const first = await one.certificate();
    await one.issuer.close();
    const [record] = readdirSync(join(folder.path, "certificates"));
    const url = `https://127.0.0.1:${pebble.port}/my-order/gone`;
    writeFileSync(join(folder.path, "orders", record!), JSON.stringify({ url, key: first.key }));
    const two = start(settings, [NAMES], folder.open());
    assert.notEqual((await two.next(first)).key, first.key);
  });

  test("that the authority has forgotten, with the account, begins anew with the same key of the account", async () => {
    const { folder, pebble } = await world({ lifetime: 3 });
    const settings = settingsFor(pebble);
    const one = start(settings, [NAMES], folder.open());
    const first = await one.certificate();
    const account = () => {
      const [name] = readdirSync(join(folder.path, "accounts"));
      return JSON.parse(readFileSync(join(folder.path, "accounts", name!), "utf8")) as { key: string; url: string };
    };
    const before = account();
    await pebble.kill();
    await pebble.start();
    await one.next(first);
    assert.equal(account().key, before.key);
  });
});

describe("the store", () => {
  test("with a spoilt certificate gets a new one, and the log names the file", async () => {
    const { folder, pebble } = await world();
    const settings = settingsFor(pebble);
    const one = start(settings, [NAMES], folder.open());
    await one.certificate();
    await one.issuer.close();
    const [name] = readdirSync(join(folder.path, "certificates"));
    const file = join(folder.path, "certificates", name!);
    writeFileSync(file, '{"names":["one.test"],"cert":""}');
    const two = start(settings, [NAMES], folder.open());
    const { cert } = await two.certificate();
    await two.hears(`${file}: \\"cert\\" is missing or wrong`);
    await two.issuer.close();
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({
      type: "pkcs8",
      format: "pem",
    });
    writeFileSync(file, JSON.stringify({ names: NAMES, cert, key: other, issuedAt: Date.now() }));
    const three = start(settings, [NAMES], folder.open());
    assert.notEqual((await three.certificate()).cert, cert);
    await three.hears(`${file}: the key does not belong to the certificate`);
  });

  test("that has lost everything gets back what gateways have, and the newest certificate stays", async () => {
    const { folder, pebble } = await world({ lifetime: 6 });
    const settings = settingsFor(pebble);
    const one = start(settings, [NAMES], folder.open());
    const first = await one.certificate();
    const file = folder.open().placeOf({ section: "certificates", name: setName(settings, NAMES) });
    await eventually("it is written", () => existsSync(file));
    const old = readFileSync(file, "utf8");
    rmSync(folder.path, { recursive: true });
    await eventually("it is there again", () => existsSync(file));
    assert.equal(readFileSync(file, "utf8"), old);
    const second = await one.next(first);
    writeFileSync(file, old);
    await eventually("the newest is there", () => readFileSync(file, "utf8") !== old);
    assert.equal(one.issued[0]!.cert, second.cert);
    assert.equal(pebble.orders(), 2);
  });

  test("that is full when an order was placed costs one order, and no further one before there is room", async () => {
    const { folder, pebble } = await world();
    const { store, refuse } = refusingStore(folder);
    refuse.sections = ["orders", "failures"];
    const one = start(settingsFor(pebble), [NAMES], store);
    await eventually("it was tried again and again", () => refuse.refused > 3);
    assert.equal(pebble.orders(), 1);
    assert.equal(one.said.filter((line) => line.includes("No space")).length, 2, one.said.join("\n"));
    refuse.sections = [];
    await one.certificate();
    assert.equal(pebble.orders(), 2);
  });

  test("tells the newer of two certificates by the authority's clock, as those of gateways differ", async () => {
    const folder = keep(new StoreFolder());
    const settings = settingsFor({ directory: `https://127.0.0.1:${await freePort()}/dir`, ca: "" });
    const key = generateKeyPairSync("ec", { namedCurve: "P-256" })
      .privateKey.export({ type: "pkcs8", format: "pem" })
      .toString();
    const write = async (age: number, issuedAt: number) => {
      const at = (ms: number) => new Date(Date.now() + ms - age);
      const cert = datedCertificate(key, NAMES, at(0), at(90_000));
      await CERTIFICATES.write(folder.open(), setName(settings, NAMES), { names: NAMES, cert, key, issuedAt });
      return cert;
    };
    const first = await write(20_000, Date.now() + 600_000);
    const one = start(settings, [NAMES], folder.open());
    assert.equal((await one.certificate()).cert, first);
    const second = await write(0, Date.now());
    assert.equal((await one.next(one.issued[0]!)).cert, second);
  });

  test("with a spoilt account is left as it is, and the log names the file", async () => {
    const { folder, pebble } = await world();
    const settings = settingsFor(pebble);
    const one = start(settings, [NAMES], folder.open());
    await one.certificate();
    const [name] = readdirSync(join(folder.path, "accounts"));
    const file = join(folder.path, "accounts", name!);
    writeFileSync(file, "");
    const two = start(settings, [["one.test"]], folder.open());
    await two.hears(`${file}: not a JSON object`);
    assert.equal(readFileSync(file, "utf8"), "");
  });

  test("that cannot be written is said once, and used when it can", async () => {
    const { folder, pebble } = await world();
    const place = join(folder.path, "certificates");
    writeFileSync(place, "in the way");
    const one = start(settingsFor(pebble), [NAMES], folder.open());
    await one.hears("store failed");
    rmSync(place);
    mkdirSync(place);
    await one.certificate();
    assert.equal(one.said.filter((line) => line.includes("store failed")).length, 1, one.said.join("\n"));
  });
});

describe("a Redis", () => {
  test("that is away and comes back empty costs no order, and is said once", async () => {
    const redis = keep(await startRedis());
    const options = { ...REDIS_DEFAULTS, nodes: [{ host: "127.0.0.1", port: redis.port }] };
    const store = () => new RedisAcmeStore("shared", options, STORE_TIMES);
    const doors = keep(await openDoors(keep(store()), NAMES));
    const setup = { names: NAMES, httpPort: doors.httpPort, tlsPort: doors.tlsPort, lifetime: 90 };
    const pebble = keep(await startPebble(setup));
    const one = start(settingsFor(pebble), [NAMES], store());
    const { cert } = await one.certificate();
    await redis.kill();
    await one.hears('store failed {"names":["one.test","two.test"],"reason":"redis');
    await redis.start();
    await eventually("it has the certificate again", async () => {
      const keys = await redis.cli("KEYS", "gateway:acme:certificates:*");
      return keys !== "" && (await redis.cli("GET", keys.split("\n")[0]!)).includes(JSON.stringify(cert).slice(1, 200));
    });
    assert.equal(one.said.filter((line) => line.includes("store failed")).length, 1);
    assert.equal(one.times, 1);
  });
});

describe("gateways that share a store", () => {
  const kinds: Readonly<Record<string, () => Promise<() => AcmeStore>>> = {
    folder: async () => {
      const folder = keep(new StoreFolder());
      return () => folder.open();
    },
    Redis: async () => {
      const redis = keep(await startRedis());
      const options = { ...REDIS_DEFAULTS, nodes: [{ host: "127.0.0.1", port: redis.port }] };
      return () => new RedisAcmeStore("shared", options, STORE_TIMES);
    },
  };
  for (const [kind, make] of Object.entries(kinds)) {
    test(`(${kind}) order once and renew once, and each answers for the other`, async () => {
      const store = await make();
      const doors = keep(await openDoors(keep(store()), NAMES));
      const setup = { names: NAMES, httpPort: doors.httpPort, tlsPort: doors.tlsPort, lifetime: 6 };
      const pebble = keep(await startPebble(setup));
      const gateways = [1, 2, 3].map(() => start(settingsFor(pebble), [NAMES], store()));
      const firsts = await Promise.all(gateways.map((gateway) => gateway.certificate()));
      assert.equal(new Set(firsts.map(({ cert }) => cert)).size, 1);
      assert.equal(pebble.orders(), 1);
      const seconds = await Promise.all(gateways.map((gateway) => gateway.next(firsts[0]!)));
      assert.equal(new Set(seconds.map(({ cert }) => cert)).size, 1);
      assert.equal(pebble.orders(), 2);
      const before = Date.parse(new X509Certificate(firsts[0]!.cert).validFrom);
      const renewed = Date.parse(new X509Certificate(seconds[0]!.cert).validFrom);
      assert.ok(renewed - before >= 3000, "not before two thirds of its life are over, as far as whole seconds tell");
    });
  }
});

test("a gateway that closes leaves nothing behind", async () => {
  const { folder, pebble } = await world({ started: false });
  const one = start(
    settingsFor(pebble, { directory: `https://127.0.0.1:${await freePort()}/dir` }),
    [NAMES],
    folder.open(),
  );
  await eventually("it has begun", () => readdirSync(folder.path).includes("accounts"));
  await one.issuer.close();
  await one.issuer.close();
  assert.deepEqual(
    one.said.filter((line) => !line.startsWith("No certificate")),
    [],
  );
});
