// A connection whose backend has switched protocols, as one end of a switched connection.
import type { Socket } from "node:net";
import type { Wire, WireReader } from "../../core/edges.ts";

/** Reads arrive in the connection's shared buffer and are copied out: idle WebSockets hold no buffer of their own. */
export class ConnectionWire implements Wire {
  readonly #socket: Socket;
  #reader: WireReader | null = null;
  /** Whether the last chunk may be followed by another. */
  wantsMore = true;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  open(reader: WireReader): void {
    this.#reader = reader;
    this.#socket.on("drain", () => reader.drained());
    // Data and a reset that arrive together look like data and a clean end. A socket that was reset has no peer any more.
    this.#socket.on("end", () => {
      if (this.#socket.remoteAddress !== undefined) reader.end();
    });
    this.#socket.on("close", () => reader.closed());
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

  write(chunk: Buffer): boolean {
    return this.#socket.write(chunk);
  }

  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
