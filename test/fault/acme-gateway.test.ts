// Gateways in the middle of an order that are told to stop or to do something else, and requests meant to harm.
import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, afterEach, before, describe, test } from "node:test";
import { StoreFolder } from "../support/acme.ts";
import { acmeConfig, type Doors, shownFor } from "../support/acme-gateway.ts";
import { type AcmeProxy, startAcmeProxy } from "../support/acme-proxy.ts";
import { Worlds } from "../support/acme-worlds.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type Pebble, startPebble } from "../support/pebble.ts";
import { freePort } from "../support/ports.ts";
import { startRedis } from "../support/redis.ts";
import { type Block, eventually, soon } from "../support/setup.ts";

const VALIDATION = "/.well-known/acme-challenge/";
const HMAC_KEY = Buffer.from("a key of thirty-two bytes length").toString("base64url");

let backend: Backend;
before(async () => {
  backend = await startBackend((request, response) => response.end(`backend ${request.method} ${request.url}`));
});
after(() => backend.close());
const worlds = new Worlds();
afterEach(() => worlds.close());
const keep = worlds.keep.bind(worlds);

interface World {
  readonly pebble: Pebble;
  readonly proxy: AcmeProxy;
  readonly doors: Doors;
  readonly cacheDir: string;
  /** Text of the configuration. */
  yaml(acme: Block, gateway?: Block): string;
  start(yaml: string): Promise<GatewayProcess>;
  /** From now on the authority does not answer when it is to make a certificate. @returns when it was asked */
  hang(): Promise<void>;
}

async function world(): Promise<World> {
  const doors = { http: await freePort(), https: await freePort() };
  const eab = { "kid-1": HMAC_KEY };
  const names = ["one.test", "two.test"];
  const pebble = keep(await startPebble({ names, eab, httpPort: doors.http, tlsPort: doors.https }));
  const folder = keep(new StoreFolder()).path;
  const anchor = makeAuthority(folder, "anchor");
  const proxy = keep(await startAcmeProxy(pebble, makeCertificate(folder, "proxy", anchor, ["IP:127.0.0.1"])));
  const authority = { directory: proxy.directory, caFile: anchor.cert };
  const cacheDir = join(folder, "acme");
  return {
    pebble,
    proxy,
    doors,
    cacheDir,
    yaml: (acme, gateway = {}) => {
      const settings = { domains: ["one.test"], cacheDir, eab: { keyId: "kid-1", hmacKey: HMAC_KEY }, ...acme };
      return acmeConfig(authority, doors, backend.port, settings, { gateway });
    },
    async start(yaml) {
      const gateway = await startGateway(yaml);
      keep({ close: () => gateway.kill() });
      return gateway;
    },
    hang: () =>
      new Promise((resolve) => {
        proxy.instead = ({ path }) => {
          if (!path.startsWith("/finalize-order")) return null;
          resolve();
          return "hang";
        };
      }),
  };
}

async function shows(doors: Doors, name: string): Promise<void> {
  await eventually(
    `a certificate for ${name}`,
    async () => (await shownFor(doors.https, name))?.checkHost(name) === name,
  );
}

describe("a gateway in the middle of an order", () => {
  test("stops at once, with success, and leaves the order to its successor", async () => {
    const { start, yaml, hang, proxy, pebble, doors } = await world();
    const reached = hang();
    const gateway = await start(yaml({}));
    await soon(reached, "the order is under way");
    assert.equal(await soon(gateway.stop(), "it stops"), 0);
    proxy.instead = () => null;
    await start(yaml({}));
    await shows(doors, "one.test");
    assert.equal(pebble.orders(), 1);
  });

  test("stops with success while its Redis does not answer", async () => {
    const { start, yaml, hang } = await world();
    const redis = keep(await startRedis());
    const reached = hang();
    const gateway = await start(yaml({ store: "redis" }, { redis: { host: "127.0.0.1", port: redis.port } }));
    await soon(reached, "the order is under way");
    redis.signal("SIGSTOP");
    assert.equal(await soon(gateway.stop(), "it stops"), 0);
    redis.signal("SIGCONT");
  });

  test("that is told of another name goes on with the order, which it finds where it was", async () => {
    const { start, yaml, hang, proxy, pebble, doors } = await world();
    const reached = hang();
    const gateway = await start(yaml({}));
    await soon(reached, "the order is under way");
    proxy.instead = () => null;
    writeFileSync(gateway.file, yaml({ certificates: [{ domains: ["two.test"] }] }));
    gateway.signal("SIGHUP");
    for (const name of ["one.test", "two.test"]) await shows(doors, name);
    assert.equal(pebble.orders(), 2);
  });
  test("that is to order elsewhere orders there, and what it had begun holds nothing up", async () => {
    const { start, yaml, hang, doors } = await world();
    const eab = { "kid-1": HMAC_KEY };
    const other = keep(await startPebble({ names: ["one.test"], eab, httpPort: doors.http, tlsPort: doors.https }));
    const reached = hang();
    const gateway = await start(yaml({}));
    await soon(reached, "the order is under way");
    writeFileSync(gateway.file, yaml({ directory: other.directory, caFile: other.caFile }));
    gateway.signal("SIGHUP");
    await shows(doors, "one.test");
    assert.equal(other.orders(), 1);
    assert.equal(await soon(gateway.stop(), "it stops"), 0);
  });

  test("that is to order no more shows the certificate of its file, and stops as ever", async () => {
    const { start, yaml, hang, doors, cacheDir } = await world();
    const reached = hang();
    const gateway = await start(yaml({}));
    await soon(reached, "the order is under way");
    const own = makeCertificate(dirname(cacheDir), "own", makeAuthority(dirname(cacheDir), "own-ca"), ["DNS:one.test"]);
    const { gateway: config } = JSON.parse(yaml({})) as { gateway: { frontend: { listeners: { tls: unknown }[] } } };
    config.frontend.listeners[0]!.tls = { enabled: true, certFile: own.cert, keyFile: own.key };
    writeFileSync(gateway.file, JSON.stringify({ gateway: config }));
    gateway.signal("SIGHUP");
    await shows(doors, "one.test");
    assert.equal(await soon(gateway.stop(), "it stops"), 0);
  });
});

describe("requests meant to harm", () => {
  test("are requests like any other, whatever they have in place of a token", async () => {
    const { start, yaml, doors, cacheDir } = await world();
    await start(yaml({}));
    await shows(doors, "one.test");
    const token = "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0";
    writeFileSync(join(cacheDir, "answers", `http-${token}.json`), '{"keyAuthorization":"answer"}');
    assert.equal((await call(doors.http, { path: VALIDATION + token })).text, "answer");
    const [account] = readdirSync(join(cacheDir, "accounts"));
    for (const path of [
      `..%2f..%2faccounts%2f${account}`,
      `%2e%2e/${token}`,
      `${token}%00`,
      `${token}/`,
      `${token}.json`,
      `x${token}`,
    ]) {
      const { text, status } = await call(doors.http, { path: VALIDATION + path });
      assert.ok(!text.includes("answer") && !text.includes("PRIVATE"), `${path}: ${status} ${text}`);
    }
    for (const method of ["HEAD", "POST", "DELETE"]) {
      const { status, text } = await call(doors.http, { method, path: VALIDATION + token });
      assert.deepEqual([status, text], [200, method === "HEAD" ? "" : `backend ${method} ${VALIDATION}${token}`]);
    }
  });
});

test("no key and no secret is in the log, and none in what the management API shows", async () => {
  const { start, yaml, doors, cacheDir } = await world();
  const management = { enabled: true, host: "127.0.0.1", port: await freePort(), auth: { enabled: false } };
  const gateway = await start(yaml({ challenge: "http-01" }, { management, logging: { level: "debug" } }));
  await shows(doors, "one.test");
  // It is shown before it is written down, and the order is removed last.
  await eventually("all is written", () => readdirSync(join(cacheDir, "orders")).length === 0);
  const read = (section: string) => {
    const [file] = readdirSync(join(cacheDir, section));
    return (JSON.parse(readFileSync(join(cacheDir, section, file!), "utf8")) as { key: string }).key;
  };
  const secrets = [HMAC_KEY, ...["accounts", "certificates"].map((section) => read(section).split("\n")[1]!)];
  const pages = ["config", "certificates", "status"].map((page) =>
    call(management.port, { path: `/management/${page}` }),
  );
  const shown = [JSON.stringify(gateway.lines), ...(await Promise.all(pages)).map(({ text }) => text)];
  for (const text of shown) for (const secret of secrets) assert.ok(!text.includes(secret), text.slice(0, 2000));
});
