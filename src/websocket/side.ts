// One side of a WebSocket in messages mode: decodes received bytes to messages, and encodes messages to send.
import type { UpgradedSocket, UpgradedSocketHandler } from "../core/edges.ts";
import { PayloadPieces } from "./pieces.ts";
import type { Extensions, FrameReceiver, FrameSender } from "./ws-parts.ts";
import { framing } from "./ws-parts.ts";

/** Bytes that may wait for one side, also inside its compressor, before the other is paused. */
const MAX_WAITING = 256 * 1024;

/** Bytes of a side that compresses looked at in one go: they may stand for a thousand times as many. */
const SLICE = 1024;
/** Fragments one message may have: each costs far more memory than its bytes. */
const MAX_FRAGMENTS = 16 * 1024;

/** What a side reports. */
export interface SideHandler {
  heard(side: Side, bytes: number): void;
  message(from: Side, data: Buffer, isBinary: boolean): void;
  /** It has sent a close frame. */
  concluded(side: Side, code: number, reason: Buffer): void;
  /** It broke the protocol or a bound. @param code what to close with */
  broken(side: Side, code: number, detail: string): void;
  ended(side: Side): void;
  closed(side: Side): void;
  /** It takes more. */
  drained(side: Side): void;
  /** Whether the side opposite takes nothing more for now. */
  otherIsBusy(side: Side): boolean;
}

/** One side: bytes in become messages, messages become bytes out. */
export class Side implements UpgradedSocketHandler {
  readonly isClient: boolean;
  readonly sender: FrameSender;
  readonly #handler: SideHandler;
  readonly #wire: UpgradedSocket;
  readonly #receiver: FrameReceiver;
  readonly #deflate: { cleanup(): void } | undefined;
  readonly #compress: boolean;
  /** Bytes of messages handed to the sender and not yet written. */
  #waiting = 0;
  #full = false;
  #fullSince = 0;
  /** The last ping that came while nothing could be written. */
  #unanswered: Buffer | null = null;
  /** This side was told to stop reading because the other is full. */
  #paused = false;
  readonly #pieces = new PayloadPieces();
  /** Read and not yet given to the receiver. */
  #unread: Buffer | null = null;
  #closeSent = false;
  /** The close frame has left, behind everything that was still being compressed. */
  #closeWritten = false;
  #ending = false;
  #failed = false;
  /** Nothing is read or written any more. */
  #over = false;
  concluded = false;
  gone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    handler: SideHandler,
    wire: UpgradedSocket,
    isClient: boolean,
    extensions: Extensions,
    maxPayload: number,
  ) {
    this.#handler = handler;
    this.#wire = wire;
    this.isClient = isClient;
    const { PerMessageDeflate, Receiver, Sender } = framing();
    this.#deflate = extensions[PerMessageDeflate.extensionName];
    this.#compress = this.#deflate !== undefined;
    const isOver = () => this.#over;
    this.sender = new Sender(
      {
        get destroyed() {
          return isOver();
        },
        cork: () => wire.cork(),
        uncork: () => wire.uncork(),
        write: (chunk, done) => {
          if (!wire.write(chunk)) this.#full = true;
          done?.();
          return true;
        },
      },
      extensions,
    );
    const receiver = new Receiver({ isServer: isClient, extensions, maxPayload, maxFragments: MAX_FRAGMENTS });
    this.#receiver = receiver;
    receiver.on("message", (data, isBinary) => handler.message(this, data, isBinary));
    receiver.on("ping", (data) => {
      // RFC 6455 §5.5.3: of many pings only the last need be answered, so pongs do not pile up for a peer that does not read.
      if (this.#full) this.#unanswered = data;
      else if (!this.#closeSent) this.sender.pong(data, !isClient);
    });
    receiver.on("conclude", (code, reason) => {
      this.concluded = true;
      handler.concluded(this, code, reason);
    });
    receiver.on("error", (error) => {
      this.#failed = true;
      wire.resume(); // what still comes is dropped, but its end must be seen
      handler.broken(this, closeCodeOf(error), error.message);
    });
    receiver.on("drain", () => this.goOn());
  }

  /** Whether what is meant for this side waits. */
  get busy(): boolean {
    return this.#full || this.#waiting > MAX_WAITING;
  }

  data(chunk: Buffer): boolean {
    this.#handler.heard(this, chunk.length);
    if (this.#over || this.#failed || this.concluded) return true;
    const bytes = this.#pieces.push(chunk);
    if (bytes === null) return true;
    this.#unread = bytes;
    this.#unpack();
    if (this.#failed || this.#takesMore()) return true;
    this.#paused = true;
    return false;
  }

  #takesMore(): boolean {
    return this.#unread === null && !this.#receiver.writableNeedDrain && !this.#handler.otherIsBusy(this);
  }

  /** Gives the receiver what was read: at once, or slice by slice where the bytes may be compressed. */
  #unpack(): void {
    const receiver = this.#receiver;
    while (this.#unread !== null && !this.#failed && !this.concluded) {
      const bytes = this.#unread;
      if (!this.#compress) {
        this.#unread = null;
        receiver.write(bytes);
        return;
      }
      if (receiver.writableLength > 0 || this.#handler.otherIsBusy(this)) return;
      this.#unread = bytes.length > SLICE ? bytes.subarray(SLICE) : null;
      receiver.write(bytes.subarray(0, SLICE), () => this.goOn());
    }
    this.#unread = null;
  }

  /** @returns false when this side is gone or was sent a close frame, and the message is dropped */
  sendMessage(data: Buffer, isBinary: boolean): boolean {
    if (this.#closeSent || this.gone) return false;
    this.#waiting += data.length;
    this.sender.send(data, { binary: isBinary, compress: this.#compress, fin: true, mask: !this.isClient }, () => {
      const wasBusy = this.busy;
      this.#waiting -= data.length;
      if (wasBusy && !this.busy) this.#handler.drained(this);
    });
    return true;
  }

  sendClose(code: number, reason: Buffer | string): void {
    if (this.#closeSent || this.gone) return;
    this.#closeSent = true;
    this.sender.close(code === 1005 || code === 1006 ? undefined : code, reason, !this.isClient, () => {
      this.#closeWritten = true;
      if (this.#ending) this.#wire.end();
    });
  }

  /** Ends the connection to this side, behind the close frame. */
  finish(): void {
    if (this.#closeSent && !this.#closeWritten) this.#ending = true;
    else this.#wire.end();
  }

  /** The other side takes more, or the receiver has caught up. */
  goOn(): void {
    if (!this.#paused) return;
    this.#unpack();
    if (!this.#takesMore()) return;
    this.#paused = false;
    this.#wire.resume();
  }

  drained(): void {
    this.#full = false;
    this.#fullSince = 0;
    if (this.#unanswered !== null && !this.#closeSent) this.sender.pong(this.#unanswered, !this.isClient);
    this.#unanswered = null;
    if (!this.busy) this.#handler.drained(this);
  }

  /** Whether this side has taken nothing for longer than `limitMs`. */
  stalled(now: number, limitMs: number): boolean {
    if (!this.#full || limitMs === 0) return false;
    if (this.#fullSince === 0) this.#fullSince = now;
    return now - this.#fullSince >= limitMs;
  }

  end(): void {
    this.#afterMessages(() => this.#handler.ended(this));
  }

  closed(): void {
    this.gone = true;
    clearTimeout(this.#timer);
    this.#afterMessages(() => this.#handler.closed(this));
  }

  /** Reports the end of a backend when all it sent has been unpacked; that of a client is acted upon at once. */
  #afterMessages(report: () => void): void {
    if (this.isClient || this.#over || this.#receiver.destroyed) report();
    else this.#receiver.end(report);
  }

  endWithin(graceMs: number): void {
    this.finish();
    this.#timer = setTimeout(() => this.#wire.destroy(), graceMs);
    this.#timer.unref();
  }

  /** Frees the compressor once it has finished its current message: `ws` would fail if it were freed earlier. */
  cleanup(): void {
    if (this.#over) return;
    this.#over = true;
    const receiver = this.#receiver;
    receiver.removeAllListeners();
    receiver.on("error", () => undefined);
    if (receiver.destroyed) return this.#deflate?.cleanup();
    receiver.on("close", () => this.#deflate?.cleanup());
    receiver.end();
  }
}

/** RFC 6455 §7.4.1 for what `ws` found. */
function closeCodeOf(error: NodeJS.ErrnoException): number {
  switch (error.code) {
    case "WS_ERR_UNSUPPORTED_MESSAGE_LENGTH":
    case "WS_ERR_UNSUPPORTED_DATA_PAYLOAD_LENGTH":
      return 1009;
    case "WS_ERR_INVALID_UTF8":
      return 1007;
    case "WS_ERR_TOO_MANY_BUFFERED_PARTS":
      return 1008;
    default:
      return 1002;
  }
}
