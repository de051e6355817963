// A connection whose backend has switched protocols, as one end of a switched connection.
import type { Socket } from "node:net";
import type { UpgradedSocketHandler } from "../../core/edges.ts";
import { UpgradedSocketAdapter } from "../../wire/socket-wire.ts";

/** Reads arrive in the connection's shared buffer and are copied out: idle WebSockets hold no buffer of their own. */
export class ConnectionWire extends UpgradedSocketAdapter {
  #reader: UpgradedSocketHandler | null = null;
  /** Whether the last chunk may be followed by another. */
  wantsMore = true;

  readonly #socket: Socket;

  constructor(socket: Socket) {
    super(socket, null);
    this.#socket = socket;
  }

  /** Calls `listener` once, when the connection has closed. */
  onClose(listener: () => void): void {
    this.#socket.once("close", listener);
  }

  override open(reader: UpgradedSocketHandler): void {
    this.#reader = reader;
    super.open(reader);
  }

  /** Takes one read. @returns false to stop reading until {@link resume} */
  read(buffer: Buffer, length: number): boolean {
    this.wantsMore = true;
    this.take(buffer, 0, length);
    return this.wantsMore;
  }

  /** Takes `source[start, end)`, which is valid only during the call. */
  take(source: Buffer, start: number, end: number): void {
    const chunk = Buffer.from(source.subarray(start, end));
    if (this.#reader !== null && !this.#reader.data(chunk)) this.wantsMore = false;
  }
}
