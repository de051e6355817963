// What happens to a conversation in every protocol: refused, unreachable, lost, left, over a limit, reloaded, drained.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { type Listening, PROTOCOLS, startTalkers, type Talkers } from "../support/protocols.ts";
import { eventually } from "../support/setup.ts";

const NAMES = Object.keys(PROTOCOLS);
const RELOADS = 200;
const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();

/** How each protocol says it: [unauthorized, no endpoint, not reached, lost after the first number, the gateway stops]. */
const WORDS: Readonly<Record<string, readonly [string, string, string, string, string]>> = {
  http: ["401", "503", "502", "cut", "cut"],
  sse: ["401", "503", "502", "event: error", "end"],
  "websocket tunnel": ["401", "503", "502", "1011", "1012"],
  "websocket messages": ["401", "503", "502", "1011", "1012"],
  grpc: ["UNAUTHENTICATED", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE", "UNAVAILABLE"],
  "JSON to gRPC": ["401", "503", "502", "error 14", "cut"],
};

function yaml(http: number, grpc: number, more = "", weight = 1): string {
  return `gateway:
  frontend:
    http: { host: 127.0.0.1, port: 0 }${more}
  router:
    rules:
      - { id: http, path: "/http/*", serviceName: plain, timeout: 0 }
      - { id: sse, path: "/sse/*", serviceName: plain, protocol: sse }
      - { id: tunnel, path: "/tunnel/*", serviceName: plain }
      - { id: messages, path: "/messages/*", serviceName: plain, websocket: { mode: messages } }
      - { id: grpc, path: "/demo.v1.Greeter/*", serviceName: greeter }
      - { id: json, path: "/v1/*", serviceName: greeter, grpc: { enableTranscoding: true, protoFiles: [ protos/demo/greeter.proto ] } }
  registry:
    static:
      services:
        - { name: plain, instances: [ { address: 127.0.0.1, port: ${http}, weight: ${weight} } ] }
        - { name: greeter, type: grpc, instances: [ { address: 127.0.0.1, port: ${grpc}, weight: ${weight} } ] }
  metrics: { enabled: true }
  shutdown: { delay: 100ms, timeout: 2s }
`;
}

describe("a conversation", LIMIT, () => {
  let talkers: Talkers;
  let gateway: GatewayProcess;
  let deserted: GatewayProcess;
  let unreachable: GatewayProcess;
  before(async () => {
    talkers = await startTalkers();
    [gateway, deserted, unreachable] = await Promise.all([
      startGateway(yaml(talkers.http, talkers.grpc), { args: ["-hot-reload=false"] }),
      startGateway(yaml(talkers.http, talkers.grpc, "", 0)),
      startGateway(yaml(1, 1)),
    ]);
  });
  after(async () => {
    await Promise.all([gateway?.kill(), deserted?.kill(), unreachable?.kill()]);
    await talkers?.close();
  });

  for (const name of NAMES) {
    const [unauthorized, noEndpoint, notReached, lost] = WORDS[name]!;
    const listen = PROTOCOLS[name]!;

    test(`by ${name} brings each number before the next is said`, async () => {
      const { client, line } = await converse(listen(gateway.port, "talk"), talkers);
      for (let n = 2; n <= 5; n++) {
        line.say(n);
        assert.equal(await client.next(), n);
      }
      client.abort();
      await talkers.quiet();
    });
    test(`by ${name} that the service refuses is refused with its own word`, async () => {
      await assert.rejects(listen(gateway.port, "refuse"), { message: unauthorized });
    });
    test(`by ${name} without an endpoint is refused`, async () => {
      await assert.rejects(listen(deserted.port, "talk"), { message: noEndpoint });
    });
    test(`by ${name} with a service that is not there is refused`, async () => {
      await assert.rejects(listen(unreachable.port, "talk"), { message: notReached });
    });
    test(`by ${name} ends at the service when the client leaves, and nothing is left of it`, async () => {
      const { client } = await converse(listen(gateway.port, "talk"), talkers);
      client.abort();
      await talkers.quiet();
      await eventually("nothing is under way", async () => {
        const series = await scrape(gateway.port);
        // The scrape itself is no request of a route.
        return sumOf(series, "gateway_http_requests_active") === 0;
      });
    });
    test(`by ${name} that loses its service ends with ${lost}`, async (t) => {
      const doomed = await startTalkers();
      const own = await gateways.take(yaml(doomed.http, doomed.grpc));
      t.after(() => Promise.all([own.kill(), doomed.close()]));
      const { client } = await converse(listen(own.port, "talk"), doomed);
      doomed.cut();
      assert.equal(await client.ended, lost);
    });
  }

  test(`in every protocol at once lives through ${RELOADS} reloads`, async () => {
    const open: { name: string; client: Listening }[] = [];
    // One after the other, so that each client knows its line.
    for (const name of NAMES) {
      open.push({ name, ...(await converse(PROTOCOLS[name]!(gateway.port, "talk"), talkers)) });
    }
    const original = readFileSync(gateway.file, "utf8");
    for (let n = 1; n <= RELOADS; n++) {
      const seen = gateway.lines.length;
      // A rule of its own is added and changed; the others are as they were.
      const extra = `      - { id: extra, path: "/extra/${n}", serviceName: plain }\n  registry:`;
      writeFileSync(gateway.file, original.replace("  registry:", extra));
      gateway.signal("SIGHUP");
      await gateway.line(
        (line) => line.msg === "Configuration reloaded successfully" && gateway.lines.indexOf(line) >= seen,
      );
      for (const line of talkers.lines) line.say(1000 + n);
      for (const { name, client } of open) assert.equal(await client.next(), 1000 + n, name);
    }
    for (const { client } of open) client.abort();
    await talkers.quiet();
  });
});

describe("when the gateway stops", LIMIT, () => {
  for (const name of NAMES) {
    const [, , , , stopped] = WORDS[name]!;
    test(`a conversation by ${name} ends with ${stopped}, and the process with 0`, async (t) => {
      const talkers = await startTalkers();
      const gateway = await startGateway(yaml(talkers.http, talkers.grpc));
      t.after(() => Promise.all([gateway.kill(), talkers.close()]));
      const { client } = await converse(PROTOCOLS[name]!(gateway.port, "talk"), talkers);
      const exit = gateway.stop();
      assert.equal(await client.ended, stopped);
      assert.equal(await exit, 0);
    });
  }
});

describe("over the limit of connections", LIMIT, () => {
  for (const [name, more] of [
    ["sse", "\n    sse: { maxConnections: 1 }"],
    ["websocket tunnel", "\n    websocket: { maxConnections: 1 }"],
    ["websocket messages", "\n    websocket: { maxConnections: 1 }"],
  ] as const) {
    test(`another ${name} is refused, until one has left`, async (t) => {
      const talkers = await startTalkers();
      const gateway = await gateways.take(yaml(talkers.http, talkers.grpc, more));
      t.after(() => Promise.all([gateway.kill(), talkers.close()]));
      const listen = PROTOCOLS[name]!;
      const { client } = await converse(listen(gateway.port, "talk"), talkers);
      await assert.rejects(listen(gateway.port, "talk"), { message: "503" });
      client.abort();
      await talkers.quiet();
      let next: Listening | null = null;
      await eventually("there is room again", async () => {
        next = await listen(gateway.port, "talk").catch(() => null);
        return next !== null;
      });
      next!.abort();
    });
  }
});

/** Opens one and brings the first number across. */
async function converse(opening: Promise<Listening>, talkers: Talkers) {
  // Some clients know that they are heard only when something is said.
  const line = talkers.opened();
  opening.catch(() => undefined);
  const heard = await Promise.race([line, opening.then(() => line)]);
  heard.say(1);
  const client = await opening;
  assert.equal(await client.next(), 1);
  return { client, line: heard };
}
