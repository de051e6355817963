// A WebSocket whose messages are read: sizes and text are checked, and each side may compress by itself.
import type { OpenStream } from "../core/streams.ts";
import type { Compression, CompressionSettings } from "./compression.ts";
import { Liveness, type LivenessHandler } from "./liveness.ts";
import {
  GOING_AWAY,
  INTERNAL_ERROR,
  NORMAL,
  SERVICE_LOST,
  SERVICE_RESTART,
  type Session,
  type SessionParts,
} from "./session.ts";
import { Side, type SideHandler } from "./side.ts";

/** Settings of connections whose messages are read. */
export interface RelaySettings extends CompressionSettings {
  /** `Sec-WebSocket-Extensions` of the handshake to the backend; "" offers none. */
  readonly offer: string;
}

const EMPTY = Buffer.alloc(0);

/** An open connection, message by message. Over when the client's socket is closed. */
export class Relay implements Session, OpenStream, LivenessHandler, SideHandler {
  readonly #parts: SessionParts;
  readonly #liveness: Liveness;
  readonly #client: Side;
  readonly #backend: Side;
  #closing = false;
  #deadline = 0;
  #over = false;

  get kind(): "websocket" {
    return "websocket";
  }

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
    this.#over = this.#closing = true;
    const { streams, settings, client } = this.#parts;
    streams.remove(this);
    if (!this.#backend.gone) {
      this.#backend.sendClose(GOING_AWAY, "");
      this.#backend.endWithin(settings.backendGraceMs);
    }
    client.destroy();
    this.#client.cleanup();
    if (this.#backend.gone) this.#backend.cleanup();
  }

  leave(): void {
    this.close(SERVICE_RESTART, "service restart");
  }

  close(code: number, reason: string, toBackend: number = GOING_AWAY): void {
    if (this.#over) return;
    this.#begin(code);
    this.#client.sendClose(code, reason);
    this.#backend.sendClose(toBackend, "");
    if (this.#client.concluded) this.#client.finish();
  }

  tick(now: number): void {
    const { settings, client, ctx, counts } = this.#parts;
    if (this.#closing && now >= this.#deadline) {
      // A client that has closed is answered, even if its backend stays silent.
      if (this.#client.concluded) this.#client.sendClose(counts.closeCode, "");
      return client.destroy();
    }
    const { clientStallMs, backendStallMs } = settings;
    if (this.#client.stalled(now, clientStallMs) || this.#backend.stalled(now, backendStallMs)) {
      ctx.detail = "write stalled";
      return client.destroy();
    }
    this.#liveness.tick(now);
  }

  ping(side: "client" | "backend"): boolean {
    if (this.#closing) return false;
    if (side === "client") this.#client.sender.ping(EMPTY, false);
    else this.#backend.sender.ping(EMPTY, true);
    return true;
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
    // A side that has closed still takes what the other says before its own close (RFC 6455 §5.5.1).
    if (!this.#other(from).sendMessage(data, isBinary)) return;
    this.#liveness.messageAt = streams.now;
    if (from.isClient) counts.received++;
    else counts.sent++;
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
    if (side.isClient) this.#client.finish();
    else if (this.#client.concluded) this.#client.finish();
  }

  /** A side broke the protocol or a bound: both are told the same. */
  broken(side: Side, code: number, detail: string): void {
    this.#parts.ctx.detail = `${side.isClient ? "client" : "backend"}: ${detail}`;
    // What is too large is so for both; a breach of the protocol concerns the other side only as an end.
    this.close(code, "", code === 1009 ? code : GOING_AWAY);
    this.#client.finish();
  }

  ended(side: Side): void {
    if (side.isClient) this.#client.finish();
    else this.#lost();
  }

  closed(side: Side): void {
    if (side.isClient) this.abort();
    else if (this.#over) side.cleanup();
    else this.#lost();
  }

  /** The backend says nothing more: a client that was not told why is told now. */
  #lost(): void {
    if (!this.#backend.concluded) this.close(INTERNAL_ERROR, SERVICE_LOST);
    this.#client.finish();
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
