// HTTP/2 clients: whole exchanges over node:http2, and connections for frames made by hand where it would not write them.
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { FRAME, frame, PREFACE } from "./http2-frames.ts";
import { RawClient } from "./raw-client.ts";
import { soon } from "./setup.ts";

/** A complete response. */
export interface Http2Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: IncomingHttpHeaders;
  readonly interim: readonly IncomingHttpHeaders[];
}

/** The request never left the client. */
export class NotSent extends Error {}

/** Opens a connection. @param ca trust anchor: TLS */
export async function openSession(port: number, ca?: Buffer): Promise<ClientHttp2Session> {
  // Node counts what a client wants to send as its memory, and refuses answers when that is too much.
  const options = { maxSessionMemory: 1000, ...(ca === undefined ? {} : { ca }) };
  const session = connect(ca === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`, options);
  await soon(once(session, "connect"), "an HTTP/2 connection");
  session.on("error", () => undefined);
  return session;
}

/** Sends a request and reads the whole response. @throws Error when there is none, or it is cut */
export function ask(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body?: string | Buffer,
  trailers?: OutgoingHttpHeaders,
): Promise<Http2Reply> {
  return soon(
    new Promise((resolve, reject) => {
      const stream = session.request(headers, {
        endStream: body === undefined && trailers === undefined,
        waitForTrailers: trailers !== undefined,
      });
      const chunks: Buffer[] = [];
      const interim: IncomingHttpHeaders[] = [];
      let head: IncomingHttpHeaders | null = null;
      let last: IncomingHttpHeaders = {};
      stream.on("headers", (fields) => interim.push(fields));
      stream.on("response", (fields) => {
        head = fields;
      });
      stream.on("trailers", (fields) => {
        last = fields;
      });
      stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      // The client itself finds that it may not open a stream any more: a GOAWAY came before the request left.
      stream.on("frameError", () => reject(new NotSent()));
      stream.on("error", reject);
      stream.on("close", () => {
        if (head === null || stream.rstCode !== 0) return reject(new Error(`closed with code ${stream.rstCode}`));
        const bytes = Buffer.concat(chunks);
        const status = Number(head[":status"]);
        resolve({ status, headers: head, body: bytes, text: bytes.toString(), trailers: last, interim });
      });
      if (body !== undefined || trailers !== undefined) stream.end(body ?? "");
    }),
    `an answer to ${String(headers[":path"])}`,
  );
}

/** A connection of frames made by hand: preface and empty settings are sent. */
export async function openRaw(port: number): Promise<RawClient> {
  const client = await RawClient.to(port);
  client.send(PREFACE);
  client.send(frame(FRAME.settings, 0, 0));
  return client;
}
