// Read buffers for bulk bodies: passed to the write and returned when flushed, so that large answers are not copied.

/** Size of one bulk buffer, bytes. One read of a fast local backend fills it. */
export const BULK_BYTES = 128 * 1024;
/** Buffers kept for reuse; more than this are left to the garbage collector. 32 × 128 KiB = 4 MiB at most. */
const KEEP = 32;

/** A bounded free list of equal buffers. */
export class BufferPool {
  readonly #free: Buffer[] = [];

  /** A buffer of {@link BULK_BYTES}; its content is undefined. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BULK_BYTES);
  }

  /** Gives a buffer back. The caller must hold no view of it any longer. */
  give(buffer: Buffer): void {
    if (this.#free.length < KEEP) this.#free.push(buffer);
  }
}
