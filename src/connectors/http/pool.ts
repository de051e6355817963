// Keep-alive connections to one endpoint: last in first out, bounded, swept once a second.

import { originText } from "../../wire/authority.ts";
import { isName } from "../../wire/resolver.ts";
import { Connection } from "./connection.ts";
import type { Exchange, ExchangePool } from "./exchange.ts";
import type { HttpClientOptions } from "./options.ts";
import type { ConnectionPool, PoolShared, PoolTarget } from "./pool-contract.ts";

/** Exchanges that may wait for a connection when `maxConnsPerHost` is reached. More are refused as overloaded. */
const MAX_WAITING = 1024;
/** How often the addresses behind a name are compared with the connections open, in sweeps (seconds). */
const READDRESS_EVERY = 15;

/** The connections to one endpoint. */
export class Pool implements ConnectionPool<Connection, Exchange>, ExchangePool {
  readonly target: PoolTarget;
  readonly options: HttpClientOptions;
  readonly shared: PoolShared;
  readonly #idle: Connection[] = [];
  readonly #open = new Set<Connection>();
  readonly #waiting: Exchange[] = [];
  #closed = false;
  #sweeps = 0;
  /** TLS session of the last handshake, offered to the next one. */
  session: Buffer | undefined;

  constructor(target: PoolTarget, options: HttpClientOptions, shared: PoolShared) {
    this.target = target;
    this.options = options;
    this.shared = shared;
  }

  /** Idle connections, newest last. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Connections open or being opened. */
  get open(): number {
    return this.#open.size;
  }

  /** Sends an exchange on an idle connection (unless it must be fresh), a new one, or the next that comes free. */
  send(exchange: Exchange): void {
    const now = this.shared.now();
    while (!exchange.fresh) {
      const connection = this.#idle.pop();
      if (connection === undefined) break;
      if (connection.isUsable(now)) {
        this.shared.network.log?.debug?.("Connection reused", {
          to: originText(this.target),
          idle: this.#idle.length,
        });
        return connection.carry(exchange, now);
      }
      connection.destroy();
    }
    const limit = this.options.maxPerHost;
    // A fresh connection takes the place of an idle one: no event would start it later.
    if (limit > 0 && this.#open.size >= limit) this.#idle[0]?.destroy();
    if (limit === 0 || this.#open.size < limit) return this.#dial(exchange);
    if (this.#waiting.length >= MAX_WAITING) {
      return exchange.fail("overloaded", "connection queue is full");
    }
    this.#waiting.push(exchange);
    this.shared.network.log?.debug?.("Request waits for a connection", {
      to: originText(this.target),
      waiting: this.#waiting.length,
      limit,
    });
  }

  /** Takes a waiting exchange out of the queue. */
  forget(exchange: Exchange): void {
    const at = this.#waiting.indexOf(exchange);
    if (at !== -1) this.#waiting.splice(at, 1);
  }

  /** A connection has finished an exchange and may carry another. */
  release(connection: Connection): void {
    if (this.#closed) return connection.destroy();
    // One that must be fresh gets the place of this connection, not the connection.
    if (this.#waiting[0]?.fresh === true) return connection.destroy();
    const next = this.#waiting.shift();
    if (next !== undefined) return connection.carry(next, this.shared.now());
    // Surplus connections are closed by the next sweep, unless their descriptor is needed now.
    if (this.#idle.length >= this.options.maxIdlePerHost && this.shared.network.shortage.lasts) {
      return connection.destroy();
    }
    this.#idle.push(connection);
  }

  /** A connection is gone. */
  remove(connection: Connection): void {
    if (!this.#open.delete(connection)) return;
    const at = this.#idle.lastIndexOf(connection);
    if (at !== -1) this.#idle.splice(at, 1);
    const next = this.#closed ? undefined : this.#waiting.shift();
    if (next !== undefined) this.#dial(next);
  }

  /** Closes what has been idle too long and what exceeds the idle limit, oldest first. Called once a second. */
  sweep(): void {
    const now = this.shared.now();
    let surplus = this.#idle.length - this.options.maxIdlePerHost;
    for (const connection of this.#idle.slice()) {
      if (surplus-- > 0 || connection.reuse.until <= now) connection.destroy();
    }
    if (++this.#sweeps % READDRESS_EVERY === 0 && isName(this.target.address) && this.#open.size > 0) this.#readdress();
  }

  /** Closes up to `count` of the idle connections, oldest first. */
  shed(count: number): void {
    for (const connection of this.#idle.slice(0, count)) connection.destroy();
  }

  /** Ends the pool: idle connections now, busy ones when their exchange is over. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.slice()) connection.destroy();
    for (const connection of this.#open) connection.retire();
    for (const exchange of this.#waiting.splice(0)) exchange.fail("no_endpoint", "endpoint was removed");
  }

  #dial(exchange: Exchange): void {
    this.shared.network.log?.debug?.("Connection opened", { to: originText(this.target), open: this.#open.size });
    const connection = new Connection(this);
    this.#open.add(connection);
    connection.dial(exchange);
  }

  /** Connections to addresses that the name no longer has take no further exchange. */
  #readdress(): void {
    this.shared.network.resolver.resolve(this.target.address).then(
      (addresses) => {
        const current = new Set(addresses);
        for (const connection of this.#open) if (!connection.isAt(current)) connection.retire();
      },
      () => undefined, // the name does not resolve now: what is connected keeps working
    );
  }
}
