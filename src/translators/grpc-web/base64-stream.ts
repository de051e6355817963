// Base64 in pieces: gRPC-Web text bodies are cut at any character and may be padded in the middle (PROTOCOL-WEB).

const EMPTY = Buffer.alloc(0);
const PADDING = 64;
const NONE = 255;
/** What a byte stands for (RFC 4648 §4). */
const VALUES = new Uint8Array(256).fill(NONE);
for (const [value, char] of [
  ...Buffer.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="),
].entries()) {
  VALUES[char] = value;
}

/** Decodes a stream of base64 text, possibly several padded texts behind each other. */
export class Base64Decoder {
  /** The group under way: its characters so far, how many they are, and how many of them are padding. */
  #bits = 0;
  #count = 0;
  #pads = 0;

  /** Whether the text seen so far is complete. */
  get whole(): boolean {
    return this.#count === 0;
  }

  /** Decodes what can be decoded. @returns null when there is something else than base64 */
  push(chunk: Buffer): Buffer | null {
    const room = ((this.#count + chunk.length) >> 2) * 3;
    const out = room === 0 ? EMPTY : Buffer.allocUnsafe(room);
    let length = 0;
    for (let i = 0; i < chunk.length; i++) {
      const value = VALUES[chunk[i]!]!;
      if (value === PADDING) {
        if (this.#count < 2) return null;
        this.#pads++;
      } else if (value === NONE || this.#pads > 0) return null;
      this.#bits = (this.#bits << 6) | (value & 63);
      if (++this.#count < 4) continue;
      out[length++] = this.#bits >> 16;
      if (this.#pads < 2) out[length++] = this.#bits >> 8;
      if (this.#pads < 1) out[length++] = this.#bits;
      this.#bits = this.#count = this.#pads = 0;
    }
    return length === out.length ? out : out.subarray(0, length);
  }
}
