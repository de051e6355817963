// Streams on the connections to one HTTP/2 backend: who finds one when many are open, and what resets of many clients do.
import assert from "node:assert/strict";
import { constants } from "node:http2";
import { afterEach, describe, type TestContext, test } from "node:test";
import { type GrpcGateway, type GrpcSetup, grpcGateway, InteropClient } from "../support/grpc.ts";
import { type AnswerStream, framed, type Http2Backend, http2Backend, reply } from "../support/http2-backend.ts";
import { settingsFrame } from "../support/http2-frames.ts";
import { rawBackend } from "../support/raw.ts";
import { eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const hi = Buffer.from("hi");

/** Calls of `List` are answered with one message and stay open until {@link release}; those of `Unary` end at once. */
const open: (() => void)[] = [];
const answer: AnswerStream = (stream, headers) => {
  stream.resume();
  if (!String(headers[":path"]).endsWith("/List")) return reply(stream, ["done"]);
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.write(framed("open"));
  open.push(() => stream.end());
};
const release = () => {
  for (const end of open.splice(0)) end();
};
afterEach(release);

interface Pair {
  readonly backend: Http2Backend;
  readonly gateway: GrpcGateway;
  readonly client: InteropClient;
}

async function pairFor(t: TestContext, setup: Omit<GrpcSetup, "services">, answers = answer): Promise<Pair> {
  const backend = await http2Backend(answers);
  const gateway = await grpcGateway({
    services: { up: backend.port },
    grpc: { maxConcurrentStreams: 10_000 },
    ...setup,
  });
  const client = new InteropClient(gateway.grpcPort);
  t.after(async () => {
    client.close();
    await gateway.kill();
    await backend.close();
  });
  return { backend, gateway, client };
}

/** Opens so many streams and waits until each has brought its message. */
async function hold(client: InteropClient, count: number): Promise<void> {
  const begun = Array.from({ length: count }, () => {
    const call = client.list(hi);
    call.on("error", () => undefined);
    return new Promise<void>((resolve) => call.once("data", () => resolve()));
  });
  await Promise.all(begun);
}

describe("streams to one instance", LIMIT, () => {
  test("another connection is opened when all streams of the first are in use", async (t) => {
    const { backend, client } = await pairFor(t, {});
    await hold(client, 100);
    assert.equal(backend.accepted, 1);
    assert.equal((await client.unary(hi)).value.toString(), "done");
    assert.equal(backend.accepted, 2);
  });

  test("no more connections than maxPoolSize: what comes then waits for a stream", async (t) => {
    const { backend, client } = await pairFor(t, { back: { maxConcurrentStreams: 2, maxPoolSize: 3 } });
    await hold(client, 6);
    const waiting = client.unary(hi);
    const late = await client.unary(hi, { within: 100 }).catch((error) => error.code);
    assert.deepEqual([late, backend.accepted, backend.active], [4, 3, 6]);
    release();
    assert.equal((await waiting).value.toString(), "done");
  });

  test("what waits is served as soon as the backend takes more streams", async (t) => {
    const backend = await http2Backend(answer, { settings: { maxConcurrentStreams: 0 } });
    const gateway = await grpcGateway({ services: { up: backend.port } });
    const client = new InteropClient(gateway.grpcPort);
    t.after(async () => {
      client.close();
      await gateway.kill();
      await backend.close();
    });
    const waiting = [client.unary(hi), client.unary(hi)];
    await eventually("a connection that knows its limit", () => backend.sessions[0]?.pendingSettingsAck === false);
    backend.sessions[0]!.settings({ maxConcurrentStreams: 10 });
    const values = (await Promise.all(waiting)).map(({ value }) => value.toString());
    assert.deepEqual([values, backend.accepted], [["done", "done"], 1]);
  });

  test("connections that end before they are of use are not opened one after the other", async (t) => {
    let accepted = 0;
    const streams = (most: number) => settingsFrame(Buffer.from([0, 3, 0, 0, 0, most]));
    const backend = await rawBackend((socket) => {
      if (accepted++ === 0) socket.write(streams(1));
      else socket.end(streams(0));
    });
    const gateway = await grpcGateway({ services: { up: backend.port } });
    const client = new InteropClient(gateway.grpcPort);
    t.after(async () => {
      client.close();
      await gateway.kill();
      await backend.close();
    });
    client.list(hi).on("error", () => undefined);
    assert.equal(await client.unary(hi, { within: 1000 }).catch((error) => error.code), 4);
    assert.ok(accepted < 10, `${accepted} connections`);
  });

  test("a call that waits for a stream in vain says nothing about the instance", async (t) => {
    const { client } = await pairFor(t, {
      back: { maxConcurrentStreams: 1, maxPoolSize: 1 },
      more: { circuitBreaker: { enabled: true, default: { maxFailures: 1 } } },
    });
    await client.unary(hi); // its time is known from now on, so that waiting beyond it would count
    await hold(client, 1);
    for (let i = 0; i < 5; i++) await assert.rejects(client.unary(hi, { within: 60 }), { code: 4 });
    release();
    assert.equal((await client.unary(hi)).value.toString(), "done");
  });

  test("connections opened for a crowd are closed once they are idle", async (t) => {
    const { backend, client } = await pairFor(t, {
      back: { maxConcurrentStreams: 2 },
      backHttp: { idleConnTimeout: "1s" },
    });
    await hold(client, 8);
    assert.equal(backend.sessions.length, 4);
    release();
    await eventually("all but one are closed", async () => {
      await client.unary(hi);
      return backend.sessions.length === 1;
    });
  });
});

describe("resets of many clients", LIMIT, () => {
  test("are spread over connections, none of which brings more than a backend bears, and harm no bystander", async (t) => {
    const resets: number[] = [];
    const { backend, client } = await pairFor(t, {}, (stream, headers, session) => {
      stream.on("close", () => {
        if (stream.rstCode === constants.NGHTTP2_CANCEL) resets[session] = (resets[session] ?? 0) + 1;
      });
      answer(stream, headers, session);
    });
    const bystander = client.list(hi);
    const ended = new Promise((resolve) => bystander.on("status", resolve));
    await new Promise((resolve) => bystander.once("data", resolve));
    for (let round = 0; round < 12; round++) {
      const calls = Array.from({ length: 50 }, () => {
        const call = client.list(hi);
        call.on("error", () => undefined);
        return call;
      });
      await Promise.all(calls.map((call) => new Promise((resolve) => call.once("data", resolve))));
      for (const call of calls) call.cancel();
    }
    assert.equal((await client.unary(hi)).value.toString(), "done");
    await eventually(
      "most calls are cancelled at the backend",
      () => resets.reduce((sum, n) => sum + (n ?? 0), 0) > 400,
    );
    assert.ok(Math.max(...resets.map((n) => n ?? 0)) < 200, `${resets}`);
    assert.ok(backend.accepted > 3, `${backend.accepted} connections`);
    release();
    assert.equal(((await ended) as { code: number }).code, 0);
  });
});
