// Incremental HTTP/1.1 response parser over borrowed read buffers: the strict half of the upstream client.
import { ChunkedDecoder } from "./chunked.ts";
import { dropFields, type Fields } from "./fields.ts";
import { endOfHead } from "./head-end.ts";
import { ProtocolError, parseResponseHead, type ResponseHead } from "./response-head.ts";

const CRLF_CRLF = Buffer.from("\r\n\r\n");
/** Largest response head accepted, bytes. */
export const MAX_HEAD_BYTES = 64 * 1024;
/** Most interim (1xx) responses before the final one. */
const MAX_INTERIM = 32;

const CONTENT_LENGTH: ReadonlySet<string> = new Set(["content-length"]);

const HEAD = 0;
const FIXED = 1;
const CHUNKED = 2;
const UNTIL_CLOSE = 3;
const DONE = 4;

/** Receives what {@link ResponseParser.execute} finds, in wire order. */
export interface ResponseHandler {
  /** An interim response (1xx other than 101). */
  onInterim(status: number, fields: Fields): void;
  /** 101 to a request that asked for it. What follows is another protocol, and is reported as data without an end. */
  onSwitch(fields: Fields): void;
  /** @param length bytes of body to come; 0 none; -1 not known */
  onHead(head: ResponseHead, length: number): void;
  /** Payload `source[start, end)`, valid only during the call. `last`: a fixed-length body is complete with it. */
  onData(source: Buffer, start: number, end: number, last: boolean): void;
  /** The message is complete. Not called after an `onData` that was `last`. */
  onComplete(trailers: Fields): void;
}

/** Parser of the responses on one connection; {@link begin} before each. */
export class ResponseParser {
  #state = DONE;
  #toHead = false;
  #maySwitch = false;
  #remaining = 0;
  /** The part of a head that has come, when one read did not hold all of it. */
  #partial: Buffer | null = null;
  #partialLength = 0;
  #interim = 0;
  #chunks: ChunkedDecoder | null = null;
  readonly #handler: ResponseHandler;

  constructor(handler: ResponseHandler) {
    this.#handler = handler;
  }

  /** Whether no response is being read: bytes that arrive now belong to no request. */
  get done(): boolean {
    return this.#state === DONE;
  }

  /** Bytes of a fixed-length body still to come; 0 in any other state. */
  get remaining(): number {
    return this.#state === FIXED ? this.#remaining : 0;
  }

  /**
   * @param toHead the request is HEAD, so its response has no body whatever its fields say
   * @param maySwitch the request asks for another protocol
   */
  begin(toHead: boolean, maySwitch = false): void {
    this.#state = HEAD;
    this.#maySwitch = maySwitch;
    this.#toHead = toHead;
    this.#interim = 0;
    this.#partial = null;
  }

  /**
   * Reads `bytes[0, length)`.
   * @returns false when bytes follow the end of the message: the connection must not be used again
   * @throws ProtocolError
   */
  execute(bytes: Buffer, length: number): boolean {
    let pos = 0;
    let buffer = bytes;
    let end = length;
    while (pos < end) {
      switch (this.#state) {
        case HEAD: {
          let seen = pos;
          if (this.#partial !== null) {
            seen = this.#partialLength;
            buffer = this.#joined(buffer, pos, end);
            end = this.#partialLength;
            pos = 0;
          }
          const next = this.#readHead(buffer, pos, end, seen);
          if (next === -1) return true;
          this.#partial = null;
          pos = next;
          break;
        }
        case FIXED: {
          const take = Math.min(this.#remaining, end - pos);
          this.#remaining -= take;
          if (this.#remaining === 0) this.#state = DONE;
          this.#handler.onData(buffer, pos, pos + take, this.#remaining === 0);
          pos += take;
          break;
        }
        case CHUNKED: {
          const chunks = this.#chunks!;
          pos = chunks.next(buffer, pos, end);
          if (chunks.dataEnd > chunks.dataStart) this.#handler.onData(buffer, chunks.dataStart, chunks.dataEnd, false);
          if (chunks.done) {
            this.#state = DONE;
            this.#chunks = null;
            this.#handler.onComplete(chunks.trailers);
          }
          break;
        }
        case UNTIL_CLOSE:
          this.#handler.onData(buffer, pos, end, false);
          pos = end;
          break;
        default:
          return false;
      }
    }
    return true;
  }

  /**
   * The peer sent its last byte.
   * @returns true when that completes a body delimited by the end of the connection, or nothing was being read
   */
  finish(): boolean {
    if (this.#state === UNTIL_CLOSE) {
      this.#state = DONE;
      this.#handler.onComplete([]);
      return true;
    }
    return this.#state === DONE;
  }

  /** @param seen where the bytes begin that were not looked at before */
  #readHead(buffer: Buffer, from: number, end: number, seen: number): number {
    let to = buffer.indexOf(CRLF_CRLF, Math.max(from, seen - 3)) + 4;
    if (to === 3 || to > end || to - from > MAX_HEAD_BYTES) {
      // Lines may end with LF alone; and what can never become a head is refused without waiting for its end.
      to = endOfHead(buffer, from, end, seen);
      if ((to === -1 ? end : to) - from > MAX_HEAD_BYTES) throw new ProtocolError("response head too large");
      if (to === -1) return this.#keep(buffer, from, end);
    }
    const head = parseResponseHead(buffer.toString("latin1", from, to));
    if (head.status < 200) this.#interimHead(head);
    else this.#finalHead(head);
    return from + head.size;
  }

  /** Keeps the beginning of a head until more of it comes. */
  #keep(buffer: Buffer, from: number, end: number): -1 {
    if (buffer === this.#partial) return -1;
    this.#partialLength = end - from;
    this.#partial = Buffer.allocUnsafe(2 * this.#partialLength);
    buffer.copy(this.#partial, 0, from, end);
    return -1;
  }

  /** The head kept so far with `bytes[from, end)` behind it. Grows by doubling: pieces are copied a bounded number of times. */
  #joined(bytes: Buffer, from: number, end: number): Buffer {
    const length = this.#partialLength + end - from;
    let all = this.#partial!;
    if (length > all.length) {
      all = Buffer.allocUnsafe(2 * length);
      this.#partial!.copy(all, 0, 0, this.#partialLength);
    }
    bytes.copy(all, this.#partialLength, from, end);
    this.#partial = all;
    this.#partialLength = length;
    return all;
  }

  #interimHead(head: ResponseHead): void {
    if (head.status === 101) return this.#switch(head);
    // HTTP/1.0 has no interim responses, and nothing may follow on a connection that ends.
    if (!head.keepAlive) throw new ProtocolError("interim response that ends the connection");
    if (++this.#interim > MAX_INTERIM) throw new ProtocolError("too many interim responses");
    this.#handler.onInterim(head.status, head.fields);
  }

  #switch(head: ResponseHead): void {
    if (!this.#maySwitch) throw new ProtocolError("101 that was not asked for");
    if (head.upgrade !== "websocket") throw new ProtocolError("101 to another protocol");
    this.#state = UNTIL_CLOSE;
    this.#handler.onSwitch(head.fields);
  }

  #finalHead(head: ResponseHead): void {
    if (this.#toHead || head.status === 204 || head.status === 304) {
      this.#state = DONE;
      // RFC 9110 §8.6: 204 has no Content-Length, and old clients would wait for what it announces.
      if (head.status === 204 && head.contentLength !== -1) dropFields(head.fields, CONTENT_LENGTH);
      this.#handler.onHead(head, 0);
      this.#handler.onComplete([]);
    } else if (head.chunked) {
      this.#state = CHUNKED;
      this.#chunks = new ChunkedDecoder();
      this.#handler.onHead(head, -1);
    } else if (head.contentLength === -1) {
      this.#state = UNTIL_CLOSE;
      head.keepAlive = false;
      this.#handler.onHead(head, -1);
    } else if (head.contentLength === 0) {
      this.#state = DONE;
      this.#handler.onHead(head, 0);
      this.#handler.onComplete([]);
    } else {
      this.#state = FIXED;
      this.#remaining = head.contentLength;
      this.#handler.onHead(head, head.contentLength);
    }
  }
}
