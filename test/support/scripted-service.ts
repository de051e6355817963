// A service without sockets: the test plays its backends, and whatever is taken of circuits and bounds is checked at once.
import assert from "node:assert/strict";
import type { Breaker } from "../../src/core/breaker.ts";
import type { RequestContext } from "../../src/core/context.ts";
import type { BodyReceiver, Progress, Receiver, RequestBody, Upstream } from "../../src/core/edges.ts";
import type { Endpoint } from "../../src/core/endpoint.ts";
import { EndpointState } from "../../src/core/endpoint-state.ts";
import type { ErrorCode } from "../../src/core/errors.ts";
import type { ConcurrencyLimiter } from "../../src/core/limiter.ts";
import type { RetryBudget, RetryRule } from "../../src/core/retry.ts";
import type { Service } from "../../src/core/service.ts";
import { specOf } from "./endpoints.ts";

/** A circuit whose every ticket must come back exactly once. */
export class StrictBreaker implements Breaker {
  readonly name = "b";
  readonly state = "closed";
  readonly retryAfterMs = 1000;
  readonly out = new Set<number>();
  readonly ends = { succeeded: 0, failed: 0, dropped: 0 };
  readonly facts = {
    failures: 0,
    successes: 0,
    lastFailureAt: 0,
    lastChangeAt: 0,
    transitions: { closed: 0, open: 0, half_open: 0 },
  };
  readonly #admits: () => boolean;
  #last = 0;

  constructor(admits: () => boolean = () => true) {
    this.#admits = admits;
  }

  admit(): number {
    if (!this.#admits()) return 0;
    this.out.add(++this.#last);
    return this.#last;
  }

  succeeded(ticket: number): void {
    this.#back(ticket, "succeeded");
  }

  failed(ticket: number): void {
    this.#back(ticket, "failed");
  }

  dropped(ticket: number): void {
    this.#back(ticket, "dropped");
  }

  watch(): () => void {
    return () => undefined;
  }

  reset(): void {}

  #back(ticket: number, how: keyof StrictBreaker["ends"]): void {
    assert.ok(this.out.delete(ticket), `ticket ${ticket} reported as ${how}, and not for the first time`);
    this.ends[how]++;
  }
}

/** A bound whose every admission must be released exactly once. */
export class StrictLimiter implements ConcurrencyLimiter {
  limit = Number.POSITIVE_INFINITY;
  active = 0;
  /** What it was told of each attempt. */
  readonly told: (readonly [answered: boolean, failed: boolean])[] = [];

  admit(): boolean {
    if (this.active >= this.limit) return false;
    this.active++;
    return true;
  }

  release(ms: number, failed: boolean): void {
    assert.ok(--this.active >= 0, "released more often than admitted");
    this.told.push([ms >= 0, failed]);
  }
}

/** Counts what was taken. */
export class CountedBudget implements RetryBudget {
  left: number;
  taken = 0;
  requests = 0;

  constructor(left: number) {
    this.left = left;
  }

  request(): void {
    this.requests++;
  }

  take(): boolean {
    if (this.left === 0) return false;
    this.left--;
    this.taken++;
    return true;
  }
}

/** One try as its backend sees it. */
export class FakeExchange implements Upstream, BodyReceiver {
  readonly endpoint: Endpoint;
  readonly receiver: Receiver;
  /** Of the request. */
  text = "";
  requestEnded = false;
  headSent = false;
  /** Finished by the backend. */
  over = false;
  /** Given up by the gateway. */
  aborted = false;
  resumed = 0;
  /** Its connection does not stand yet. */
  connecting = false;

  constructor(endpoint: Endpoint, body: RequestBody, receiver: Receiver) {
    this.endpoint = endpoint;
    this.receiver = receiver;
    if (body.length === 0) this.requestEnded = true;
    else body.start(this);
  }

  /** Whether the backend may still say something. */
  get live(): boolean {
    return !this.over && !this.aborted;
  }

  data(chunk: Buffer): boolean {
    if (!this.live) return false;
    this.text += chunk;
    return true;
  }

  end(): void {
    if (this.live) this.requestEnded = true;
  }

  resume(): void {
    this.resumed++;
  }

  abort(): void {
    this.aborted = true;
  }

  /** The whole answer at once. */
  answer(status: number, body = "", fields: string[] = []): void {
    this.head(status, body.length, fields);
    if (!this.live) return;
    this.over = true;
    if (body === "") this.receiver.end([]);
    else this.receiver.data(Buffer.from(body), null, true);
  }

  head(status: number, length = -1, fields: string[] = []): void {
    this.headSent = true;
    this.receiver.head(status, "", fields, length);
  }

  fail(progress: Progress): void {
    this.over = true;
    this.receiver.failed({ code: CODES[progress], progress, detail: "scripted" });
  }
}

/** What usually is the matter. */
const CODES: Readonly<Record<Progress, ErrorCode>> = {
  unsent: "connect_failed",
  unable: "overloaded",
  refused: "overloaded",
  reset_on_reuse: "upstream_reset",
  sent: "upstream_reset",
  declined: "model_unavailable",
  responding: "upstream_reset",
};

/** A service of `count` endpoints that are asked in turn; every try is handed to `sent`. */
export class FakeService implements Service {
  readonly name: string;
  readonly endpoints: Endpoint[] = [];
  readonly exchanges: FakeExchange[] = [];
  readonly breaker = new StrictBreaker(() => this.admits());
  readonly limiter = new StrictLimiter();
  readonly retry: RetryRule | null;
  mayRefuse = false;
  /** Decides for circuits. */
  admits: () => boolean = () => true;
  #turn = 0;
  readonly picker = {
    pick: (_: RequestContext, exclude: readonly Endpoint[]): Endpoint | null => {
      for (let i = 0; i < this.endpoints.length; i++) {
        const endpoint = this.endpoints[this.#turn++ % this.endpoints.length]!;
        if (!exclude.includes(endpoint)) return endpoint;
      }
      return null;
    },
  };

  constructor(name: string, count: number, retry: RetryRule | null, synchronously?: (exchange: FakeExchange) => void) {
    this.name = name;
    this.retry = retry;
    for (let i = 0; i < count; i++) {
      const endpoint: Endpoint = {
        spec: specOf(`${name}-${i}`),
        state: new EndpointState(),
        breaker: new StrictBreaker(() => this.admits()),
        meter: null,
        connector: {
          mayRefuse: false,
          send: ({ body }, receiver) => {
            const exchange = new FakeExchange(endpoint, body, receiver);
            this.exchanges.push(exchange);
            synchronously?.(exchange);
            return exchange;
          },
        },
      };
      this.endpoints.push(endpoint);
    }
  }

  isFailure(status: number): boolean {
    return status >= 500 && status !== 501;
  }

  /** Fails unless nothing is taken any more. */
  assertFree(): void {
    assert.equal(this.breaker.out.size, 0, `${this.name}: tickets of its circuit`);
    assert.equal(this.limiter.active, 0, `${this.name}: admissions of its bound`);
    for (const { state, breaker } of this.endpoints) {
      assert.equal(state.active, 0, `${this.name}: requests under way`);
      assert.equal((breaker as StrictBreaker).out.size, 0, `${this.name}: tickets of an endpoint`);
    }
    for (const exchange of this.exchanges) assert.ok(!exchange.live, `${this.name}: an exchange nobody waits for`);
  }
}

/** Settings of retries with everything off that can be. */
export function ruleOf(some: Partial<RetryRule>): RetryRule {
  return {
    maxAttempts: 3,
    initialDelayMs: 10,
    maxDelayMs: 100,
    multiplier: 2,
    jitter: 0,
    perTryMs: 0,
    hedgeAfterMs: 0,
    maxReplayBytes: 1024,
    budget: null,
    isRetryable: (status) => status === 502 || status === 503,
    isRetryableCall: (status) => status === 14,
    ...some,
  };
}
