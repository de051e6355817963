// HTTP/2 clients: whole exchanges over node:http2, and frames made by hand where it would not write them.
import { once } from "node:events";
import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
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

/** What every connection of a client begins with (RFC 9113 §3.4). */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** Frame types (RFC 9113 §6). */
export const FRAME = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  window: 8,
  continuation: 9,
} as const;

/** Flags of frames: of HEADERS and DATA, SETTINGS and PING. */
export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const;

/** One frame as bytes. */
export function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A field section without compression: literals that are not indexed (RFC 7541 §6.2.2). */
export function fieldBlock(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.of(0), literal(name), literal(value)]));
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.of(bytes.length), bytes]);
  const size = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest >>= 7) size.push((rest & 127) | 128);
  return Buffer.concat([Buffer.of(...size, rest), bytes]);
}

/** Fields of a request in the order they must have. */
export function requestFields(path: string, ...more: (readonly [string, string])[]): (readonly [string, string])[] {
  const pseudo = [
    [":method", "GET"],
    [":scheme", "http"],
    [":authority", "x"],
    [":path", path],
  ] as const;
  return [...pseudo, ...more];
}

/** A connection of frames made by hand: preface and empty settings are sent. */
export async function openRaw(port: number): Promise<RawClient> {
  const client = await RawClient.to(port);
  client.send(PREFACE);
  client.send(frame(FRAME.settings, 0, 0));
  return client;
}

/** The frames in what was received: type, flags, stream and payload of each whole one. */
export function framesOf(received: string): { type: number; flags: number; stream: number; payload: Buffer }[] {
  const bytes = Buffer.from(received, "latin1");
  const found = [];
  for (let at = 0; at + 9 <= bytes.length; ) {
    const end = at + 9 + bytes.readUIntBE(at, 3);
    if (end > bytes.length) break;
    const stream = bytes.readUInt32BE(at + 5) & 0x7fffffff;
    found.push({ type: bytes[at + 3]!, flags: bytes[at + 4]!, stream, payload: bytes.subarray(at + 9, end) });
    at = end;
  }
  return found;
}
