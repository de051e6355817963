// A WebSocket in messages mode: sizes and text are checked, and compression is independent on each side.
import type { Compression, CompressionSettings } from "./compression.ts";
import { GOING_AWAY, INTERNAL_ERROR, SERVICE_LOST, Session, type SessionParts } from "./session.ts";
import { Side, type SideHandler } from "./side.ts";

/** Settings of connections whose messages are read. */
export interface RelaySettings extends CompressionSettings {
  /** `Sec-WebSocket-Extensions` of the handshake to the backend; "" offers none. */
  readonly offer: string;
}

const EMPTY = Buffer.alloc(0);

/** An open connection, message by message. */
export class Relay extends Session implements SideHandler {
  readonly #client: Side;
  readonly #backend: Side;
  #over = false;

  constructor(parts: SessionParts, settings: RelaySettings, compression: Compression) {
    super(parts);
    const { client, backend } = parts;
    this.#client = new Side(this, client, true, compression.client, settings.maxFromClient);
    this.#backend = new Side(this, backend, false, compression.backend, settings.maxFromBackend);
    client.open(this.#client);
    backend.open(this.#backend);
  }

  abort(): void {
    if (this.#over) return;
    this.#over = this.closing = true;
    const { streams, settings, client } = this.parts;
    streams.remove(this);
    if (!this.#backend.gone) {
      this.#backend.sendClose(GOING_AWAY, "");
      this.#backend.endWithin(settings.backendGraceMs);
    }
    client.destroy();
    this.#client.cleanup();
    if (this.#backend.gone) this.#backend.cleanup();
  }

  close(code: number, reason: string, toBackend: number = GOING_AWAY): void {
    if (this.#over) return;
    this.#begin(code);
    this.#client.sendClose(code, reason);
    this.#backend.sendClose(toBackend, "");
    if (this.#client.concluded) this.#client.finish();
  }

  /** A client that has closed is answered, even if its backend stays silent. */
  protected override disconnect(): void {
    if (this.#client.concluded) this.#client.sendClose(this.parts.counts.closeCode, "");
    super.disconnect();
  }

  protected stalled(now: number): boolean {
    const { clientStallMs, backendStallMs } = this.parts.settings;
    return this.#client.stalled(now, clientStallMs) || this.#backend.stalled(now, backendStallMs);
  }

  ping(side: "client" | "backend"): boolean {
    if (this.closing) return false;
    if (side === "client") this.#client.sender.ping(EMPTY, false);
    else this.#backend.sender.ping(EMPTY, true);
    return true;
  }

  heard(side: Side, bytes: number): void {
    if (side.isClient) this.heardClient(bytes);
    else this.heardBackend(bytes);
  }

  message(from: Side, data: Buffer, isBinary: boolean): void {
    const { counts, streams } = this.parts;
    // A side that has closed still takes what the other says before its own close (RFC 6455 §5.5.1).
    if (!this.#other(from).sendMessage(data, isBinary)) return;
    this.liveness.messageAt = streams.now;
    if (from.isClient) counts.received++;
    else counts.sent++;
  }

  /** A side has sent a close frame: the other is sent the same code and reason. */
  concluded(side: Side, code: number, reason: Buffer): void {
    if (!this.closing) {
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
    this.parts.ctx.detail = `${side.isClient ? "client" : "backend"}: ${detail}`;
    // Both sides are told of a message that is too large; of a breach of the protocol the other side sees only the end.
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
    if (this.closing) return;
    this.closing = true;
    this.parts.counts.closeCode = code;
    this.awaitClose();
  }

  #other(side: Side): Side {
    return side === this.#client ? this.#backend : this.#client;
  }
}
