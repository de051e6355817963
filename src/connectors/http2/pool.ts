// The HTTP/2 connections to one endpoint: as many streams on each as it allows, then a bounded queue.
import { originText } from "../../wire/authority.ts";
import type { Network } from "../../wire/dial.ts";
import type { PoolTarget } from "../http/pool-contract.ts";
import type { CallPool, Http2Call } from "./call.ts";
import type { Http2ClientOptions } from "./options.ts";
import type { SessionPool } from "./pool-contract.ts";
import { Http2Session } from "./session.ts";

/** Calls that may wait for a free stream. More are refused as overloaded. */
const MAX_WAITING = 1024;
/** Pings are spaced out up to this many times the interval for a backend that asks for calm. */
const MAX_PING_FACTOR = 32;

/** The connections to one endpoint. */
export class Http2Pool implements SessionPool<Http2Session>, CallPool {
  readonly target: PoolTarget;
  readonly options: Http2ClientOptions;
  readonly network: Network;
  readonly now: () => number;
  /** Those that take new streams. */
  readonly #sessions: Http2Session[] = [];
  /** All that are open. */
  readonly #open = new Set<Http2Session>();
  readonly #waiting: Http2Call[] = [];
  #closed = false;
  /** A connection ended before it carried a stream: no further one is opened before the next tick, unless none is left. */
  #rests = false;
  pingFactor = 1;

  /** @param now monotonic, ms */
  constructor(target: PoolTarget, options: Http2ClientOptions, network: Network, now: () => number) {
    this.target = target;
    this.options = options;
    this.network = network;
    this.now = now;
  }

  /** Connections open or being opened. */
  get open(): number {
    return this.#open.size;
  }

  /** Whether calls wait although connections stand: all their streams are in use. */
  get saturated(): boolean {
    return this.#waiting.length > 0 && this.#sessions.some((s) => s.ready);
  }

  /** Whether a connection may be replaced by another before its last stream is over. */
  get mayReplace(): boolean {
    return this.#open.size < this.options.maxPoolSize;
  }

  /** Puts a call on a connection, or lets it wait for one. */
  send(call: Http2Call): void {
    if (this.#closed) return call.fail("no_endpoint", "endpoint was removed", "unsent");
    const session = this.#free();
    if (session !== null) return call.begin(session);
    if (this.#waiting.length >= MAX_WAITING) return call.fail("overloaded", "stream queue is full", "unsent");
    this.#waiting.push(call);
    this.network.log?.debug?.("Call waits for a stream", {
      to: originText(this.target),
      waiting: this.#waiting.length,
    });
    this.#grow();
  }

  /** Takes a waiting call out of the queue. */
  forget(call: Http2Call): void {
    const at = this.#waiting.indexOf(call);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  /** Streams may have come free. */
  serve(): void {
    while (this.#waiting.length > 0) {
      const session = this.#free();
      if (session === null) break;
      this.#waiting.shift()!.begin(session);
    }
    if (this.#waiting.length > 0 && !this.#closed) this.#grow();
  }

  /** A connection takes no new streams: the backend or the pool has said so. */
  left(session: Http2Session): void {
    this.#withdraw(session);
    this.#goOn(session);
  }

  /** A connection is gone. */
  remove(session: Http2Session): void {
    this.#open.delete(session);
    this.#withdraw(session);
    const { fault } = session;
    // Who waited for a connection that could not be opened has waited for nothing: another endpoint may be better.
    const unopened = fault?.unopened ?? null;
    if (fault !== null && unopened !== null && !this.#sessions.some((s) => s.ready || s.dialling)) {
      for (const call of this.#waiting.splice(0)) call.fail(fault.code, fault.detail, unopened);
    } else this.#goOn(session);
  }

  /** The backend is pinged too often for its taste. */
  calmDown(): void {
    this.pingFactor = Math.min(this.pingFactor * 2, MAX_PING_FACTOR);
  }

  tick(now: number): void {
    for (const session of [...this.#open]) session.tick(now);
    if (!this.#rests) return;
    this.#rests = false;
    this.serve();
  }

  /** Ends the pool: connections close when their last stream is over. */
  close(): void {
    this.#closed = true;
    for (const call of this.#waiting.splice(0)) call.fail("no_endpoint", "endpoint was removed", "unsent");
    for (const session of [...this.#open]) {
      if (session.dialling) session.destroy();
      else session.retire();
    }
  }

  /** Another connection may take the place of one that was of use at once; of those that were not, one a second is enough. */
  #goOn(without: Http2Session): void {
    if (without.used) this.serve();
    else this.#rests = true;
  }

  #withdraw(session: Http2Session): void {
    const at = this.#sessions.indexOf(session);
    if (at !== -1) this.#sessions.splice(at, 1);
  }

  /** The least busy of the first connections; of those opened beyond `poolSize` the oldest with room, so that the rest empty. */
  #free(): Http2Session | null {
    const { poolSize } = this.options;
    let best: Http2Session | null = null;
    for (let i = 0; i < this.#sessions.length; i++) {
      const session = this.#sessions[i]!;
      if (i >= poolSize && best !== null) break;
      if (!session.ready || session.active >= session.capacity) continue;
      if (best === null || session.active < best.active) best = session;
    }
    // With room in the pool, a second connection is worth more than a busier first one.
    if (best !== null && best.active > 0 && this.#sessions.length < poolSize && !this.#rests) this.#dial();
    return best;
  }

  /** Calls wait: opens a connection, one after the other beyond `poolSize`, where the backend takes streams at all. */
  #grow(): void {
    const { poolSize, maxPoolSize } = this.options;
    if (this.#rests && this.#sessions.length > 0) return;
    if (this.#sessions.length >= poolSize) {
      if (this.#open.size >= maxPoolSize) return;
      if (this.#sessions.some((s) => s.dialling || (s.ready && s.capacity === 0))) return;
    }
    this.#dial();
  }

  #dial(): void {
    this.network.log?.debug?.("Connection opened for HTTP/2", { to: originText(this.target), open: this.#open.size });
    const session = new Http2Session(this);
    this.#sessions.push(session);
    this.#open.add(session);
  }
}
