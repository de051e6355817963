// A WebSocket whose messages are read: sizes and text are checked, and each side may compress by itself.
import type { Wire, WireReader } from "../core/edges.ts";
import type { OpenStream } from "../core/streams.ts";
import type { Compression, CompressionSettings } from "./compression.ts";
import { Liveness, type LivenessOwner } from "./liveness.ts";
import { GOING_AWAY, INTERNAL_ERROR, NORMAL, SERVICE_RESTART, type Session, type SessionParts } from "./session.ts";
import { type FrameReceiver, type FrameSender, PerMessageDeflate, Receiver, Sender } from "./ws-parts.ts";

/** Settings of connections whose messages are read. */
export interface RelaySettings extends CompressionSettings {
  /** Line of the handshake that offers extensions to the backend, or "". */
  readonly offerLine: string;
}

/** Bytes that may wait for one side, also inside its compressor, before the other is paused. */
const MAX_WAITING = 256 * 1024;
const EMPTY = Buffer.alloc(0);

/** An open connection, message by message. Over when the client's socket is closed. */
export class Relay implements Session, OpenStream, LivenessOwner {
  readonly #parts: SessionParts;
  readonly #liveness: Liveness;
  readonly #client: Side;
  readonly #backend: Side;
  #closing = false;
  #deadline = 0;
  #over = false;

  constructor(parts: SessionParts, settings: RelaySettings, compression: Compression) {
    const { client, backend, streams } = parts;
    this.#parts = parts;
    this.#liveness = new Liveness(parts.settings.times, this, streams.now);
    this.#client = new Side(this, client, true, compression.client, settings.maxFromClient);
    this.#backend = new Side(this, backend, false, compression.backend, settings.maxFromBackend);
    streams.add(this);
    client.open(this.#client);
    backend.open(this.#backend);
  }

  resume(): void {} // each side pauses and resumes by itself

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    const { streams, settings, client } = this.#parts;
    streams.remove(this);
    if (!this.#backend.gone) {
      this.#backend.sendClose(GOING_AWAY, "");
      this.#backend.endWithin(settings.closeGraceMs);
    }
    client.destroy();
    this.#client.cleanup();
    this.#backend.cleanup();
  }

  leave(): void {
    this.close(SERVICE_RESTART, "service restart");
  }

  close(code: number, reason: string, toBackend: number = GOING_AWAY): void {
    if (this.#over) return;
    this.#begin(code);
    this.#client.sendClose(code, reason);
    this.#backend.sendClose(toBackend, "");
    if (this.#client.concluded) this.#parts.client.end();
  }

  tick(now: number): void {
    const { settings, client, ctx } = this.#parts;
    if (this.#closing && now >= this.#deadline) return client.destroy();
    if (this.#client.stalled(now, settings.stallMs) || this.#backend.stalled(now, settings.stallMs)) {
      ctx.detail = "write stalled";
      return client.destroy();
    }
    this.#liveness.tick(now);
  }

  ping(side: "client" | "backend"): void {
    if (this.#closing) return;
    if (side === "client") this.#client.sender.ping(EMPTY, false);
    else this.#backend.sender.ping(EMPTY, true);
  }

  lapsed(who: "client" | "backend" | "idle"): void {
    this.#parts.ctx.detail = who === "idle" ? "idle for too long" : `${who} is silent`;
    if (who === "client") this.#parts.client.destroy();
    else this.close(who === "idle" ? NORMAL : INTERNAL_ERROR, who === "idle" ? "idle" : "service silent");
  }

  heard(side: Side, bytes: number): void {
    const { ctx, streams } = this.#parts;
    if (side.isClient) {
      ctx.bytesIn += bytes;
      this.#liveness.clientAt = streams.now;
    } else {
      ctx.bytesOut += bytes;
      this.#liveness.backendAt = streams.now;
    }
  }

  message(from: Side, data: Buffer, isBinary: boolean): void {
    const { counts, streams } = this.#parts;
    if (this.#closing) return;
    this.#liveness.messageAt = streams.now;
    if (from.isClient) counts.received++;
    else counts.sent++;
    this.#other(from).sendMessage(data, isBinary);
  }

  /** A side has said goodbye: the other hears the same code and reason. */
  concluded(side: Side, code: number, reason: Buffer): void {
    if (!this.#closing) {
      this.#begin(code);
      this.#other(side).sendClose(code, reason);
      return;
    }
    // The answer to a close frame that passed before it, or to one of ours.
    side.sendClose(code, reason);
    this.#other(side).sendClose(code, reason);
    if (side.isClient) this.#parts.client.end();
    else if (this.#client.concluded) this.#parts.client.end();
  }

  /** A side broke the protocol or a bound: both are told the same. */
  broken(side: Side, code: number, detail: string): void {
    this.#parts.ctx.detail = `${side.isClient ? "client" : "backend"}: ${detail}`;
    // What is too large is so for both; a breach of the protocol concerns the other side only as an end.
    this.close(code, "", code === 1009 ? code : GOING_AWAY);
    this.#parts.client.end();
  }

  ended(side: Side): void {
    if (side.isClient) return this.#parts.client.end();
    if (!this.#closing) this.close(NORMAL, "");
    this.#parts.client.end();
  }

  closed(side: Side): void {
    if (side.isClient) return this.abort();
    if (this.#over) return;
    if (!this.#closing) this.close(INTERNAL_ERROR, "service lost");
    this.#parts.client.end();
  }

  drained(side: Side): void {
    this.#other(side).goOn();
  }

  /** Whether the side opposite of `side` takes nothing more for now. */
  otherIsBusy(side: Side): boolean {
    return this.#other(side).busy;
  }

  #begin(code: number): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#parts.counts.closeCode = code;
    this.#deadline = this.#parts.streams.now + this.#parts.settings.closeGraceMs;
  }

  #other(side: Side): Side {
    return side === this.#client ? this.#backend : this.#client;
  }
}

/** One side: bytes in become messages, messages become bytes out. */
class Side implements WireReader {
  readonly isClient: boolean;
  readonly sender: FrameSender;
  readonly #relay: Relay;
  readonly #wire: Wire;
  readonly #receiver: FrameReceiver;
  readonly #deflate: { cleanup(): void } | undefined;
  readonly #compress: boolean;
  /** Bytes of messages handed to the sender and not yet written. */
  #waiting = 0;
  #full = false;
  #fullSince = 0;
  /** This side was told to stop reading because the other is full. */
  #paused = false;
  #closeSent = false;
  #failed = false;
  concluded = false;
  gone = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(relay: Relay, wire: Wire, isClient: boolean, extensions: Compression["client"], maxPayload: number) {
    this.#relay = relay;
    this.#wire = wire;
    this.isClient = isClient;
    this.#deflate = extensions[PerMessageDeflate.extensionName];
    this.#compress = this.#deflate !== undefined;
    this.sender = new Sender(
      {
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
    const receiver = new Receiver({ isServer: isClient, extensions, maxPayload });
    this.#receiver = receiver;
    receiver.on("message", (data, isBinary) => relay.message(this, data, isBinary));
    receiver.on("ping", (data) => {
      if (!this.#closeSent) this.sender.pong(data, !isClient);
    });
    receiver.on("conclude", (code, reason) => {
      this.concluded = true;
      relay.concluded(this, code, reason);
    });
    receiver.on("error", (error) => {
      this.#failed = true;
      relay.broken(this, closeCodeOf(error), error.message);
    });
    receiver.on("drain", () => this.goOn());
  }

  /** Whether what is meant for this side waits. */
  get busy(): boolean {
    return this.#full || this.#waiting > MAX_WAITING;
  }

  data(chunk: Buffer): boolean {
    this.#relay.heard(this, chunk.length);
    if (this.#failed || this.concluded) return true;
    const more = this.#receiver.write(chunk);
    if (more && !this.#relay.otherIsBusy(this)) return true;
    this.#paused = true;
    return false;
  }

  sendMessage(data: Buffer, isBinary: boolean): void {
    if (this.#closeSent) return;
    this.#waiting += data.length;
    this.sender.send(data, { binary: isBinary, compress: this.#compress, fin: true, mask: !this.isClient }, () => {
      const wasBusy = this.busy;
      this.#waiting -= data.length;
      if (wasBusy && !this.busy) this.#relay.drained(this);
    });
  }

  sendClose(code: number, reason: Buffer | string): void {
    if (this.#closeSent || this.gone) return;
    this.#closeSent = true;
    this.sender.close(code === 1005 || code === 1006 ? undefined : code, reason, !this.isClient);
  }

  /** The other side takes more, or the receiver has caught up. */
  goOn(): void {
    if (!this.#paused || this.#receiver.writableNeedDrain || this.#relay.otherIsBusy(this)) return;
    this.#paused = false;
    this.#wire.resume();
  }

  drained(): void {
    this.#full = false;
    this.#fullSince = 0;
    if (!this.busy) this.#relay.drained(this);
  }

  /** Whether this side has taken nothing for longer than `limitMs`. */
  stalled(now: number, limitMs: number): boolean {
    if (!this.#full || limitMs === 0) return false;
    if (this.#fullSince === 0) this.#fullSince = now;
    return now - this.#fullSince >= limitMs;
  }

  end(): void {
    this.#relay.ended(this);
  }

  closed(): void {
    this.gone = true;
    clearTimeout(this.#timer);
    this.#relay.closed(this);
  }

  endWithin(graceMs: number): void {
    this.#wire.end();
    this.#timer = setTimeout(() => this.#wire.destroy(), graceMs);
    this.#timer.unref();
  }

  /** Gives back what the compressor holds. */
  cleanup(): void {
    this.#receiver.removeAllListeners();
    this.#receiver.on("error", () => undefined);
    this.#deflate?.cleanup();
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
