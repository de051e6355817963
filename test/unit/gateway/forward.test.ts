// A request through its service under thousands of random courses of events: whatever happens, nothing taken is kept, the
// client gets one answer, nobody's body is changed, and nothing is done twice that must not be.
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { BoundStream } from "../../../src/core/bound-stream.ts";
import type { Progress } from "../../../src/core/edges.ts";
import type { Translation } from "../../../src/core/translation.ts";
import { isRepeatable } from "../../../src/gateway/resend.ts";
import { FakeTime } from "../../support/fake-time.ts";
import { Random } from "../../support/hostile.ts";
import { done, FakeBody, requestOf, send } from "../../support/scripted-request.ts";
import { CountedBudget, type FakeExchange, FakeService, ruleOf } from "../../support/scripted-service.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

const COURSES = 6000;
const STEPS = 120;
const PIECE = "0123456789abcdef";
const PROGRESS: readonly Progress[] = ["unsent", "unable", "refused", "reset_on_reuse", "sent"];

/** A translator's, which holds heads back as long as it likes. */
const STREAMS: Translation = {
  method: "POST",
  target: "/s/m",
  fields: [],
  streams: true,
  attempt: (body, receiver) => ({ body, receiver }),
};

/** One course of events, decided by the seed alone. */
class Course {
  readonly #random: Random;
  readonly #budget: CountedBudget;
  readonly #up: FakeService;
  readonly #spare: FakeService;
  readonly #body: FakeBody;
  readonly #timeoutMs: number;
  readonly #request: ReturnType<typeof requestOf>;
  readonly #grpc: boolean;
  /** Calls of a translator that may hold their heads back. */
  readonly #streams: boolean;
  /** Tries that have begun a stream whose head is held back. */
  readonly #begun = new Set<FakeExchange>();
  /** How many tries there were when the first of them did; -1: none has. */
  #triesAtBegin = -1;
  /** Tries a backend may have acted on. */
  readonly #acted = new Set<FakeExchange>();
  /** Backends that hardly say a word: everything takes too long. */
  readonly #quiet: boolean;
  #uploads: number;
  /** Ends with the credential of the client; null: nothing does. */
  #bound: BoundStream | null = null;

  constructor(seed: number) {
    const random = new Random(seed);
    this.#random = random;
    this.#quiet = random.once(4);
    this.#grpc = random.once(4);
    this.#streams = this.#grpc && random.once(2);
    this.#budget = new CountedBudget(random.int(4));
    const rule = ruleOf({
      maxAttempts: 1 + random.int(4),
      perTryMs: random.once(2) ? 40 : 0,
      hedgeAfterMs: random.once(2) ? 15 : 0,
      maxReplayBytes: random.once(2) ? 1024 : 3 * PIECE.length,
      jitter: "full",
      budget: this.#budget,
    });
    // Some backends answer before their connector has returned.
    const atOnce = (exchange: FakeExchange) => {
      if (random.once(6)) this.#fail(exchange, random.pick(PROGRESS));
    };
    this.#up = new FakeService("up", 1 + random.int(3), random.once(4) ? null : rule, atOnce);
    this.#spare = new FakeService("spare", 1, random.once(2) ? null : ruleOf({ maxAttempts: 2 }), atOnce);
    this.#up.mayRefuse = this.#grpc || random.once(4);
    if (random.once(4)) this.#up.admits = () => !random.once(5);
    if (random.once(6)) this.#up.limiter.limit = 1;
    this.#uploads = random.once(2) ? 0 : 1 + random.int(5);
    this.#body = new FakeBody(this.#uploads === 0 ? 0 : random.once(2) ? -1 : this.#uploads * PIECE.length);
    this.#timeoutMs = random.once(2) ? 100 : 0;
    const key = random.once(3) ? ["Idempotency-Key", "k"] : [];
    const fallback = random.pick([
      undefined,
      undefined,
      { service: this.#spare, reply: null },
      { service: null, reply: { status: 418, fields: [], body: "spare" } },
    ] as const);
    this.#request = requestOf({
      method: random.pick(["GET", "PUT", "POST", "POST"]),
      fields: key,
      body: this.#body,
      timeoutMs: this.#timeoutMs,
      grpc: this.#grpc,
      bind: (stream) => {
        this.#bound = stream;
      },
      ...(this.#streams && { translation: STREAMS }),
      ...(fallback !== undefined && { fallback }),
    });
  }

  run(): void {
    const { ctx, client } = this.#request;
    send(this.#request, this.#up);
    for (let i = 0; i < STEPS && !ctx.finished; i++) {
      this.#step();
      this.#check();
      if (client.state !== "open") done(ctx);
    }
    const left = !ctx.finished;
    done(ctx); // the client has had enough
    time.pass(10_000);
    this.#up.assertFree();
    this.#spare.assertFree();
    assert.equal(time.pending, 0, "no timer is left");
    assert.equal(this.#request.ctx.snapshot!.streams.size, 0, "no stream is left open");
    if (!left && client.state === "ended") assert.equal(client.heads.length, 1, "one answer");
    this.#checkTries();
  }

  get #exchanges(): FakeExchange[] {
    return [...this.#up.exchanges, ...this.#spare.exchanges];
  }

  #step(): void {
    const random = this.#random;
    const live = this.#exchanges.filter((e) => e.live);
    const what = random.int(12);
    if (what < 3 || (this.#quiet && !random.once(8))) return time.pass(random.int(12), random.once(2) ? 0.7 : 0);
    if (what < 6 && this.#body.flows) return this.#upload();
    if (what === 6 && random.once(20)) return done(this.#request.ctx);
    if (what === 7 && random.once(4)) return this.#expire();
    if (live.length > 0) this.#speak(random.pick(live));
  }

  #expire(): void {
    const { ctx, client } = this.#request;
    const waits = ctx.status === 0 && this.#body.complete;
    const ended = this.#bound?.expired("credential of a client expired");
    if (waits) assert.notEqual(ended, true, "a question that was asked is answered");
    if (ended === true) assert.notEqual(client.state, "open");
  }

  #upload(): void {
    if (this.#uploads === 0) return this.#body.finish();
    this.#uploads--;
    this.#body.push(PIECE);
  }

  #speak(exchange: FakeExchange): void {
    const random = this.#random;
    const { receiver } = exchange;
    if (!exchange.headSent) {
      if (random.once(5)) return receiver.interim(103, []);
      if (this.#streams && random.once(4) && !this.#begun.has(exchange)) return this.#begin(exchange);
      if (random.once(3)) return this.#fail(exchange, this.#begun.has(exchange) ? "responding" : random.pick(PROGRESS));
      this.#acted.add(exchange);
      if (this.#grpc && random.once(3)) return this.#endCall(exchange);
      const fields = random.once(4) ? ["Retry-After", random.pick(["0", "3", "soon"])] : [];
      if (random.once(6)) fields.push("Content-Type", "text/event-stream");
      return exchange.head(random.pick([200, 200, 502, 503, 500, 404]), random.pick([-1, 32, 100_000]), fields);
    }
    if (random.once(8)) return this.#fail(exchange, "responding");
    if (random.once(3)) {
      exchange.over = true;
      if (random.once(2)) receiver.end(this.#grpc ? ["grpc-status", random.pick(["0", "13", "14"])] : []);
      else receiver.data(Buffer.from(PIECE), null, true);
      return;
    }
    let given = 0;
    receiver.data(Buffer.alloc(random.pick([16, 40_000])), random.once(2) ? null : () => given++, false);
    assert.ok(given <= 1, "a piece is given back once");
  }

  #begin(exchange: FakeExchange): void {
    this.#acted.add(exchange);
    this.#begun.add(exchange);
    exchange.receiver.begun!(null);
    if (this.#triesAtBegin === -1) this.#triesAtBegin = this.#exchanges.length;
  }

  /** A status alone: head and end at once. */
  #endCall(exchange: FakeExchange): void {
    exchange.head(200, 0, ["grpc-status", this.#random.pick(["0", "5", "14"])]);
    if (!exchange.live) return;
    exchange.over = true;
    exchange.receiver.end([]);
  }

  #fail(exchange: FakeExchange, progress: Progress): void {
    if (progress === "sent" || progress === "reset_on_reuse") this.#acted.add(exchange);
    exchange.fail(progress);
  }

  /** What holds at every moment. */
  #check(): void {
    const { ctx, client } = this.#request;
    for (const service of [this.#up, this.#spare]) {
      for (const { state } of service.endpoints) assert.ok(state.active >= 0);
    }
    for (const exchange of this.#exchanges) {
      assert.ok(this.#body.text.startsWith(exchange.text), `a backend got ${JSON.stringify(exchange.text)}`);
      if (exchange.live && this.#body.complete)
        assert.ok(exchange.requestEnded, "a backend waits for the end of a body");
      if (exchange.requestEnded)
        assert.equal(exchange.text, this.#body.text, "a backend got half a body as a whole one");
    }
    if (ctx.finished || client.state !== "open") return;
    const heard = this.#exchanges.some((e) => e.live);
    assert.ok(heard || time.pending > 0, "the client waits for something");
    if (this.#timeoutMs > 0 && ctx.stream === null && !this.#streams) {
      assert.ok(time.now <= ctx.startedAt + this.#timeoutMs + 1, "the client does not wait beyond the deadline");
    }
  }

  #checkTries(): void {
    const { ctx } = this.#request;
    const { retry } = this.#up;
    const most = (retry?.maxAttempts ?? ctx.route!.maxAttempts) * 2; // each may be made once more on a fresh connection
    assert.ok(this.#up.exchanges.length <= most, `${this.#up.exchanges.length} tries of ${most}`);
    if (!isRepeatable(ctx) && !this.#grpc) {
      for (const exchange of this.#exchanges.slice(0, -1))
        assert.ok(!this.#acted.has(exchange), "what must not be done twice was sent again");
    }
    if (this.#triesAtBegin >= 0)
      assert.equal(this.#exchanges.length, this.#triesAtBegin, "no try follows one that has begun a stream");
    if (retry === null) assert.equal(this.#budget.taken, 0);
  }
}

describe("a request through its service", () => {
  const seeds = Random.fresh();
  test(`keeps its promises whatever happens (GATEWAY_TEST_SEED=${seeds.seed})`, () => {
    for (let i = 0; i < COURSES; i++) {
      const seed = 1 + seeds.int(0x7fff_ffff);
      try {
        new Course(seed).run();
      } catch (error) {
        throw new Error(`course ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
      }
      time.restore();
      time = new FakeTime();
    }
  });
});
