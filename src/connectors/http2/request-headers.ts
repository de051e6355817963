// The request head for HTTP/2: hop-by-hop fields out, forwarded fields in; the same policy as for HTTP/1.1.
import { constants, type OutgoingHttpHeaders } from "node:http2";
import type { RequestContext } from "../../core/context.ts";
import { attemptLines } from "../../wire/attempt-lines.ts";
import { isField } from "../../wire/fields.ts";
import { forwardedLines } from "../../wire/forwarded-lines.ts";
import { timeoutText } from "../../wire/grpc.ts";
import { emptyHeaders } from "../../wire/http2-raw.ts";
import * as known from "../../wire/known.ts";
import { upstreamTarget } from "../../wire/target.ts";

/** What is the same for every request to an endpoint. */
export interface StreamDefaults {
  readonly scheme: "http" | "https";
  /** `:authority` unless the route says otherwise. */
  readonly authority: string;
  /** Drop `Accept-Encoding`, so that the backend answers uncompressed. */
  readonly dropAcceptEncoding: boolean;
  /** Identifies this gateway process; a request that carries it back is a loop. */
  readonly instanceId: string;
}

/** Head of the request for `ctx`, as node:http2 takes it; a translation speaks for the client. */
export function requestHeaders(ctx: RequestContext, defaults: StreamDefaults): OutgoingHttpHeaders {
  const { translation } = ctx;
  const rule = ctx.route!.target;
  const host = rule.host;
  const headers: OutgoingHttpHeaders = Object.assign(emptyHeaders(), {
    [constants.HTTP2_HEADER_METHOD]: translation === null ? ctx.method : "POST",
    [constants.HTTP2_HEADER_SCHEME]: defaults.scheme,
    [constants.HTTP2_HEADER_AUTHORITY]:
      host === "endpoint" ? defaults.authority : host === "client" ? ctx.authority : host.name,
    [constants.HTTP2_HEADER_PATH]: translation?.path ?? upstreamTarget(rule, ctx.path, ctx.query),
  });
  const fields = translation?.fields ?? ctx.fields;
  const { requestId, via: sendsVia } = ctx.snapshot!;
  let trailers = false;
  let via = "";
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    switch (known.knownField(name)) {
      case known.OTHER:
        if (isField(name.replaceAll("_", "-"), requestId.lowerName)) continue;
        if (name === "grpc-timeout" || name === "grpc-previous-rpc-attempts") continue;
        if (ctx.lastEventId !== "" && name === "last-event-id") continue;
        break;
      case known.AUTHORIZATION:
      case known.CONTENT_LENGTH:
        break;
      case known.ACCEPT_ENCODING:
        if (defaults.dropAcceptEncoding) continue;
        break;
      case known.TE:
        trailers = /(^|,)\s*trailers\s*(;|,|$)/i.test(value);
        continue;
      case known.VIA:
        if (!sendsVia) break;
        via = via === "" ? value : `${via}, ${value}`;
        continue;
      default:
        continue; // Host, hop-by-hop, framing and everything the gateway asserts itself
    }
    if (ctx.nominated?.has(name) === true) continue;
    append(headers, name, value);
  }
  addLines(headers, forwardedLines(ctx) + attemptLines(ctx));
  if (ctx.requestId !== "" && requestId.propagate) headers[requestId.lowerName] = ctx.requestId;
  if (sendsVia) headers.via = `${via === "" ? "" : `${via}, `}${ctx.httpVersion} gateway`;
  headers["x-gateway"] = defaults.instanceId;
  // What is left of the deadline, so that the backend stops when nobody waits any more.
  if (ctx.deadlineAt > 0) headers["grpc-timeout"] = timeoutText(ctx.deadlineAt - performance.now());
  if (ctx.attempts > 1) headers["grpc-previous-rpc-attempts"] = String(ctx.attempts - 1);
  if (trailers) headers.te = "trailers";
  // A field holds bytes: the id is UTF-8, and cannot hold a line end.
  if (ctx.lastEventId !== "") headers["last-event-id"] = Buffer.from(ctx.lastEventId).toString("latin1");
  return headers;
}

/** Trailers of the request as node:http2 takes them. @param trailers flat list */
export function trailerObject(trailers: readonly string[]): OutgoingHttpHeaders {
  const headers = emptyHeaders();
  for (let i = 0; i < trailers.length; i += 2) append(headers, trailers[i]!.toLowerCase(), trailers[i + 1]!);
  return headers;
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

function addLines(headers: OutgoingHttpHeaders, lines: string): void {
  for (const line of lines.split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) append(headers, line.slice(0, colon).toLowerCase(), line.slice(colon + 2));
  }
}
