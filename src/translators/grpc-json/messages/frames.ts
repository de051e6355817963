// Length-prefixed gRPC messages (PROTOCOL-HTTP2, "Length-Prefixed-Message"): one byte of flags, four of length, the message.
import { Gathered } from "../../../wire/gathered.ts";

/** Bytes before every message. */
const PREFIX_BYTES = 5;

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
  /** What came of it: no room is made for what is only announced. */
  readonly #message = new Gathered();

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
      const missing = this.#length - this.#message.length;
      if (this.#message.length === 0 && chunk.length - at >= missing) {
        this.#prefixed = 0;
        to(chunk.subarray(at, at + missing));
        at += missing;
        continue;
      }
      const take = Math.min(missing, chunk.length - at);
      this.#message.add(chunk.subarray(at, at + take));
      at += take;
      if (this.#message.length === this.#length) {
        this.#prefixed = 0;
        to(this.#message.take());
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
}
