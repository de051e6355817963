// Streams of every protocol end when the token they were opened with does, and not before.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import type { ServiceError } from "@grpc/grpc-js";
import { EventSource } from "eventsource";
import { Base64Decoder } from "../../src/translators/grpc-web/base64-stream.ts";
import { call } from "../support/client.ts";
import { type StreamBackends, streamBackends, streamsText } from "../support/ending-streams.ts";
import { openEvents } from "../support/events.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { InteropClient, order } from "../support/grpc.ts";
import { framed } from "../support/http2-backend.ts";
import { openSession } from "../support/http2-client.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { accessLine, eventually, soon } from "../support/setup.ts";
import { nowS, signed, signingKey } from "../support/tokens.ts";
import { closeOf, closing, frame, OPCODES, opened, RawWebSocket } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000, concurrency: true };
const KEY = signingKey("ES256");
let backends: StreamBackends;
let gateway: GatewayProcess;

before(async () => {
  backends = await streamBackends();
  const auth = { jwt: { publicKey: KEY.pem, signingMethod: "ES256", tokenQuery: "token" } };
  gateway = await startGateway(streamsText(backends, { auth }), { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway?.kill();
  await backends?.close();
});

/** A token that ends in a moment, as a header, and when it does, ms. */
async function shortLived(): Promise<{ token: string; headers: readonly [string, string]; endsAt: number }> {
  const exp = nowS() + 2;
  const token = await signed(KEY, { exp });
  return { token, headers: ["Authorization", `Bearer ${token}`], endsAt: exp * 1000 };
}

/** What the access log says of the end of a stream. */
async function ending(requestId: string): Promise<readonly unknown[]> {
  const { error, detail, subject } = await accessLine(gateway, requestId);
  return [error, detail, subject];
}
const EXPIRED = ["expired_credentials", 'credential of "alice" expired', "alice"];

describe("while its token is good", LIMIT, () => {
  for (const mode of ["tunnel", "messages"] as const) {
    describe(`a WebSocket in mode ${mode}`, LIMIT, () => {
      test("is closed with 4401, its service with 1001", async () => {
        const { headers, endsAt } = await shortLived();
        const taken = new Promise<{ code: number }>((resolve) => {
          backends.sockets.server.on("connection", (socket, { headers: { "x-request-id": id } }) => {
            if (id === `4401-${mode}`) resolve(closeOf(socket));
          });
        });
        const client = await opened(gateway.port, `/${mode}`, {
          headers: { [headers[0]]: headers[1], "X-Request-ID": `4401-${mode}` },
        });
        assert.deepEqual(await closeOf(client), { code: 4401, reason: "authentication expired" });
        assert.ok(Date.now() >= endsAt);
        assert.equal((await taken).code, 1001);
        assert.deepEqual(await ending(`4401-${mode}`), EXPIRED);
        assert.equal((await accessLine(gateway, `4401-${mode}`)).closeCode, 4401);
      });
      test("gets one close frame when its client stays, and nothing more of what that sends passes", async () => {
        const { token } = await shortLived();
        const client = await RawWebSocket.open(gateway.port, `/${mode}?token=${token}`);
        assert.equal(await client.closeCode(), 4401);
        client.send(frame(OPCODES.text, "still here"), frame(OPCODES.close, closing(4401)));
        await client.ended;
        assert.deepEqual(client.frames, []);
      });
    });
  }

  describe("an event stream", LIMIT, () => {
    test("ends with an event that says why, and its request to the service is aborted", async () => {
      const { headers, endsAt } = await shortLived();
      const asked = openEvents(gateway.port, { path: "/events?a", headers: [...headers, "X-Request-ID", "sse-end"] });
      const service = await backends.opened("sse-end");
      service.start();
      service.send("data: hello\n\n");
      const client = await asked;
      assert.equal(await client.over(), "ended");
      assert.ok(Date.now() >= endsAt);
      assert.equal(client.text, "data: hello\n\nevent: error\ndata: authentication expired\n\n");
      await service.closed;
      assert.deepEqual(await ending("sse-end"), EXPIRED);
    });
    test("in the middle of an event that goes on is cut behind it, and cut off when it does not end", async () => {
      const [one, two] = [await shortLived(), await shortLived()];
      const first = openEvents(gateway.port, { path: "/events", headers: [...one.headers, "X-Request-ID", "sse-mid"] });
      const busy = await backends.opened("sse-mid");
      busy.start();
      busy.send("data: 0\ndata: ");
      const next = openEvents(gateway.port, { path: "/events", headers: [...two.headers, "X-Request-ID", "sse-cut"] });
      const stuck = await backends.opened("sse-cut");
      stuck.start();
      stuck.send("data: half");
      const timer = setInterval(() => busy.send("x\n\ndata: "), 50);
      const client = await first;
      assert.equal(await client.over(), "ended");
      clearInterval(timer);
      assert.match(client.text, /\n\nevent: error\ndata: authentication expired\n\n$/);
      const cut = await next;
      assert.equal(await cut.over(), "cut");
      assert.equal(cut.text, "data: half");
      assert.deepEqual(await ending("sse-cut"), EXPIRED);
    });
    test("that is compressed is cut, since no event can be put in", async () => {
      const { headers } = await shortLived();
      const asked = openEvents(gateway.port, { path: "/events", headers: [...headers, "X-Request-ID", "sse-gzip"] });
      const service = await backends.opened("sse-gzip");
      service.start({ "Content-Encoding": "gzip" });
      service.send(Buffer.from([0x1f, 0x8b]));
      assert.equal(await (await asked).over(), "cut");
      assert.deepEqual(await ending("sse-gzip"), EXPIRED);
    });
    test("that has lost its service is not taken up again behind it", async () => {
      const { headers } = await shortLived();
      const asked = openEvents(gateway.port, { path: "/resumed", headers: [...headers, "X-Request-ID", "sse-lost"] });
      const service = await backends.opened("sse-lost");
      service.start();
      service.send("id: 1\nretry: 60000\ndata: x\n\n");
      const client = await asked;
      await client.until("the event", (text) => text.endsWith("\n\n"));
      service.lose();
      assert.equal(await client.over(), "ended");
      assert.match(client.text, /data: authentication expired\n\n$/);
      assert.deepEqual(await ending("sse-lost"), EXPIRED);
    });
    test("is over for a browser, which comes back once and is refused", async () => {
      const { token } = await shortLived();
      const source = new EventSource(`http://127.0.0.1:${gateway.port}/events?token=${token}`, {
        fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, "X-Request-ID": "sse-browser" } }),
      });
      const errors: unknown[] = [];
      const refused = new Promise<number | undefined>((resolve) => {
        source.addEventListener("error", (event: Event & { data?: unknown; code?: number | undefined }) => {
          errors.push(event.data);
          if (event.code !== undefined) resolve(event.code);
        });
      });
      const service = await backends.opened("sse-browser");
      service.start();
      service.send("retry: 10\n\n");
      assert.equal(await soon(refused, "a refusal"), 401);
      assert.equal(errors[0], "authentication expired");
      source.close();
    });
    test("ends over HTTP/2, too", async () => {
      const { headers } = await shortLived();
      const session = await openSession(gateway.port);
      const stream = session.request({ ":path": "/events", "x-request-id": "sse-h2", authorization: headers[1] });
      const service = await backends.opened("sse-h2");
      service.start();
      let text = "";
      stream.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      await soon(once(stream, "close"), "the end");
      assert.deepEqual([text, stream.rstCode], ["event: error\ndata: authentication expired\n\n", 0]);
      session.close();
    });
  });

  describe("a gRPC stream", LIMIT, () => {
    const KINDS = {
      "of a service": (client: InteropClient, options: Parameters<InteropClient["list"]>[1]) =>
        client.list(order({ count: 1, hang: true }), options).on("data", () => undefined),
      "in both directions": (client: InteropClient, options: Parameters<InteropClient["list"]>[1]) => {
        const chat = client.chat(options);
        chat.write(Buffer.from("hello"));
        return chat.on("data", () => undefined);
      },
    };
    for (const [kind, begin] of Object.entries(KINDS)) {
      test(`${kind} ends with UNAUTHENTICATED, and is cancelled at the service`, async () => {
        const { headers, endsAt } = await shortLived();
        const client = new InteropClient(gateway.port);
        const id = `grpc ${kind}`.replaceAll(" ", "-");
        const metadata = [
          [headers[0].toLowerCase(), headers[1]],
          ["x-request-id", id],
        ] as const;
        const [error] = (await once(begin(client, { metadata }), "error")) as [{ code: number; details: string }];
        assert.deepEqual([error.code, error.details], [16, "authentication expired"]);
        assert.ok(Date.now() >= endsAt);
        const seen = backends.interop.calls.find((one) => one.metadata.get("x-request-id")[0] === id)!;
        await soon(seen.cancelled, "the end at the service");
        assert.deepEqual(await ending(id), EXPIRED);
        client.close();
      });
    }
    test("of a client that goes on sending ends, too", async () => {
      const { headers } = await shortLived();
      const client = new InteropClient(gateway.port);
      const error = await new Promise<{ code: number } | null>((resolve) => {
        client.collect(resolve, { metadata: [["authorization", headers[1]]] }).write(Buffer.from("one"));
      });
      assert.equal(error?.code, 16);
      client.close();
    });
  });

  describe("a translated stream", LIMIT, () => {
    const FAILED = { error: { code: 16, message: "authentication expired", details: [] } };
    /** Reads a stream of JSON to its end. */
    const read = async (accept: string): Promise<string> => {
      const { headers } = await shortLived();
      const path = "/v1/greetings/ann?count=50&interval_ms=300";
      const { status, text } = await call(gateway.port, { path, headers: [...headers, "Accept", accept] });
      assert.equal(status, 200);
      return text;
    };
    test("of lines ends with an error on the last one", async () => {
      const lines = (await read("application/x-ndjson")).trim().split("\n");
      assert.ok(lines.length > 1);
      assert.deepEqual(JSON.parse(lines.at(-1)!), FAILED);
    });
    test("as an array ends with an error in it", async () => {
      const all = JSON.parse(await read("application/json")) as unknown[];
      assert.deepEqual(all.at(-1), FAILED);
    });
    test("of events ends as event streams do", async () => {
      assert.match(await read("text/event-stream"), /^data: .*\n\nevent: error\ndata: authentication expired\n\n$/s);
    });
    for (const type of ["application/grpc-web+proto", "application/grpc-web-text"]) {
      test(`of ${type} ends with the status in its last frame`, async () => {
        const { headers } = await shortLived();
        const message = framed(order({ count: 1, hang: true }));
        const body = type.includes("text") ? message.toString("base64") : message;
        const path = "/test.v1.Interop/List";
        const reply = await call(gateway.port, {
          method: "POST",
          path,
          headers: [...headers, "Content-Type", type],
          body,
        });
        const bytes = type.includes("text") ? new Base64Decoder().push(reply.body)! : reply.body;
        assert.match(bytes.toString("latin1"), /\x80.{4}grpc-status: 16\r\ngrpc-message: authentication expired\r\n$/s);
      });
    }
  });

  describe("what is no stream", LIMIT, () => {
    test("is answered though the token ends meanwhile: a question of gRPC, and a long download", async () => {
      const { headers, endsAt } = await shortLived();
      const asked = call(gateway.port, { path: "/events", headers: [...headers, "X-Request-ID", "download"] });
      const service = await backends.opened("download");
      service.response.writeHead(200, { "Content-Type": "application/octet-stream" });
      service.send("first ");
      const client = new InteropClient(gateway.port);
      const question = client.unary(order({ sleep: true }), {
        metadata: [["authorization", headers[1]]],
        within: 3800,
      });
      const { code } = await question.then(
        () => assert.fail("it was answered"),
        (error: ServiceError) => error,
      );
      assert.equal(code, 4, "it has had all the time it asked for");
      assert.ok(Date.now() > endsAt);
      service.response.end("last");
      assert.equal((await asked).text, "first last");
      client.close();
    });
  });
});

test("when all are over, nothing is left of them but their count", async () => {
  await eventually("no stream is left", async () => {
    const metrics = await scrape(gateway.port);
    return ["http_requests", "websocket_connections", "sse_connections"].every(
      (what) => sumOf(metrics, `gateway_${what}_active`) === 0,
    );
  });
  const metrics = await scrape(gateway.port);
  for (const [protocol, ended] of Object.entries({ websocket: 4, sse: 7, grpc: 8 })) {
    assert.equal(sumOf(metrics, "gateway_auth_streams_ended_total", { protocol, reason: "expired" }), ended, protocol);
  }
  assertCalm(gateway);
});
