// Just enough HTTP/2 for a load generator and its backend: frames are cut and counted, header blocks are never decoded.

const HEAD_BYTES = 9;
const DATA = 0;
const HEADERS = 1;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const END_STREAM = 1;
const ACK = 1;
const END_HEADERS = 4;

const FIRST_WINDOW = 65_535;
/** What we let the other side send: so much that it never waits. */
const WIDE = 2 ** 30;
const NOTHING = Buffer.alloc(0);

export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** One frame. */
export function frame(type: number, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A HEADERS frame of fields that are neither compressed nor remembered (RFC 7541 §6.2.2). */
export function headersFrame(fields: readonly (readonly [string, string])[], ends: boolean): Buffer {
  const block = fields.flatMap(([name, value]) => [
    0,
    name.length,
    ...Buffer.from(name),
    value.length,
    ...Buffer.from(value),
  ]);
  return frame(HEADERS, END_HEADERS | (ends ? END_STREAM : 0), 0, Buffer.from(block));
}

/** A DATA frame with one gRPC message. */
export function messageFrame(message: Buffer, ends: boolean): Buffer {
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  return frame(DATA, ends ? END_STREAM : 0, 0, Buffer.concat([prefix, message]));
}

/** Both sides begin with it: wide windows. */
export function openingFrames(): Buffer {
  const settings = Buffer.from([0, 4, 0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0, 0x10, 0]); // window of a stream, streams at once
  const more = Buffer.alloc(4);
  more.writeUInt32BE(WIDE);
  return Buffer.concat([frame(SETTINGS, 0, 0, settings), frame(WINDOW_UPDATE, 0, 0, more)]);
}

/** Frames that are sent again and again, on another stream each time. */
export class Template {
  readonly #bytes: Buffer;
  readonly #ids: number[] = [];
  /** What counts against the windows. */
  readonly dataBytes: number;

  constructor(frames: readonly Buffer[]) {
    this.#bytes = Buffer.concat(frames);
    let data = 0;
    for (let at = 0; at < this.#bytes.length; at += HEAD_BYTES + this.#bytes.readUIntBE(at, 3)) {
      this.#ids.push(at + 5);
      if (this.#bytes[at + 3] === DATA) data += this.#bytes.readUIntBE(at, 3);
    }
    this.dataBytes = data;
  }

  on(stream: number): Buffer {
    const copy = Buffer.from(this.#bytes);
    for (const at of this.#ids) copy.writeUInt32BE(stream, at);
    return copy;
  }
}

/** What is told about streams. */
export interface FrameHandler {
  /** A stream has been ended by the other side. @param dataBytes of the frame that ended it */
  ended(stream: number): void;
  data(stream: number, bytes: number): void;
  broken(what: string): void;
}

/** One end of a connection: acknowledges, keeps to the other's window, and leaves everything else to its handler. */
export class Frames {
  readonly #handler: FrameHandler;
  readonly #template: Template;
  #pending = NOTHING;
  #window = FIRST_WINDOW;
  #waiting: number[] = [];
  #received = 0;
  #out: Buffer[] = [];

  constructor(handler: FrameHandler, template: Template) {
    this.#handler = handler;
    this.#template = template;
  }

  /** Sends the template on a stream with the next {@link flush}, or when the window admits it. */
  send(stream: number): void {
    if (this.#window < this.#template.dataBytes) {
      this.#waiting.push(stream);
      return;
    }
    this.#window -= this.#template.dataBytes;
    this.#out.push(this.#template.on(stream));
  }

  /** What is to be written now; empty when there is nothing. */
  flush(): Buffer {
    const out = this.#out.length === 1 ? this.#out[0]! : Buffer.concat(this.#out);
    this.#out = [];
    return out;
  }

  /** Takes one read; the bytes may change afterwards. */
  take(read: Buffer): void {
    const bytes = this.#pending.length === 0 ? read : Buffer.concat([this.#pending, read]);
    let pos = 0;
    while (bytes.length - pos >= HEAD_BYTES) {
      const length = bytes.readUIntBE(pos, 3);
      if (bytes.length - pos < HEAD_BYTES + length) break;
      this.#frame(bytes, pos, length);
      pos += HEAD_BYTES + length;
    }
    this.#pending = pos === bytes.length ? NOTHING : Buffer.from(bytes.subarray(pos));
  }

  #frame(bytes: Buffer, at: number, length: number): void {
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const stream = bytes.readUInt32BE(at + 5);
    const payload = at + HEAD_BYTES;
    if (type === DATA) this.#data(stream, length);
    if (type === DATA || type === HEADERS) {
      if ((flags & END_STREAM) !== 0) this.#handler.ended(stream);
    } else if (type === SETTINGS) {
      if ((flags & ACK) === 0) this.#out.push(frame(SETTINGS, ACK, 0, NOTHING));
    } else if (type === PING) {
      if ((flags & ACK) === 0) this.#out.push(frame(PING, ACK, 0, Buffer.from(bytes.subarray(payload, payload + 8))));
    } else if (type === WINDOW_UPDATE) {
      if (stream === 0) this.#widen(bytes.readUInt32BE(payload));
    } else if (type === RST_STREAM) {
      const code = bytes.readUInt32BE(payload);
      if (code !== 0) this.#handler.broken(`stream ${stream} was reset with code ${code}`);
    } else if (type === GOAWAY || type === PUSH_PROMISE) this.#handler.broken(`a frame of type ${type} came`);
  }

  #data(stream: number, length: number): void {
    this.#handler.data(stream, length);
    this.#received += length;
    if (this.#received < WIDE / 2) return;
    const more = Buffer.alloc(4);
    more.writeUInt32BE(this.#received);
    this.#received = 0;
    this.#out.push(frame(WINDOW_UPDATE, 0, 0, more));
  }

  #widen(by: number): void {
    this.#window += by;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) this.send(stream);
  }
}
