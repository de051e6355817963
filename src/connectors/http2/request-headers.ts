// The request head for HTTP/2.
import { constants, type OutgoingHttpHeaders } from "node:http2";
import type { UpstreamRequest } from "../../core/upstream-request.ts";
import { emptyHeaders } from "../../wire/http2-raw.ts";

/** What is the same for every request to an endpoint. */
export interface StreamDefaults {
  readonly scheme: "http" | "https";
  /** `:authority` unless the request says otherwise. */
  readonly authority: string;
  /** Drop `Accept-Encoding`, so that the backend answers uncompressed. */
  readonly dropAcceptEncoding: boolean;
}

/** Head of a request, as node:http2 takes it. */
export function requestHeaders({ head, own, body }: UpstreamRequest, defaults: StreamDefaults): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = Object.assign(emptyHeaders(), {
    [constants.HTTP2_HEADER_METHOD]: head.method,
    [constants.HTTP2_HEADER_SCHEME]: defaults.scheme,
    [constants.HTTP2_HEADER_AUTHORITY]: head.authority ?? defaults.authority,
    [constants.HTTP2_HEADER_PATH]: head.target,
  });
  appendAll(headers, head.fields);
  if (defaults.dropAcceptEncoding) delete headers["accept-encoding"];
  appendAll(headers, head.forwarded.list);
  appendAll(headers, own);
  if (head.acceptsTrailers) headers.te = "trailers";
  if (body.length > 0) headers["content-length"] = String(body.length);
  return headers;
}

/** Trailers of the request as node:http2 takes them. @param trailers flat list */
export function trailerObject(trailers: readonly string[]): OutgoingHttpHeaders {
  const headers = emptyHeaders();
  appendAll(headers, trailers);
  return headers;
}

function appendAll(headers: OutgoingHttpHeaders, fields: readonly string[]): void {
  for (let i = 0; i < fields.length; i += 2) append(headers, fields[i]!.toLowerCase(), fields[i + 1]!);
}

/** Cookies are joined their own way; metadata of gRPC may be repeated and stays as it came. */
function append(headers: OutgoingHttpHeaders, name: string, value: string): void {
  const before = headers[name];
  if (before === undefined) headers[name] = value;
  else if (Array.isArray(before)) before.push(value);
  else if (name === "cookie") headers[name] = `${String(before)}; ${value}`;
  else if (SINGLE_LINE.has(name)) headers[name] = `${String(before)}, ${value}`;
  else if (SINGLE.has(name)) return;
  else headers[name] = [String(before), value];
}

/** Lists that node:http2 sends in one line only (RFC 9110 §5.3). */
const SINGLE_LINE: ReadonlySet<string> = new Set(["content-encoding", "content-language", "if-match", "if-none-match"]);

/** Fields of one value, which node:http2 sends once only; the first one counts. */
const SINGLE: ReadonlySet<string> = new Set([
  "access-control-allow-credentials",
  "access-control-max-age",
  "access-control-request-method",
  "age",
  "authorization",
  "content-length",
  "content-location",
  "content-md5",
  "content-range",
  "content-type",
  "date",
  "dnt",
  "etag",
  "expires",
  "from",
  "if-modified-since",
  "if-range",
  "if-unmodified-since",
  "last-modified",
  "location",
  "max-forwards",
  "range",
  "referer",
  "retry-after",
  "tk",
  "upgrade-insecure-requests",
  "user-agent",
  "x-content-type-options",
]);
