// An HTTP client over node:http that reports everything a response consisted of, also what came before and after it.
import { createHash } from "node:crypto";
import { Agent, type ClientRequest, type IncomingMessage, request as send } from "node:http";
import type { Readable } from "node:stream";

/** A request to 127.0.0.1. */
export interface Call {
  readonly method?: string;
  readonly path?: string;
  /** Flat list; `Host` is added when it is missing. */
  readonly headers?: readonly string[];
  /** A stream or an async iterable is sent chunked unless the headers say how long it is. */
  readonly body?: string | Buffer | Readable;
  readonly agent?: Agent;
}

/** A complete response. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  /** Flat, as on the wire. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  readonly text: string;
  readonly trailers: NodeJS.Dict<string>;
  /** Interim responses, in order. */
  readonly interim: readonly { readonly status: number; readonly headers: Readonly<Record<string, unknown>> }[];
}

/** Sends a request and reads the whole response. Without an agent, on a connection of its own. */
export async function call(port: number, options: Call = {}): Promise<Reply> {
  const request = begin(port, options);
  const interim: { status: number; headers: Readonly<Record<string, unknown>> }[] = [];
  request.on("information", (info) => interim.push({ status: info.statusCode, headers: info.headers }));
  const response = await headOf(request);
  const body = await read(response);
  return {
    status: response.statusCode!,
    headers: response.headers,
    rawHeaders: response.rawHeaders,
    body,
    text: body.toString("utf8"),
    trailers: response.trailers,
    interim,
  };
}

/** Sends a request; its response is the caller's business. */
export function begin(port: number, options: Call = {}): ClientRequest {
  const { method = "GET", path = "/", headers = [], body, agent } = options;
  const named = headers.some((h, i) => i % 2 === 0 && h.toLowerCase() === "host");
  const all = named ? [...headers] : ["Host", `127.0.0.1:${port}`, ...headers];
  if (typeof body === "string" || Buffer.isBuffer(body)) all.push("Content-Length", String(Buffer.byteLength(body)));
  const framed = all.some((h, i) => i % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(h));
  if (body !== undefined && !framed) all.push("Transfer-Encoding", "chunked");
  const request = send({ host: "127.0.0.1", port, method, path, headers: all, agent: agent ?? false });
  if (body === undefined || typeof body === "string" || Buffer.isBuffer(body)) request.end(body);
  else body.pipe(request);
  return request;
}

/** The response to a request; rejects when there is none. */
export function headOf(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.on("response", resolve);
    request.on("error", reject);
  });
}

/** The whole body. @throws Error when it is cut off */
export async function read(response: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Length and SHA-256 of a body, without keeping it. @throws Error when it is cut off */
export async function digestOf(response: Readable): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of response) {
    hash.update(chunk as Buffer);
    bytes += (chunk as Buffer).length;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** A keep-alive agent; `close` it at the end of the test. */
export function keepAlive(connections = 1): Agent & { readonly close: () => void } {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return Object.assign(agent, { close: () => agent.destroy() });
}
