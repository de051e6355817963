// One HTTP/2 request and its reply on a separate connection, for probes of h2c and gRPC endpoints.

import { connect as connectHttp2, type IncomingHttpHeaders, type OutgoingHttpHeaders } from "node:http2";
import type { Socket } from "node:net";
import { authorityOf } from "../wire/authority.ts";
import type { Network } from "../wire/dial.ts";
import { dialForProbe, type ProbeAddress, type ProbeDone, reasonOf } from "./probe.ts";

/** What is sent. */
interface Http2Question {
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

/**
 * Asks once. Either callback may be called again; only the first call counts.
 * @param failed called with the reason if there is no reply
 * @returns ends it and its connection
 */
export function http2Exchange(
  network: Network,
  to: ProbeAddress,
  question: Http2Question,
  failed: ProbeDone,
  replied: (reply: Http2Reply) => void,
): () => void {
  let stop = dialForProbe(network, to, "h2", failed, (socket) => {
    stop = ask(socket, to, question, failed, replied);
  });
  return () => stop();
}

function ask(
  socket: Socket,
  to: ProbeAddress,
  { head, body, maxBytes }: Http2Question,
  failed: ProbeDone,
  replied: (reply: Http2Reply) => void,
): () => void {
  const { scheme } = to;
  const fail = (error: Error) => failed(reasonOf(error));
  // Before the session's listeners: the error that the session reports says less.
  socket.on("error", fail);
  const session = connectHttp2(`${scheme}://${authorityOf(to)}`, { createConnection: () => socket });
  session.on("error", fail);
  session.on("goaway", () => failed("connection ended"));
  session.on("close", () => failed("connection ended"));
  const stream = session.request({ ":scheme": scheme, ...head }, { endStream: body === null });
  let headers: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  let bytes = 0;
  const end = () =>
    replied({ status: Number(headers[":status"] ?? 0), headers, trailers, body: Buffer.concat(chunks) });
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
  stream.on("close", () => failed("stream ended"));
  if (body !== null) stream.end(body);
  return () => session.destroy();
}
