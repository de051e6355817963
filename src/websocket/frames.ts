// Parses the frame headers of one direction (RFC 6455 §5.2); payloads are forwarded unread.

const CLOSE = 8;
const CONTROL_BIT = 8;
const NOTHING = Buffer.alloc(0);

/** What has passed in one direction, and whether a frame of ours could be put in now. */
export class FrameTracker {
  /** Data messages begun and ended. */
  messages = 0;
  /** A close frame has passed. */
  closed = false;
  /** Status code of that close frame; 1005 when it had none; 0 before. */
  closeCode = 0;
  /** The bytes are no frames: nothing can be said about them any more. */
  lost = false;
  /** Payload of the frame under way still to come, bytes. */
  left = 0;
  /** Header bytes of a frame whose header is not complete. */
  #partial = NOTHING;
  /** First payload bytes and mask of a close frame under way. */
  #code: number[] | null = null;
  #mask = 0;

  /** Whether the direction stands between two frames. */
  get between(): boolean {
    return !this.lost && this.left === 0 && this.#partial.length === 0;
  }

  /** Looks over the next bytes of the direction. */
  feed(chunk: Buffer): void {
    let pos = 0;
    let bytes = chunk;
    while (pos < bytes.length && !this.lost) {
      if (this.left > 0) {
        const end = Math.min(bytes.length, pos + this.left);
        if (this.#code !== null) this.#readCode(bytes, pos, end);
        this.left -= end - pos;
        pos = end;
        continue;
      }
      if (this.#partial.length > 0) {
        bytes = Buffer.concat([this.#partial, bytes.subarray(pos)]);
        pos = 0;
        this.#partial = NOTHING;
      }
      const next = this.#header(bytes, pos);
      if (next === -1) {
        this.#partial = Buffer.from(bytes.subarray(pos));
        return;
      }
      pos = next;
    }
  }

  /** @returns where the payload begins, or -1 when the header is not complete */
  #header(bytes: Buffer, at: number): number {
    if (bytes.length - at < 2) return -1;
    const first = bytes[at]!;
    const second = bytes[at + 1]!;
    const masked = second >= 0x80;
    const short = second & 0x7f;
    const size = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0) + (masked ? 4 : 0);
    if (bytes.length - at < size) return -1;
    let length = short;
    if (short === 126) length = bytes.readUInt16BE(at + 2);
    else if (short === 127) {
      const high = bytes.readUInt32BE(at + 2);
      length = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 6);
      if (high > 0x1f_ffff) this.lost = true; // above 2^53 bytes: no number holds it, and no sender means it
    }
    const opcode = first & 0x0f;
    if (opcode === CLOSE) this.#close(length, masked ? bytes.readUInt32BE(at + size - 4) : 0);
    else if (first >= 0x80 && opcode < CONTROL_BIT) this.messages++;
    this.left = length;
    return at + size;
  }

  #close(length: number, mask: number): void {
    this.closed = true;
    this.closeCode = 1005; // RFC 6455 §7.1.5: no status code present
    this.#mask = mask;
    this.#code = length >= 2 ? [] : null;
  }

  #readCode(bytes: Buffer, from: number, to: number): void {
    const code = this.#code!;
    for (let i = from; i < to && code.length < 2; i++) {
      code.push(bytes[i]! ^ ((this.#mask >>> (24 - 8 * code.length)) & 0xff));
    }
    if (code.length < 2) return;
    this.closeCode = code[0]! * 256 + code[1]!;
    this.#code = null;
  }
}

/** An empty ping to a client. */
export const PING = Buffer.from([0x89, 0x00]);
/** An empty ping to a backend: masked, as everything from a client must be; nothing is there for the key to hide. */
export const MASKED_PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

/**
 * A close frame.
 * @param masked towards a backend; with the key zero, since the content is ours and public
 */
export function closeFrame(code: number, reason: string, masked: boolean): Buffer {
  const text = Buffer.from(reason).subarray(0, 123);
  const head = masked ? [0x88, 0x80 | (2 + text.length), 0, 0, 0, 0] : [0x88, 2 + text.length];
  return Buffer.concat([Buffer.from([...head, code >> 8, code & 0xff]), text]);
}
