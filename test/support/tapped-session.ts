// A node:http2 client whose bytes can be looked at: what a reply says, and by which frames it ended.
import { once } from "node:events";
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { connect } from "node:net";
import { Duplex } from "node:stream";
import { FLAG, FRAME, framesOf } from "./http2-frames.ts";
import { soon } from "./setup.ts";

/** How a reply ended on the wire. */
export type Ending =
  /** By END_STREAM. */
  | "whole"
  /** By a reset with an error before any END_STREAM, or with its connection. */
  | "cut"
  /** By a reset without error before any END_STREAM: its end is lost. */
  | "lost";

/** One reply. */
export interface EndedReply {
  readonly status: number;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly ending: Ending;
}

/** A connection to 127.0.0.1. */
export class TappedSession {
  readonly session: ClientHttp2Session;
  #received = "";

  private constructor(port: number) {
    const socket = connect(port, "127.0.0.1");
    const tap = new Duplex({
      read: () => undefined,
      write: (chunk, _encoding, done) => {
        socket.write(chunk);
        done();
      },
      final: (done) => void socket.end(done),
      destroy: (error, done) => {
        socket.destroy();
        done(error);
      },
    });
    socket.on("data", (chunk: Buffer) => {
      this.#received += chunk.toString("latin1");
      tap.push(chunk);
    });
    socket.on("end", () => tap.push(null));
    socket.on("error", () => tap.destroy());
    socket.on("close", () => tap.destroy());
    this.session = connectHttp2(`http://127.0.0.1:${port}`, { createConnection: () => tap });
    this.session.on("error", () => undefined);
  }

  static async to(port: number): Promise<TappedSession> {
    const tapped = new TappedSession(port);
    await soon(once(tapped.session, "connect"), "an HTTP/2 connection");
    return tapped;
  }

  /**
   * Sends a request and waits until its stream is over.
   * @param sent body so far; null: none
   * @param open whether the client goes on sending, without an end
   */
  async ask(asked: OutgoingHttpHeaders, sent: Buffer | string | null = null, open = false): Promise<EndedReply> {
    const stream = this.session.request(asked, { endStream: sent === null && !open });
    let body = "";
    let headers: IncomingHttpHeaders = {};
    let trailers: IncomingHttpHeaders = {};
    stream.on("response", (fields) => {
      headers = fields;
    });
    stream.on("data", (chunk: Buffer) => {
      body += chunk.toString("latin1");
    });
    stream.on("trailers", (fields) => {
      trailers = fields;
    });
    stream.on("error", () => undefined);
    const closed = new Promise<void>((resolve) => stream.on("close", resolve));
    if (open) stream.write(sent ?? "");
    else if (sent !== null) stream.end(sent);
    await soon(closed, `the end of ${String(asked[":path"])}`);
    const status = Number(headers[":status"] ?? 0);
    return { status, body, headers, trailers, ending: this.#ending(stream.id ?? 0) };
  }

  /** Node's sessions over other streams than sockets fail an assertion when they are destroyed while they write. */
  close(): void {
    setImmediate(() => this.session.destroy());
  }

  #ending(id: number): Ending {
    for (const { type, flags, stream, payload } of framesOf(this.#received)) {
      if (stream !== id) continue;
      if (type === FRAME.reset) return payload.readUInt32BE(0) === 0 ? "lost" : "cut";
      if ((type === FRAME.data || type === FRAME.headers) && (flags & FLAG.endStream) !== 0) return "whole";
    }
    return "cut";
  }
}
