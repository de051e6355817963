// A client that writes exactly the bytes it is told and reads responses one by one from the same connection.
import { once } from "node:events";
import { connect, type Socket } from "node:net";

/** One response as found on the wire. */
export interface RawReply {
  readonly status: number;
  /** Status line and fields. */
  readonly head: string;
  readonly body: string;
  /** Trailer lines of a chunked body. */
  readonly trailers: string;
  /** First value of a field, or null. */
  field(name: string): string | null;
}

/** A connection to 127.0.0.1; text is latin1. */
export class RawClient {
  readonly socket: Socket;
  /** Resolves when the connection is closed, whichever way. */
  readonly closed: Promise<void>;
  /** Bytes received and not yet taken by {@link reply}. */
  received = "";
  #ended = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on("close", () => resolve()));
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      this.received += chunk.toString("latin1");
      this.#wake();
    });
    const over = () => {
      this.#ended = true;
      this.#wake();
    };
    socket.on("end", over);
    socket.on("close", over);
  }

  static async to(port: number): Promise<RawClient> {
    const socket = connect(port, "127.0.0.1");
    const client = new RawClient(socket);
    await once(socket, "connect");
    return client;
  }

  /** Whether the gateway has ended or closed the connection. */
  get ended(): boolean {
    return this.#ended;
  }

  send(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : bytes);
  }

  /** Waits until what was received and not taken satisfies `test`. @throws Error when the connection ends before */
  async until(test: (received: string) => boolean): Promise<string> {
    while (!test(this.received)) {
      if (this.#ended) throw new Error(`connection ended after ${JSON.stringify(this.received)}`);
      await this.#more();
    }
    return this.received;
  }

  /** Takes the next response, interim ones too. @param toHead it answers HEAD, so it has no body */
  async reply(toHead = false): Promise<RawReply> {
    for (;;) {
      const found = takeReply(this.received, toHead, this.#ended);
      if (found !== null) {
        this.received = found.rest;
        return found.reply;
      }
      if (this.#ended) throw new Error(`connection ended in the middle of ${JSON.stringify(this.received)}`);
      await this.#more();
    }
  }

  /** Waits for the gateway to end the connection. @returns what came and was not taken */
  async end(): Promise<string> {
    while (!this.#ended) await this.#more();
    return this.received;
  }

  close(): void {
    this.socket.destroy();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

function takeReply(text: string, toHead: boolean, ended: boolean): { reply: RawReply; rest: string } | null {
  const at = text.indexOf("\r\n\r\n");
  if (at === -1) return null;
  const head = text.slice(0, at);
  const field = (name: string): string | null => {
    const line = head.split("\r\n").find((l) => l.toLowerCase().startsWith(`${name.toLowerCase()}:`));
    return line === undefined ? null : line.slice(name.length + 1).trim();
  };
  const status = Number(head.slice(9, 12));
  const after = text.slice(at + 4);
  const done = (body: string, rest: string, trailers = "") => ({
    reply: { status, head, body, trailers, field },
    rest,
  });
  if (toHead || status < 200 || status === 204 || status === 304) return done("", after);
  if (field("transfer-encoding") !== null) return takeChunks(after, done);
  const length = field("content-length");
  if (length === null) return ended ? done(after, "") : null;
  const bytes = Number(length);
  return after.length < bytes ? null : done(after.slice(0, bytes), after.slice(bytes));
}

type Done = (body: string, rest: string, trailers: string) => { reply: RawReply; rest: string };

function takeChunks(text: string, done: Done): { reply: RawReply; rest: string } | null {
  let body = "";
  let rest = text;
  for (;;) {
    const line = rest.indexOf("\r\n");
    if (line === -1) return null;
    const size = Number.parseInt(rest.slice(0, line), 16);
    if (size === 0) break;
    if (rest.length < line + 2 + size + 2) return null;
    body += rest.slice(line + 2, line + 2 + size);
    rest = rest.slice(line + 2 + size + 2);
  }
  const section = rest.slice(rest.indexOf("\r\n") + 2);
  if (section.startsWith("\r\n")) return done(body, section.slice(2), "");
  const end = section.indexOf("\r\n\r\n");
  return end === -1 ? null : done(body, section.slice(end + 4), section.slice(0, end));
}
