// Length-prefixed gRPC messages (PROTOCOL-HTTP2, "Length-Prefixed-Message"): one byte of flags, four of length, the message.

/** Bytes before every message. */
export const PREFIX_BYTES = 5;
/** First room made for a message that arrives in pieces, bytes: what is announced is not believed before it comes. */
const FIRST_ROOM = 16 * 1024;

/** One frame around `message`. */
export function frame(message: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  out[0] = 0;
  out.writeUInt32BE(message.length, 1);
  out.set(message, PREFIX_BYTES);
  return out;
}

/** The stream of frames is not one, or a message is larger than allowed. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Cuts a stream of bytes into messages. */
export class FrameReader {
  readonly #maxBytes: number;
  readonly #prefix = Buffer.alloc(PREFIX_BYTES);
  #prefixed = 0;
  /** Announced length of the message under way. */
  #length = 0;
  #room: Buffer | null = null;
  #filled = 0;

  /** @param maxBytes largest message */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether the last byte was the last of a message. */
  get whole(): boolean {
    return this.#prefixed === 0;
  }

  /**
   * Takes bytes and hands every complete message to `to`, as a view that is valid during the call only.
   * @throws {FrameError} for a compressed or too large message
   */
  push(chunk: Buffer, to: (message: Buffer) => void): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#prefixed < PREFIX_BYTES) {
        const take = Math.min(PREFIX_BYTES - this.#prefixed, chunk.length - at);
        chunk.copy(this.#prefix, this.#prefixed, at, at + take);
        this.#prefixed += take;
        at += take;
        if (this.#prefixed < PREFIX_BYTES) return;
        this.#begin();
      }
      const missing = this.#length - this.#filled;
      if (this.#filled === 0 && chunk.length - at >= missing) {
        this.#prefixed = 0;
        to(chunk.subarray(at, at + missing));
        at += missing;
        continue;
      }
      const take = Math.min(missing, chunk.length - at);
      this.#keep(chunk, at, take);
      at += take;
      if (this.#filled === this.#length) {
        const message = this.#room!.subarray(0, this.#length);
        this.#prefixed = 0;
        this.#room = null;
        this.#filled = 0;
        to(message);
      }
    }
    if (this.#prefixed === PREFIX_BYTES && this.#length === 0) {
      this.#prefixed = 0;
      to(chunk.subarray(0, 0));
    }
  }

  #begin(): void {
    if (this.#prefix[0] !== 0) throw new FrameError("compressed message, and no compression was offered");
    this.#length = this.#prefix.readUInt32BE(1);
    if (this.#length > this.#maxBytes) {
      throw new FrameError(`message of ${this.#length} bytes, ${this.#maxBytes} allowed`);
    }
  }

  #keep(chunk: Buffer, from: number, bytes: number): void {
    const need = this.#filled + bytes;
    if (this.#room === null || this.#room.length < need) {
      const room = Buffer.allocUnsafe(Math.min(this.#length, Math.max(FIRST_ROOM, need * 2)));
      this.#room?.copy(room, 0, 0, this.#filled);
      this.#room = room;
    }
    chunk.copy(this.#room, this.#filled, from, from + bytes);
    this.#filled = need;
  }
}
