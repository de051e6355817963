// The buffer for the next read of a connection: the shared one, or a separate one within a large body.
import type { PoolShared } from "./pool-contract.ts";

/** A run of body at least this long is handed over in its read buffer instead of being copied, bytes. */
const HAND_OVER_BYTES = 16 * 1024;

/** The read buffer of one connection. */
export class ReadBuffer {
  readonly #shared: PoolShared;
  #handedOver = false;
  /** Where the next read goes. */
  bytes: Buffer;

  constructor(shared: PoolShared) {
    this.#shared = shared;
    this.bytes = shared.scratch;
  }

  /** A read has come. */
  begin(): void {
    this.#handedOver = false;
  }

  /** @returns gives the buffer back once its receiver is done with it; null: the run is valid only during the call */
  handOver(source: Buffer, length: number): (() => void) | null {
    const { buffers, scratch } = this.#shared;
    const own = source === this.bytes && source !== scratch;
    if (!own || this.#handedOver || length < HAND_OVER_BYTES) return null;
    this.#handedOver = true;
    return () => buffers.give(source);
  }

  /**
   * The read of `length` bytes is parsed. Much of a body is still to come: the next read goes into a bulk buffer of its own,
   * until reads are small again.
   * @param remaining bytes of the body known to come
   */
  next(length: number, remaining: number, complete: boolean): void {
    const { buffers, scratch } = this.#shared;
    const bulk = this.bytes !== scratch;
    const more = remaining >= HAND_OVER_BYTES || length >= (bulk ? HAND_OVER_BYTES : scratch.length);
    const wantsBulk = more && !complete;
    if (bulk && !this.#handedOver) {
      if (wantsBulk) return;
      buffers.give(this.bytes);
    }
    this.bytes = wantsBulk ? buffers.take() : scratch;
  }
}
