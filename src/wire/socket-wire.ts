// A socket that has left HTTP, as one end of a switched connection.
import type { Socket } from "node:net";
import type { UpgradedSocket, UpgradedSocketHandler } from "../core/edges.ts";
import { wasReset } from "./unix-socket.ts";

/** Reads with `data` events, unless it is told not to; for sockets that HTTP has given up. */
export class UpgradedSocketAdapter implements UpgradedSocket {
  readonly #socket: Socket;
  readonly #head: Buffer | null;

  /** @param head bytes read behind the last head; null: the caller reads the socket and passes on what it reads */
  constructor(socket: Socket, head: Buffer | null) {
    this.#socket = socket;
    this.#head = head;
  }

  open(reader: UpgradedSocketHandler): void {
    const socket = this.#socket;
    socket.on("drain", () => reader.drained());
    socket.on("end", () => {
      if (!wasReset(socket)) reader.end();
    });
    socket.on("close", () => reader.closed());
    if (this.#head === null) return;
    if (this.#head.length > 0) socket.unshift(this.#head);
    socket.on("data", (chunk: Buffer) => {
      if (!reader.data(chunk)) socket.pause();
    });
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
