// Validates a request before the pipeline: its target, and whether it is well-formed.
import type { IncomingMessage } from "node:http";
import { type HttpVersion, RequestContext } from "../../core/context.ts";
import type { Downstream } from "../../core/edges.ts";
import type { ErrorCode } from "../../core/errors.ts";
import { hostName } from "../../wire/authority.ts";
import type { ForwardedPeer } from "../../wire/forwarded.ts";
import { authorityFault, isAuthority, type Scan } from "../scan.ts";
import type { Expectation } from "./client-connection.ts";

/** Protocol version of a request that was found to be HTTP/1. */
export function versionOf(request: IncomingMessage): HttpVersion {
  return request.httpVersionMinor === 0 ? "1.0" : "1.1";
}

/** The request as the gateway sees it. @param scan of its fields; a fault of its target is noted there */
export function contextOf(
  request: IncomingMessage,
  peer: ForwardedPeer,
  downstream: Downstream,
  scan: Scan,
  expectsContinue: boolean,
): RequestContext {
  const { method, rawHeaders } = request;
  const { target, authority } = requestTarget(request.url!, scan);
  const now = performance.now();
  const version = versionOf(request);
  const ctx = new RequestContext(downstream, peer, method!, target, rawHeaders, version, expectsContinue, now);
  ctx.authority = authority;
  ctx.host = hostName(authority);
  ctx.nominated = scan.nominated;
  return ctx;
}

/** Path with query, and the authority that counts. */
interface RequestTarget {
  readonly target: string;
  readonly authority: string;
}

/**
 * Takes an absolute target apart (RFC 9112 §3.2.2): its authority replaces Host. Any other target is returned as it is.
 * Notes a fault when that authority is not valid.
 */
function requestTarget(url: string, scan: Scan): RequestTarget {
  if (url.charCodeAt(0) === 0x2f || scan.fault !== "") return { target: url, authority: scan.authority };
  const absolute = /^https?:\/\/([^/?#@]+)([/?].*)?$/i.exec(url);
  if (absolute === null) return { target: url, authority: scan.authority };
  const authority = absolute[1]!;
  if (!isAuthority(authority)) scan.fault = authorityFault("the request target", authority);
  const rest = absolute[2] ?? "/";
  return { target: rest.startsWith("?") ? `/${rest}` : rest, authority };
}

/** Why the request is refused before it is routed, or null; the reason for the log is noted at `scan.fault`. */
export function refusalOf(
  request: IncomingMessage,
  scan: Scan,
  maxHeaders: number,
  expect: Expectation,
): ErrorCode | null {
  // llhttp reads HTTP/0.9 and 2.0 request lines too.
  if (request.httpVersionMajor !== 1 || request.httpVersionMinor > 1)
    scan.fault = "version is not HTTP/1.0 or HTTP/1.1";
  if (scan.fault !== "") return "bad_request";
  if (request.rawHeaders.length > maxHeaders * 2) {
    scan.fault = `${request.rawHeaders.length / 2} header fields, at most ${maxHeaders} are allowed`;
    return "headers_too_large";
  }
  if (scan.looped) return "loop_detected";
  if (expect === "unknown") return "expectation_failed";
  return null;
}
