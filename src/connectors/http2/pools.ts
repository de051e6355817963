// All HTTP/2 pools of the process, swept once a second.
import type { Network } from "../../wire/dial.ts";
import type { PoolTarget } from "../http/pool-contract.ts";
import type { Http2ClientOptions } from "./options.ts";
import { Http2Pool } from "./pool.ts";

/** Opens and sweeps pools. */
export class Http2PoolSet {
  readonly #pools = new Set<Http2Pool>();
  readonly #network: Network;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | undefined;

  /** @param now monotonic clock, ms */
  constructor(network: Network, now: () => number) {
    this.#now = now;
    this.#network = network;
  }

  /** Connections open to backends now. */
  get open(): number {
    let open = 0;
    for (const pool of this.#pools) open += pool.open;
    return open;
  }

  add(target: PoolTarget, options: Http2ClientOptions): Http2Pool {
    const pool = new Http2Pool(target, options, this.#network, this.#now);
    this.#pools.add(pool);
    this.#timer ??= setInterval(() => this.#tick(), 1000).unref();
    return pool;
  }

  /** Closes a pool once its calls are over. */
  remove(pool: Http2Pool): void {
    this.#pools.delete(pool);
    pool.close();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const pool of [...this.#pools]) this.remove(pool);
  }

  #tick(): void {
    const now = this.#now();
    for (const pool of this.#pools) pool.tick(now);
  }
}
