// Answers malformed requests: writes one error page directly to the socket and closes it.
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { NullDownstream } from "../../core/null-upstream.ts";

/** How long the peer may take to read the answer and close, ms. */
const LINGER_MS = 2000;

/** The client's side of such a connection. Only {@link answer} does something: there is no request to forward. */
export class RawDownstream extends NullDownstream {
  readonly #socket: Socket;
  /** Bytes of body written. */
  bytes = 0;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  override answer(status: number, fields: readonly string[], body: string | Buffer): void {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\nDate: ${new Date().toUTCString()}\r\nConnection: close\r\n`;
    for (let i = 0; i < fields.length; i += 2) text += `${fields[i]}: ${fields[i + 1]}\r\n`;
    this.bytes = Buffer.byteLength(body);
    text += `Content-Length: ${this.bytes}\r\n\r\n`;
    this.#socket.end(typeof body === "string" ? text + body : Buffer.concat([Buffer.from(text), body]));
    // Not a timeout of the socket, which a peer that goes on sending would put off for ever.
    const timer = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#socket.once("close", () => clearTimeout(timer));
  }

  override abort(): void {
    this.#socket.destroy();
  }
}
