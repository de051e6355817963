// Retries where the request is no plain one: handshakes of WebSockets, event streams before their head, calls of gRPC.
import assert from "node:assert/strict";
import type { ServerHttp2Stream } from "node:http2";
import { after, before, describe, test } from "node:test";
import { call } from "../support/client.ts";
import { openEvents } from "../support/events.ts";
import { type GrpcGateway, grpcGateway, InteropClient } from "../support/grpc.ts";
import { framed, type Http2Backend, http2Backend, reply, trailersOnly } from "../support/http2-backend.ts";
import { failing, hanging, instance, losing, Planned, type Try } from "../support/planned.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { eventually } from "../support/setup.ts";
import { agreement, closeOf, opened, refusalOf, wsClient } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

type Call = Readonly<Record<string, unknown>>;

let planned: Planned;
let calls: Http2Backend;
let gateway: GrpcGateway;
let client: InteropClient;
/** Answers the calls one after the other; the last one answers all that follow. */
let script: ((stream: ServerHttp2Stream) => void)[] = [];
let heard: Call[] = [];

before(async () => {
  planned = await Planned.start();
  calls = await http2Backend((stream, headers) => {
    heard.push(headers as Call);
    (script.length > 1 ? script.shift()! : script[0]!)(stream);
  });
  const { a, b } = planned;
  gateway = await grpcGateway({
    rules: [
      { id: "grpc", path: "/test.v1.Interop/*", serviceName: "calls", protocol: "grpc", retry: UNAVAILABLE },
      { id: "plain", path: "/plain/*", serviceName: "calls", protocol: "grpc", stripPrefix: true },
      { id: "ws", path: "/ws/*", serviceName: "pair", retry: { perTryTimeout: "150ms" } },
      { id: "dead", path: "/dead/*", serviceName: "dead" },
      { id: "sse", path: "/sse/*", serviceName: "pair", protocol: "sse" },
    ],
    services: {
      calls: calls.port,
      pair: [instance(a.port), instance(b.port)],
      dead: [instance(NOBODYS_PORT), instance(a.port)],
    },
    more: {
      retry: { enabled: true, default: { initialDelay: 10, maxDelay: 500, jitter: false, minRetryTokens: 1000 } },
    },
  });
  client = new InteropClient(gateway.grpcPort);
});
after(async () => {
  client.close();
  await gateway.kill();
  await Promise.all([planned.close(), calls.close()]);
  assertCalm(gateway);
});

const UNAVAILABLE = { retryableGrpcStatuses: ["UNAVAILABLE"] };

/** Agrees to a handshake and closes the WebSocket with 1000. */
function agree({ request, response }: Try): void {
  const head = request.rawHeaders.map((text, i) => (i % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join("");
  response.socket!.write(Buffer.concat([Buffer.from(agreement(`\r\n${head}`)), Buffer.of(0x88, 2, 3, 0xe8)]));
}

describe("a WebSocket handshake", () => {
  for (const [name, fails] of [
    ["refused", failing(1)],
    ["lost", losing(1)],
    ["not answered in time", hanging(1)],
  ] as const) {
    test(`that was ${name} is made again, and the WebSocket opens`, async () => {
      const path = planned.on(`/ws/${name.replaceAll(" ", "-")}`, (one, nth) =>
        nth === 1 ? fails(one, nth) : agree(one),
      );
      const socket = await opened(gateway.port, path);
      assert.equal((await closeOf(socket)).code, 1000);
      const [first, second] = planned.tries(path);
      assert.notEqual(first!.which, second!.which);
    });
  }

  test("that is always refused is answered as the last one was", async () => {
    const path = planned.on("/ws/always", failing(9));
    const refusal = await refusalOf(wsClient(gateway.port, path));
    assert.deepEqual([refusal.status, refusal.body, planned.tries(path).length], [503, "no 3", 3]);
  });

  test("goes to another instance when one cannot be reached", async () => {
    planned.on("/dead/ws", agree);
    for (let i = 0; i < 4; i++) await closeOf(await opened(gateway.port, "/dead/ws"));
    assert.equal(planned.tries("/dead/ws").length, 4);
  });
});

describe("an event stream", () => {
  for (const [name, fails] of [
    ["refused", failing(1)],
    ["lost before its head", losing(1)],
  ] as const) {
    test(`that was ${name} is asked for again`, async () => {
      const path = planned.on(`/sse/${name.replaceAll(" ", "-")}`, (one, nth) => {
        if (nth === 1) return fails(one, nth);
        one.response.writeHead(200, { "Content-Type": "text/event-stream" });
        one.response.end("data: 1\n\n");
      });
      const stream = await openEvents(gateway.port, { path });
      assert.equal(await stream.over(), "ended");
      assert.equal(stream.text, "data: 1\n\n");
      assert.equal(planned.tries(path).length, 2);
    });
  }
});

describe("a call", () => {
  const fine = (stream: ServerHttp2Stream) => reply(stream, ["fine"]);
  const unavailable = (stream: ServerHttp2Stream) => trailersOnly(stream, 14, "busy");
  const pushingBack = (ms: string) => (stream: ServerHttp2Stream) => {
    const head = { ":status": 200, "content-type": "application/grpc", "grpc-status": "14" };
    stream.respond({ ...head, "grpc-retry-pushback-ms": ms }, { endStream: true });
  };

  /** Plays a script. @returns the calls that came */
  async function played(steps: typeof script, asking: () => Promise<unknown>): Promise<Call[]> {
    script = steps;
    heard = [];
    await asking();
    return heard;
  }

  const fails =
    (code: number, prefix = "") =>
    async () => {
      const service = prefix === "" ? "test.v1.Interop" : `${prefix}/test.v1.Interop`;
      await assert.rejects(client.unary(Buffer.from("x"), { service }), { code });
    };
  const succeeds = async () => assert.equal(String((await client.unary(Buffer.from("x"))).value), "fine");

  test("answered UNAVAILABLE alone is made again where the rule names it, and says how often", async () => {
    const came = await played([unavailable, unavailable, fine], succeeds);
    assert.deepEqual(
      came.map((headers) => headers["grpc-previous-rpc-attempts"]),
      [undefined, "1", "2"],
    );
  });

  test("of gRPC-Web is made again as well", async () => {
    const headers = ["Content-Type", "application/grpc-web+proto"];
    const request = { method: "POST", path: "/test.v1.Interop/Unary", headers, body: framed("x") };
    const came = await played([unavailable, fine], async () => {
      assert.match(String((await call(gateway.port, request)).body), /fine/);
    });
    assert.equal(came.length, 2);
  });

  test("answered UNAVAILABLE always ends so, with the message of the service", async () => {
    assert.equal((await played([unavailable], fails(14))).length, 3);
  });

  test("answered otherwise, or where no rule says so, is not made again", async () => {
    assert.equal((await played([(stream) => trailersOnly(stream, 8)], fails(8))).length, 1);
    assert.equal((await played([unavailable], fails(14, "plain"))).length, 1);
  });

  test("that had begun to be answered is not made again", async () => {
    assert.equal((await played([(stream) => reply(stream, ["half"], 14)], fails(14))).length, 1);
  });

  test("is pushed back as the service says", async () => {
    assert.equal((await played([pushingBack("30"), fine], succeeds)).length, 2);
    assert.equal((await played([pushingBack("-1"), fine], fails(14))).length, 1);
    assert.equal((await played([pushingBack("60000"), fine], fails(14))).length, 1);
  });

  test("says at each try how much of its deadline is left", async () => {
    const came = await played([pushingBack("200"), fine], () => client.unary(Buffer.from("x"), { within: 5000 }));
    const left = came.map((headers) => Number(/^(\d+)m$/.exec(String(headers["grpc-timeout"]))![1]));
    assert.ok(left[0]! <= 5000 && left[1]! <= left[0]! - 199 && left[1]! > 3000, `${left}`);
  });
});

test("nothing is under way at the end", () =>
  eventually("nothing is under way", () => planned.a.active === 0 && planned.b.active === 0));
