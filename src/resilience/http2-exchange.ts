// One request and its reply over a connection of its own, by HTTP/2: what probes of h2c and gRPC endpoints share.

import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { authorityOf } from "../wire/authority.ts";
import { connectSecure } from "../wire/secure.ts";
import { type ProbeAddress, reasonOf } from "./probe.ts";

/** What is sent. */
export interface Http2Question {
  readonly head: OutgoingHttpHeaders;
  readonly body: Buffer | null;
  /** The reply counts as complete once that much of its body is here. */
  readonly maxBytes: number;
}

/** What came back. */
export interface Http2Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const NO_REPLY: Http2Reply = { status: 0, headers: {}, trailers: {}, body: Buffer.alloc(0) };

/** Asks once. `done` may be called again; only the first call counts. @returns ends it and its connection */
export function http2Exchange(
  to: ProbeAddress,
  { head, body, maxBytes }: Http2Question,
  done: (failure: string | null, reply: Http2Reply) => void,
): () => void {
  const { scheme, address, port, tls } = to;
  const fail = (error: Error) => done(reasonOf(error), NO_REPLY);
  const place = { host: address, port };
  const socket = scheme === "https" ? connectSecure(place, address, tls, "h2") : connect(place);
  // Before the session hears of it: what the session makes of it says less.
  socket.on("error", fail);
  const session = connectHttp2(`${scheme}://${authorityOf(to)}`, { createConnection: () => socket });
  session.on("error", fail);
  session.on("goaway", () => done("connection ended", NO_REPLY));
  session.on("close", () => done("connection ended", NO_REPLY));
  const stream = session.request({ ":scheme": scheme, ...head }, { endStream: body === null });
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = () =>
    done(null, { status: Number(headers[":status"] ?? 0), headers, trailers, body: Buffer.concat(chunks) });
  stream.on("error", fail);
  stream.on("response", (fields) => {
    headers = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= maxBytes) end();
  });
  stream.on("end", end);
  stream.on("close", () => done("stream ended", NO_REPLY));
  if (body !== null) stream.end(body);
  return () => session.destroy();
}
