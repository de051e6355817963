// Connections to backends and who gets the requests: reuse, bounds, idle limits, turns, weights, dead and stale endpoints.
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { describe, type TestContext, test } from "node:test";
import { type Answer, type Backend, type BackendOptions, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { rawBackend } from "../support/raw.ts";
import { accessLine, type Block, configText, eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();

async function backendFor(t: TestContext, answer: Answer, options: BackendOptions = {}): Promise<Backend> {
  const backend = await startBackend(answer, options);
  t.after(() => backend.close());
  return backend;
}

const textTo = (instances: number | readonly Block[], back: Block = {}, rule: Block = {}) =>
  configText({ rules: [{ id: "all", path: "/*", serviceName: "up", ...rule }], services: { up: instances }, back });

async function gatewayTo(t: TestContext, ...given: Parameters<typeof textTo>): Promise<GatewayProcess> {
  const gateway = await gateways.take(textTo(...given));
  t.after(() => gateway.kill());
  return gateway;
}

/** One whose turn is the first. */
async function freshTo(t: TestContext, instances: readonly Block[]): Promise<GatewayProcess> {
  const gateway = await startGateway(textTo(instances));
  t.after(() => gateway.kill());
  return gateway;
}

/** Holds responses back until it is told to let them go. */
class Gate {
  readonly #held: ServerResponse[] = [];
  #open = false;

  readonly answer: Answer = (_request, response) => {
    if (this.#open) response.end("let go");
    else this.#held.push(response);
  };

  get held(): number {
    return this.#held.length;
  }

  /** Answers what is held; what comes later is answered at once. */
  open(): void {
    this.#open = true;
    for (const response of this.#held.splice(0)) response.end("let go");
  }

  /** Answers one. */
  one(): void {
    this.#held.shift()!.end("let go");
  }
}

/** The timer of each open connection to a port of 127.0.0.1, as `/proc/net/tcp` tells it: its kind and the time left. */
function timersTo(port: number): string[] {
  const peer = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const rows = readFileSync("/proc/net/tcp", "utf8").split("\n");
  return rows
    .map((row) => row.trim().split(/\s+/))
    .flatMap((cells) => (cells[2] === peer && cells[3] === "01" ? [cells[5]!] : []));
}

function calls(gateway: GatewayProcess, count: number): Promise<number[]> {
  return Promise.all(Array.from({ length: count }, async () => (await call(gateway.port)).status));
}

const named =
  (name: string): Answer =>
  (_request, response) =>
    void response.end(name);

async function shares(gateway: GatewayProcess, count: number): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (let i = 0; i < count; i++) {
    const { status, text } = await call(gateway.port);
    const who = status === 200 ? text : String(status);
    seen[who] = (seen[who] ?? 0) + 1;
  }
  return seen;
}

describe("the connection pool", LIMIT, () => {
  test("one connection serves requests that follow each other, whoever sends them", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayTo(t, backend.port);
    for (let i = 0; i < 20; i++) assert.equal((await call(gateway.port, { method: "POST", body: "x" })).status, 200);
    assert.equal(backend.requests, 20);
    assert.equal(backend.accepted, 1);
  });

  test("connections of a burst are reused by the next burst", async (t) => {
    const gate = new Gate();
    const backend = await backendFor(t, gate.answer);
    const gateway = await gatewayTo(t, backend.port);
    for (const round of [1, 2]) {
      const burst = calls(gateway, 8);
      await eventually(`burst ${round} is at the backend`, () => gate.held === 8);
      for (let i = 0; i < 8; i++) gate.one();
      await burst;
    }
    assert.equal(backend.accepted, 8);
  });

  test("maxConnsPerHost is never exceeded, and what waits is served", async (t) => {
    const gate = new Gate();
    const backend = await backendFor(t, gate.answer);
    const gateway = await gatewayTo(t, backend.port, { maxConnsPerHost: 2 });
    const all = calls(gateway, 30);
    for (let i = 0; i < 10; i++) {
      await eventually("two are at the backend", () => gate.held === 2);
      gate.one();
    }
    gate.open();
    assert.deepEqual(new Set(await all), new Set([200]));
    assert.equal(backend.requests, 30);
    assert.equal(backend.mostOpen, 2);
    assert.equal(backend.accepted, 2);
  });

  test("a request that waits for a connection is bounded by its deadline, and nothing is left behind", async (t) => {
    const gate = new Gate();
    const backend = await backendFor(t, gate.answer);
    const gateway = await gatewayTo(t, backend.port, { maxConnsPerHost: 1 }, { timeout: "300ms" });
    assert.deepEqual(await calls(gateway, 3), [504, 504, 504]);
    gate.open();
    assert.equal((await call(gateway.port)).status, 200);
    await eventually("one connection is left", () => backend.open.size === 1);
  });

  test("maxIdleConnsPerHost closes what is over it", async (t) => {
    const gate = new Gate();
    const backend = await backendFor(t, gate.answer);
    const gateway = await gatewayTo(t, backend.port, { maxIdleConnsPerHost: 2 });
    const burst = calls(gateway, 8);
    await eventually("the burst is at the backend", () => gate.held === 8);
    assert.equal(backend.open.size, 8);
    gate.open();
    await burst;
    await eventually("two are left", () => backend.open.size <= 2);
    assert.equal((await call(gateway.port)).status, 200);
    assert.equal(backend.open.size, 2);
    assert.equal(backend.accepted, 8);
  });

  test("maxIdleConns bounds the idle connections of all endpoints together", async (t) => {
    const gate = new Gate();
    const backends = await Promise.all([1, 2, 3].map(() => backendFor(t, gate.answer)));
    const instances = backends.map((b, i) => ({ id: `e${i}`, address: "127.0.0.1", port: b.port }));
    const gateway = await gatewayTo(t, instances, { maxIdleConns: 4 });
    const burst = calls(gateway, 12);
    await eventually("the burst is at the backends", () => gate.held === 12);
    gate.open();
    await burst;
    const open = () => backends.reduce((sum, b) => sum + b.open.size, 0);
    await eventually("four are left", () => open() <= 4);
    assert.equal(open(), 4);
  });

  test("idleConnTimeout closes idle connections", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayTo(t, backend.port, { idleConnTimeout: "200ms" });
    await call(gateway.port);
    assert.equal(backend.open.size, 1);
    await eventually("it is closed", () => backend.open.size === 0);
    assert.equal((await call(gateway.port)).status, 200);
  });

  for (const [keepAlive, behaviour] of [
    [true, "has the kernel probe an idle connection after keepAliveTimeout"],
    [false, "has the kernel probe nothing"],
  ] as const) {
    test(`keepAlive ${keepAlive} ${behaviour}`, async (t) => {
      const backend = await backendFor(t, mirror);
      const gateway = await gatewayTo(t, backend.port, { keepAlive, keepAliveTimeout: "40s" });
      assert.equal((await call(gateway.port)).status, 200);
      let timer: string | undefined;
      await eventually("a connection with nothing to send", () => {
        timer = timersTo(backend.port)[0];
        return timer !== undefined && !timer.startsWith("01:");
      });
      // `02:` is the keep-alive timer, then the ticks of 10 ms that are left.
      const left = timer!.startsWith("02:") ? Number.parseInt(timer!.slice(3), 16) / 100 : null;
      if (keepAlive) assert.ok(left !== null && left > 30 && left <= 40, timer);
      else assert.equal(left, null);
    });
  }

  test("a response that says Connection: close ends its connection, and the next request gets a new one", async (t) => {
    const backend = await backendFor(t, (_request, response) => {
      response.setHeader("Connection", "close");
      response.end("bye");
    });
    const gateway = await gatewayTo(t, backend.port);
    assert.deepEqual(await shares(gateway, 5), { bye: 5 });
    assert.equal(backend.accepted, 5);
  });

  test("a connection the backend has closed while idle is not used again", async (t) => {
    const backend = await backendFor(t, mirror);
    const gateway = await gatewayTo(t, backend.port);
    for (let i = 0; i < 5; i++) {
      assert.equal((await call(gateway.port, { method: "POST", body: "x" })).status, 200);
      const [socket] = [...backend.open];
      const closed = once(socket!, "close");
      socket!.end();
      await closed;
    }
    assert.equal(backend.accepted, 5);
  });

  test("a reset on a reused connection is made good for GET and told to POST", async (t) => {
    let posts = 0;
    let gets = 0;
    // Every second request on a connection finds it reset.
    const backend = await rawBackend((socket) => {
      let served = 0;
      socket.on("data", (chunk) => {
        if (chunk.toString("latin1").startsWith("POST")) posts++;
        else gets++;
        if (++served === 2) return void socket.resetAndDestroy();
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      });
    });
    t.after(() => backend.close());
    const gateway = await gatewayTo(t, backend.port);
    await call(gateway.port);
    const again = await call(gateway.port, { headers: ["X-Request-ID", "again"] });
    assert.equal(again.status, 200);
    assert.equal((await accessLine(gateway, "again")).attempts, 2);
    assert.equal(gets, 3);
    const post = await call(gateway.port, { method: "POST", body: "once", headers: ["X-Request-ID", "once"] });
    assert.equal(post.status, 502);
    assert.equal(JSON.parse(post.text).error.code, "upstream_reset");
    assert.equal((await accessLine(gateway, "once")).attempts, 1);
    assert.equal(posts, 1);
  });

  test("bytes nobody asked for end a connection instead of answering the next request", async (t) => {
    let connections = 0;
    const backend = await rawBackend((socket) => {
      const mine = ++connections;
      socket.on("data", () => {
        const poison = mine === 1 ? "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison" : "";
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood${poison}`);
      });
    });
    t.after(() => backend.close());
    const gateway = await gatewayTo(t, backend.port);
    assert.deepEqual(await shares(gateway, 3), { good: 3 });
    assert.equal(connections, 2);
  });
});

describe("balancing", LIMIT, () => {
  async function three(t: TestContext, each: (name: string) => Block): Promise<Block[]> {
    const names = ["a", "b", "c"];
    const backends = await Promise.all(names.map((name) => backendFor(t, named(name))));
    return names.map((name, i) => ({ id: name, address: "127.0.0.1", port: backends[i]!.port, ...each(name) }));
  }

  test("round robin gives each endpoint exactly its turn", async (t) => {
    const gateway = await freshTo(t, await three(t, () => ({})));
    const turn: string[] = [];
    for (let i = 0; i < 9; i++) turn.push((await call(gateway.port)).text);
    assert.deepEqual(turn.join(""), "abcabcabc");
  });

  test("weighted round robin gives exact shares and spreads them", async (t) => {
    const weight = (name: string) => ({ weight: { a: 5, b: 3, c: 2 }[name] });
    const gateway = await gatewayTo(t, await three(t, weight), {}, { loadBalance: "weighted_round_robin" });
    assert.deepEqual(await shares(gateway, 100), { a: 50, b: 30, c: 20 });
    const turn: string[] = [];
    for (let i = 0; i < 10; i++) turn.push((await call(gateway.port)).text);
    assert.doesNotMatch(turn.join(""), /aaa/);
  });

  for (const loadBalance of ["round_robin", "weighted_round_robin"]) {
    test(`${loadBalance} leaves out weight 0 and what is not healthy`, async (t) => {
      const some = (name: string) => ({ a: { weight: 0 }, b: { health: "unhealthy" }, c: {} })[name]!;
      const gateway = await gatewayTo(t, await three(t, some), {}, { loadBalance });
      assert.deepEqual(await shares(gateway, 6), { c: 6 });
    });
  }

  test("consistent_hash spreads keys the more evenly the higher replicaCount is", async (t) => {
    const instances = await three(t, (id) => ({ id }));
    /** How far the share of an instance is from a third, at most. */
    const unevenness = async (replicaCount: number) => {
      const consistentHash = { key: "header:X-Key", replicaCount, maxLoad: 0 };
      const gateway = await gatewayTo(t, instances, {}, { loadBalance: "consistent_hash", consistentHash });
      const counts = new Map(["a", "b", "c"].map((name) => [name, 0]));
      for (let i = 0; i < 300; i++) {
        const { text } = await call(gateway.port, { headers: ["X-Key", `key-${i}`] });
        counts.set(text, counts.get(text)! + 1);
      }
      return Math.max(...[...counts.values()].map((count) => Math.abs(count - 100)));
    };
    const [one, many] = [await unevenness(1), await unevenness(1000)];
    assert.ok(many < 20 && one > 40, `of 300 keys, ${one} too many or few with one point, ${many} with a thousand`);
  });

  for (const overflow of [true, false]) {
    test(`a group that is half fit ${overflow ? "leaves some" : "leaves nothing"} to the next with loadBalancing.default.overflow ${overflow}`, async (t) => {
      const [fit, , next] = await three(t, () => ({}));
      const dead = { id: "dead", address: "127.0.0.1", port: NOBODYS_PORT };
      const instances = [fit!, dead, { ...next!, priority: 1 }];
      const gateway = await gateways.take(
        configText({
          rules: [{ path: "/*", serviceName: "up" }],
          services: { up: instances },
          more: { loadBalancing: { default: { overflow } } },
        }),
      );
      t.after(() => gateway.kill());
      await shares(gateway, 20); // by which the dead one is known
      const { a = 0, c = 0 } = await shares(gateway, 100);
      assert.equal(a + c, 100);
      // 70 of 100 are what half of a group carries.
      if (overflow) assert.ok(c > 10 && c < 60, `${c} of 100`);
      else assert.equal(c, 0);
    });
  }

  test("an endpoint that refuses connections costs no request, not even a POST", async (t) => {
    const dead = await startBackend(mirror);
    await dead.close();
    const alive = await backendFor(t, mirror);
    const gateway = await freshTo(t, [
      { id: "dead", address: "127.0.0.1", port: dead.port },
      { id: "alive", address: "127.0.0.1", port: alive.port },
    ]);
    for (let i = 0; i < 6; i++) {
      const body = "x".repeat(100_000);
      const reply = await call(gateway.port, { method: "POST", body, headers: ["X-Request-ID", `p${i}`] });
      assert.equal(reply.status, 200);
      assert.equal(JSON.parse(reply.text).bytes, 100_000);
    }
    assert.equal(alive.requests, 6);
    const first = await accessLine(gateway, "p0");
    assert.deepEqual([first.instance, first.attempts], ["alive", 2]);
  });

  test("with every endpoint dead the answer is 502, and 200 as soon as one is back", async (t) => {
    const dead = await startBackend(mirror);
    await dead.close();
    const gateway = await gatewayTo(t, dead.port);
    assert.equal((await call(gateway.port)).status, 502);
    await backendFor(t, mirror, { port: dead.port });
    assert.equal((await call(gateway.port)).status, 200);
  });

  test("endpoints at different addresses with one port are different endpoints", async (t) => {
    const first = await backendFor(t, named("first"), { host: "127.0.0.1" });
    await backendFor(t, named("second"), { host: "127.0.0.2", port: first.port });
    const gateway = await gatewayTo(t, [
      { address: "127.0.0.1", port: first.port },
      { address: "127.0.0.2", port: first.port },
    ]);
    assert.deepEqual(await shares(gateway, 8), { first: 4, second: 4 });
  });

  test("a name is resolved, and whichever of its addresses answers is used", async (t) => {
    const backend = await backendFor(t, named("here"), { host: "127.0.0.1" });
    const gateway = await gatewayTo(t, [{ address: "localhost", port: backend.port }]);
    assert.deepEqual(await shares(gateway, 4), { here: 4 });
    assert.equal(backend.accepted, 1);
  });

  test("a name that does not resolve is 502, and the other endpoint is used where there is one", async (t) => {
    const backend = await backendFor(t, named("here"));
    const nowhere = { address: "nowhere.invalid", port: 80 };
    const alone = await gatewayTo(t, [nowhere]);
    assert.equal((await call(alone.port)).status, 502);
    const both = await gatewayTo(t, [nowhere, { address: "127.0.0.1", port: backend.port }]);
    assert.deepEqual(await shares(both, 4), { here: 4 });
  });
});
