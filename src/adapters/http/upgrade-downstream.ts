// A client that asks for a WebSocket: answered with an ordinary reply, after which the connection ends, or switched.
import type { Socket } from "node:net";
import type { RequestContext } from "../../core/context.ts";
import type { UpgradedSocket } from "../../core/edges.ts";
import type { Gateway } from "../../core/gateway.ts";
import { UpgradedSocketAdapter } from "../../wire/socket-wire.ts";
import { announce, isBodiless, SHORTAGE, SURPLUS } from "../announce.ts";
import { cut } from "./ending.ts";
import { closingHead, switchingHead } from "./head-text.ts";
import { RawDownstream } from "./raw-downstream.ts";

/** The reply to a WebSocket handshake, on a socket that Node's parser has released. */
export class UpgradeDownstream extends RawDownstream {
  readonly #socket: Socket;
  readonly #gateway: Gateway;
  readonly #writeMs: number;
  #behind: Buffer | null;
  #ctx: RequestContext | null = null;
  /** Head waiting for the first piece of its body. */
  #pending = "";
  #completed = false;
  /** Bytes of body that may still be written; Infinity when the head announces none. */
  #left = Number.POSITIVE_INFINITY;
  #over = false;
  readonly #stalled = (): void => void this.#socket.destroy();

  /**
   * @param behind bytes that came behind the head
   * @param writeMs longest stall of a client that does not read, ms; 0 none
   */
  constructor(socket: Socket, behind: Buffer, gateway: Gateway, writeMs: number) {
    super(socket);
    this.#socket = socket;
    this.#behind = behind;
    this.#gateway = gateway;
    this.#writeMs = writeMs;
  }

  /** Ties the request to its context. */
  attach(ctx: RequestContext): void {
    this.#ctx = ctx;
    this.#socket.on("timeout", this.#stalled);
    this.#socket.on("drain", () => {
      this.#socket.setTimeout(0);
      ctx.upstream?.resume();
    });
  }

  /** The connection is gone. */
  closed(): void {
    const ctx = this.#ctx!;
    if (this.bytes > 0) ctx.bytesOut += this.bytes;
    this.#gateway.done(ctx, this.#completed);
  }

  override head(status: number, reason: string, fields: string[], length: number): void {
    this.#left = announce(isBodiless(this.#ctx!.method, status), status, fields, length);
    this.#pending = closingHead(status, reason, fields);
  }

  override write(chunk: Buffer, release: (() => void) | null): boolean {
    if (chunk.length > this.#left || this.#over) {
      this.end(chunk);
      release?.();
      return true;
    }
    this.#left -= chunk.length;
    this.flush();
    this.#ctx!.bytesOut += chunk.length;
    const more =
      release === null ? this.#socket.write(Buffer.from(chunk)) : this.#socket.write(chunk, release as () => void);
    if (!more) this.#socket.setTimeout(this.#writeMs);
    return more;
  }

  override end(last: Buffer | null): void {
    if (this.#over) return;
    const left = this.#left;
    const bytes = last?.length ?? 0;
    const whole = bytes === left || left === Number.POSITIVE_INFINITY;
    if (bytes > 0 && left > 0) this.write(last!.subarray(0, left), null);
    this.#over = true;
    if (!whole) {
      this.#ctx!.error ??= "upstream_protocol";
      this.#ctx!.detail = bytes > left ? SURPLUS : SHORTAGE;
      if (bytes < left) return this.abort();
    }
    this.flush();
    this.#completed = whole;
    this.#socket.end();
    this.#socket.setTimeout(this.#writeMs);
  }

  override flush(): void {
    if (this.#pending === "") return;
    const text = this.#pending;
    this.#pending = "";
    this.#socket.write(text, "latin1");
  }

  override answer(status: number, fields: readonly string[], body: string | Buffer): void {
    this.#completed = true;
    super.answer(status, fields, body);
  }

  override switch(fields: readonly string[]): UpgradedSocket | null {
    const socket = this.#socket;
    if (socket.destroyed || this.#behind === null) return null;
    this.#completed = true;
    socket.removeAllListeners("drain");
    socket.off("timeout", this.#stalled);
    socket.setTimeout(0);
    socket.write(switchingHead(fields), "latin1");
    const wire = new UpgradedSocketAdapter(socket, this.#behind);
    this.#behind = null;
    return wire;
  }

  override abort(): void {
    this.#completed = false;
    cut(this.#socket);
  }
}
