// Streams end when their credential is revoked: by a reload, by its issuer, by the service that is asked; and not when nobody can tell.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { type Backend, startBackend } from "../support/backend.ts";
import type { Certificate } from "../support/certificates.ts";
import { type StreamBackends, streamBackends, streamsText } from "../support/ending-streams.ts";
import { type EventClient, openEvents } from "../support/events.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { InteropClient, order } from "../support/grpc.ts";
import { publishKeys } from "../support/jwks.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { Pki } from "../support/pki.ts";
import { accessLine, type Block, configText, eventually, nextLine, reload, soon } from "../support/setup.ts";
import { signed, signingKey } from "../support/tokens.ts";
import { closeOf, messageOf, opened } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
let backends: StreamBackends;

before(async () => {
  backends = await streamBackends();
});
after(() => backends.close());

/** Looked at every second. */
const OFTEN: Block = { tokenCheckInterval: "1s" };
const FRONT: Block = { websocket: OFTEN, sse: OFTEN, grpc: OFTEN };

const text = (auth: Block, more: Partial<Parameters<typeof streamsText>[1]> = {}) =>
  streamsText(backends, { auth, front: FRONT, ...more });

interface Ending {
  readonly error: unknown;
  readonly detail: unknown;
}

/** A WebSocket that is open, with what it ends with. */
async function socket(gateway: GatewayProcess, id: string, headers: Record<string, string>, path = "/tunnel") {
  const client = await opened(gateway.port, path, { headers: { "X-Request-ID": id, ...headers } });
  const closed = new Promise<number>((resolve) => client.on("close", resolve));
  return { client, closed };
}

async function stream(gateway: GatewayProcess, id: string, headers: readonly string[]): Promise<EventClient> {
  const asked = openEvents(gateway.port, { path: "/events", headers: ["X-Request-ID", id, ...headers] });
  (await backends.opened(id)).start();
  return asked;
}

async function endOf(gateway: GatewayProcess, id: string): Promise<Ending> {
  const { error, detail } = await accessLine(gateway, id);
  return { error, detail };
}

const revoked = (detail: string): Ending => ({ error: "expired_credentials", detail });

async function assertOpen(client: WebSocket): Promise<void> {
  client.send("still here");
  assert.equal(String((await messageOf(client)).data), "still here");
}

describe("a stream", { ...LIMIT, concurrency: true }, () => {
  describe("a reload", LIMIT, () => {
    test("ends the streams of keys and users that are gone, disabled or reach less far, and no others", async (t) => {
      const passwordHash = /scrypt\S+/.exec(
        execFileSync(process.execPath, ["dist/main.js", "hash-key", "-password"], { input: "horse\n" }).toString(),
      )![0];
      const key = (name: string, more: Block = {}): Block => ({ [name]: { hashedKey: keyDigest(name), ...more } });
      const scopes = ["use"];
      const all = { ...key("gone", { scopes }), ...key("off", { scopes }), ...key("kept", { scopes }) };
      const others = { ...key("less", { scopes: ["use", "more"] }), ...key("moved", { scopes }) };
      const user = (more: Block = {}) => ({ users: { ann: { passwordHash, scopes, ...more } } });
      const with_ = (keys: Block, users: Block) =>
        text({ apikey: { keys }, basic: users }, { rule: { requiredScopes: scopes } });
      const gateway = await gateways.take(with_({ ...all, ...others }, user()));
      t.after(() => gateway.kill());
      const kept = await socket(gateway, "kept", { "X-API-Key": "kept" });
      const gone = await socket(gateway, "gone", { "X-API-Key": "gone" });
      const off = await stream(gateway, "off", ["X-API-Key", "off"]);
      const less = await socket(gateway, "less", { "X-API-Key": "less" }, "/messages");
      const moved = await stream(gateway, "moved", ["X-API-Key", "moved"]);
      const basic = `Basic ${Buffer.from("ann:horse").toString("base64")}`;
      const ann = await socket(gateway, "ann", { Authorization: basic });
      const client = new InteropClient(gateway.port);
      const metadata = [
        ["x-api-key", "gone"],
        ["x-request-id", "call"],
      ] as const;
      const call = client.list(order({ count: 1, hang: true }), { metadata }).on("data", () => undefined);
      const status = new Promise((resolve) => call.on("error", ({ code }: Error & { code?: number }) => resolve(code)));
      await backends.interop.next();
      const next = {
        ...key("off", { scopes, disabled: true }),
        ...key("kept", { scopes }),
        ...key("less", { scopes: ["more"] }),
        ...key("moved", { scopes, subject: "somebody else" }),
      };
      await reload(gateway, with_(next, user({ disabled: true })));
      assert.deepEqual(await Promise.all([gone.closed, less.closed, ann.closed]), [4401, 4401, 4401]);
      assert.deepEqual(await Promise.all([off.over(), moved.over()]), ["ended", "ended"]);
      assert.equal(await soon(status, "the end of the call"), 16);
      client.close();
      assert.deepEqual(await endOf(gateway, "gone"), revoked("apikey: unknown key"));
      assert.deepEqual(await endOf(gateway, "call"), revoked("apikey: unknown key"));
      assert.deepEqual(await endOf(gateway, "off"), revoked('apikey: key "off" is disabled'));
      assert.deepEqual(await endOf(gateway, "less"), revoked('apikey: scope "use" is missing'));
      assert.deepEqual(await endOf(gateway, "moved"), revoked("apikey: the credential belongs to another subject"));
      assert.deepEqual(await endOf(gateway, "ann"), revoked('basic: user "ann" is disabled'));
      await assertOpen(kept.client);

      // Without the method, nobody is known by it.
      await reload(gateway, with_({}, user({})).replaceAll('"apikey"', '"mtls"').replace('"keys": {}', '"scopes": {}'));
      assert.equal(await kept.closed, 4401);
      assert.deepEqual(await endOf(gateway, "kept"), revoked("apikey: the method is no longer configured"));
      const metrics = await scrape(gateway.port);
      const ended = (protocol: string) =>
        sumOf(metrics, "gateway_auth_streams_ended_total", { protocol, reason: "revoked" });
      assert.deepEqual(["websocket", "sse", "grpc"].map(ended), [4, 2, 1]);
      assertCalm(gateway);
    });
    test("ends no stream whose rule is gone, or asks for nothing any more, while its credential is good", async (t) => {
      const auth = { apikey: { keys: { one: { hashedKey: keyDigest("one") }, two: { hashedKey: keyDigest("two") } } } };
      const gateway = await gateways.take(text(auth));
      t.after(() => gateway.kill());
      const kept = await socket(gateway, "rule-kept", { "X-API-Key": "one" });
      const other = await socket(gateway, "rule-other", { "X-API-Key": "two" });
      const open = { ...auth, required: false };
      await reload(gateway, text(open).replaceAll('"/tunnel"', '"/elsewhere"'));
      await assertOpen(kept.client);
      await reload(gateway, text({ apikey: { keys: { one: { hashedKey: keyDigest("one") } } }, required: false }));
      assert.equal(await other.closed, 4401, "a key that is gone ends it all the same");
      await assertOpen(kept.client);
      kept.client.close();
    });
    test("of keysFile alone ends the streams of its keys", async (t) => {
      const folder = mkdtempSync(join(tmpdir(), "revocation-"));
      const keysFile = join(folder, "keys.yaml");
      const withKeys = (...names: string[]) =>
        writeFileSync(
          keysFile,
          `keys: { ${names.map((name) => `${name}: { hashedKey: ${keyDigest(name)} }`).join()} }\n`,
        );
      withKeys("one", "two");
      const gateway = await startGateway(text({ apikey: { keysFile } }));
      t.after(async () => {
        await gateway.kill();
        rmSync(folder, { recursive: true });
      });
      const [one, two] = [
        await socket(gateway, "file-1", { "X-API-Key": "one" }),
        await socket(gateway, "file-2", { "X-API-Key": "two" }),
      ];
      const reloaded = nextLine(gateway, "a reload", ({ msg }) => msg === "Configuration reloaded successfully");
      withKeys("two");
      await reloaded;
      assert.equal(await one.closed, 4401);
      await assertOpen(two.client);
    });
  });

  describe("an issuer", LIMIT, () => {
    test("that publishes a key no more ends the streams of its tokens; one that is down ends none", async (t) => {
      const [old, lasting] = [signingKey("ES256", "old"), signingKey("ES256", "lasting")];
      const issuer = await publishKeys([old, lasting]);
      const jwt = { jwksEndpoint: issuer.url, jwksCacheDuration: "1s", signingMethod: "ES256" };
      const gateway = await gateways.take(text({ jwt }));
      t.after(async () => {
        await gateway.kill();
        await issuer.close();
      });
      const bearer = async (key: typeof old) => ({ Authorization: `Bearer ${await signed(key)}` });
      await eventually("keys are there", async () => {
        const { status } = await fetch(`http://127.0.0.1:${gateway.port}/tunnel`, { headers: await bearer(old) });
        return status !== 503;
      });
      const first = await socket(gateway, "key-old", await bearer(old));
      const second = await socket(gateway, "key-lasting", await bearer(lasting));
      issuer.answer = (response) => void response.writeHead(500).end();
      const asked = issuer.asked;
      await eventually("it has been asked in vain", () => issuer.asked > asked + 1);
      await assertOpen(first.client);
      issuer.keys = [lasting];
      issuer.answer = null;
      assert.equal(await first.closed, 4401);
      assert.match(String((await endOf(gateway, "key-old")).detail), /^jwt: not signed with a key of the issuer/);
      await assertOpen(second.client);
      second.client.close();
    });
  });

  describe("a service that is asked", { ...LIMIT, concurrency: 1 }, () => {
    let service: Backend;
    let status = 204;
    const asked = new Map<unknown, number>();
    before(async () => {
      service = await startBackend((request, response) => {
        const id = request.headers["x-request-id"];
        asked.set(id, (asked.get(id) ?? 0) + 1);
        response.writeHead(status, { "X-User": "ann", "X-Seen": "yes" }).end();
      });
    });
    after(() => service.close());

    for (const [who, keys] of Object.entries({ "by name": { subjectHeader: "X-User" }, "without a name": {} })) {
      test(`and has let a client in ${who} is asked again, and ends its stream with a refusal, not with a failure`, async (t) => {
        status = 204;
        const id = `forward-${who.replaceAll(" ", "-")}`;
        const forward = { url: `http://127.0.0.1:${service.port}/check`, responseHeaders: ["X-Seen"], ...keys };
        const gateway = await gateways.take(text({ forward }));
        t.after(() => gateway.kill());
        const { client, closed } = await socket(gateway, id, { Authorization: "Bearer x" });
        const times = async (more: number) => {
          const before = asked.get(id)!;
          await eventually("it is asked again", () => asked.get(id)! >= before + more);
        };
        await times(1);
        status = 503;
        await times(2);
        await assertOpen(client);
        status = 401;
        assert.equal(await closed, 4401);
        assert.deepEqual(await endOf(gateway, id), revoked("forward: the service answered 401"));
        assertCalm(gateway);
      });
    }
  });

  describe("a certificate", LIMIT, () => {
    test("that its CA revokes ends the streams of its client, on connections accepted before", async (t) => {
      const pki = new Pki();
      const ca = pki.authority("ca");
      const [server, ann, bob] = [{}, { signer: ca }, { signer: ca }].map((given, i) =>
        pki.certificate(["server", "ann", "bob"][i]!, given),
      );
      const serial = new X509Certificate(readFileSync(ann!.cert)).serialNumber;
      const clientCRLFile = [pki.write("list.pem", pki.crl("none", ca))];
      const tls = { enabled: true, certFile: server!.cert, keyFile: server!.key, clientAuth: "verify" };
      const gateway = await startGateway(
        configText({
          rules: [{ id: "ws", path: "/*", serviceName: "up" }],
          services: { up: backends.sockets.port },
          more: {
            frontend: {
              http: { host: "127.0.0.1", port: 0, tls: { ...tls, clientCAFile: [ca.cert], clientCRLFile } },
              websocket: OFTEN,
            },
            auth: { required: true, mtls: true },
          },
        }),
      );
      t.after(async () => {
        await gateway.kill();
        pki.remove();
      });
      const open = async (who: Certificate) => {
        const files = { cert: readFileSync(who.cert), key: readFileSync(who.key), rejectUnauthorized: false };
        const client = new WebSocket(`wss://127.0.0.1:${gateway.port}/`, { ...files, perMessageDeflate: false });
        await once(client, "open");
        return client;
      };
      const [revokedOne, other] = [await open(ann!), await open(bob!)];
      const reloaded = nextLine(gateway, "a reload", ({ msg }) => msg === "Configuration reloaded successfully");
      pki.write("list.pem", pki.crl("some", ca, { serials: [serial] }));
      await reloaded;
      assert.equal((await closeOf(revokedOne)).code, 4401);
      await assertOpen(other);
      other.close();
      const line = await soon(
        gateway.line(({ subject, error }) => subject === "ann" && error !== undefined),
        "the end in the log",
      );
      assert.match(String(line.detail), /^mtls: certificate [0-9a-f]+ was revoked by /);
    });
  });

  describe("tokenValidation: false", LIMIT, () => {
    test("of a protocol or a rule lets its streams outlive their credential", async (t) => {
      const off: Block = { tokenValidation: false };
      const rules = streamsText(backends, {
        auth: { apikey: { keys: { one: { hashedKey: keyDigest("one") } } } },
        front: { ...FRONT, sse: { ...OFTEN, ...off } },
      });
      const withRule = (source: string) => {
        const parsed = JSON.parse(source) as { gateway: { router: { rules: Block[] } } };
        parsed.gateway.router.rules = parsed.gateway.router.rules.map((rule) => {
          if (rule.id === "tunnel") return { ...rule, websocket: off };
          return rule.id === "calls" ? { ...rule, grpc: off } : rule;
        });
        return JSON.stringify(parsed);
      };
      const gateway = await gateways.take(withRule(rules));
      t.after(() => gateway.kill());
      const free = await socket(gateway, "off-ws", { "X-API-Key": "one" });
      const bound = await socket(gateway, "on-ws", { "X-API-Key": "one" }, "/messages");
      const events = await stream(gateway, "off-sse", ["X-API-Key", "one"]);
      const client = new InteropClient(gateway.port);
      const chat = client.chat({ metadata: [["x-api-key", "one"]] });
      await reload(gateway, withRule(rules).replaceAll(keyDigest("one"), keyDigest("two")));
      assert.equal(await bound.closed, 4401);
      await assertOpen(free.client);
      (await backends.opened("off-sse")).send("data: x\n\n");
      await events.until("an event", (all) => all.endsWith("data: x\n\n"));
      const echoed = new Promise<Buffer>((resolve) => chat.on("data", resolve));
      chat.write(Buffer.from("still here"));
      assert.equal(String(await soon(echoed, "an answer")), "still here");
      chat.on("error", () => undefined).cancel();
      client.close();
      events.close();
      free.client.close();
      await closeOf(free.client);
    });
  });
});
