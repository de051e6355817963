// All HTTP/1.1 pools of the process: one scratch buffer, one sweep a second.
import { BufferPool } from "../../wire/buffers.ts";
import type { Network } from "../../wire/dial.ts";
import type { HttpClientOptions } from "./options.ts";
import { Pool } from "./pool.ts";
import type { PoolShared, PoolTarget } from "./pool-contract.ts";

/**
 * Read buffer shared by all connections: a read is parsed before the next one happens. Small, because what a bulk body
 * leaves in it has to be copied.
 */
const SCRATCH_BYTES = 16 * 1024;

/** Opens and sweeps pools. */
export class PoolSet {
  readonly #pools = new Set<Pool>();
  readonly #shared: PoolShared;
  readonly #timer: NodeJS.Timeout;
  /** Idle connections over all pools; set from the newest configuration. */
  maxIdle = 100;

  /** @param now monotonic clock, ms */
  constructor(network: Network, now: () => number) {
    this.#shared = {
      network,
      buffers: new BufferPool(),
      scratch: Buffer.allocUnsafeSlow(SCRATCH_BYTES),
      now,
    };
    this.#timer = setInterval(() => this.#sweep(), 1000).unref();
  }

  /** Connections open to backends now. */
  get open(): number {
    let open = 0;
    for (const pool of this.#pools) open += pool.open;
    return open;
  }

  add(target: PoolTarget, options: HttpClientOptions): Pool {
    const pool = new Pool(target, options, this.#shared);
    this.#pools.add(pool);
    return pool;
  }

  /** Closes a pool: idle connections at once, busy ones when they are done. */
  remove(pool: Pool): void {
    this.#pools.delete(pool);
    pool.close();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const pool of [...this.#pools]) this.remove(pool);
  }

  /** Closes a connection that is idle. @returns whether there was one */
  spare(): boolean {
    for (const pool of this.#pools) {
      if (pool.idle === 0) continue;
      pool.shed(1);
      return true;
    }
    return false;
  }

  #sweep(): void {
    let idle = 0;
    for (const pool of this.#pools) {
      pool.sweep();
      idle += pool.idle;
    }
    let surplus = idle - this.maxIdle;
    for (const pool of this.#pools) {
      if (surplus <= 0) return;
      const count = Math.min(surplus, Math.ceil((pool.idle * surplus) / Math.max(1, idle)));
      pool.shed(count);
      surplus -= count;
    }
  }
}
