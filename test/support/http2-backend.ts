// An HTTP/2 backend over node:http2 that keeps what reaches it, for tests of what gRPC servers do not do on their own.
import { once } from "node:events";
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type ServerOptions,
} from "node:http2";
import type { AddressInfo } from "node:net";

/** Answers one stream. */
export type AnswerStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: number) => void;

/** The backend. */
export interface Http2Backend {
  readonly port: number;
  /** Sessions open now, in order. */
  readonly sessions: ServerHttp2Session[];
  /** Connections ever made. */
  accepted: number;
  /** Streams ever begun, and begun and not ended. */
  requests: number;
  active: number;
  mostActive: number;
  /** Codes of RST_STREAM of streams that are over; 0 for an ordinary end. */
  readonly resets: number[];
  answer: AnswerStream;
  close(): Promise<void>;
}

/** Starts a backend on 127.0.0.1. */
export async function http2Backend(answer: AnswerStream, options: ServerOptions = {}): Promise<Http2Backend> {
  const server: Http2Server = createServer(options);
  const backend: Http2Backend = {
    port: 0,
    sessions: [],
    accepted: 0,
    requests: 0,
    active: 0,
    mostActive: 0,
    resets: [],
    answer,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const session of backend.sessions) session.destroy();
      await closed;
    },
  };
  const numbers = new Map<ServerHttp2Session, number>();
  server.on("session", (session) => {
    numbers.set(session, backend.accepted++);
    backend.sessions.push(session);
    session.on("error", () => undefined);
    session.on("close", () => backend.sessions.splice(backend.sessions.indexOf(session), 1));
  });
  server.on("stream", (stream, headers) => {
    backend.requests++;
    backend.mostActive = Math.max(backend.mostActive, ++backend.active);
    stream.on("error", () => undefined);
    stream.on("close", () => {
      backend.active--;
      backend.resets.push(stream.rstCode);
    });
    backend.answer(stream, headers, numbers.get(stream.session as ServerHttp2Session)!);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(backend, { port: (server.address() as AddressInfo).port });
}

/** One gRPC message with its prefix. */
export function framed(message: Buffer | string, flag = 0): Buffer {
  const bytes = Buffer.from(message);
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([prefix, bytes]);
}

/** Answers with messages and a status, as a gRPC server. */
export function reply(stream: ServerHttp2Stream, messages: readonly (Buffer | string)[], status = 0): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": String(status) }));
  for (const message of messages) stream.write(framed(message));
  stream.end();
}

/** A status alone: head and end in one frame. */
export function trailersOnly(stream: ServerHttp2Stream, status: number, message = ""): void {
  const head = { ":status": 200, "content-type": "application/grpc", "grpc-status": String(status) };
  stream.respond({ ...head, "grpc-message": message }, { endStream: true });
}
