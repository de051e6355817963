// Joins small chunks of frame payloads, so that collecting a message needs few buffers.
import { Gathered } from "../wire/gathered.ts";
import { FrameTracker } from "./frames.ts";

/** Pieces of this size or more are passed on at once, bytes. */
const ENOUGH = 16 * 1024;

/** Joins pieces within one payload. Headers and the ends of frames are passed on at once. */
export class PayloadPieces {
  readonly #frames = new FrameTracker();
  readonly #held = new Gathered();

  /** Takes one owned chunk. @returns what may be read now; null while its frame goes on and there is little of it */
  push(chunk: Buffer): Buffer | null {
    const goesOn = this.#frames.left > chunk.length;
    this.#frames.feed(chunk);
    if (goesOn && this.#held.length + chunk.length < ENOUGH) {
      this.#held.add(chunk, true);
      return null;
    }
    if (this.#held.length === 0) return chunk;
    this.#held.add(chunk);
    return this.#held.take();
  }
}
