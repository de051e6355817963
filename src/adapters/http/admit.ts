// What is decided about a request before the pipeline sees it: which target it names, and whether it is one at all.
import type { IncomingMessage } from "node:http";
import type { ErrorCode } from "../../core/errors.ts";
import type { Expectation } from "./client-connection.ts";
import { isAuthority, type Scan } from "./scan.ts";

/** Path with query, and the authority that counts. */
export interface RequestTarget {
  readonly target: string;
  readonly authority: string;
}

/**
 * Takes an absolute target apart (RFC 9112 §3.2.2): its authority replaces Host. Any other target is returned as it is.
 * Clears `scan.ok` when that authority is none.
 */
export function requestTarget(url: string, scan: Scan): RequestTarget {
  if (url.charCodeAt(0) === 0x2f || !scan.ok) return { target: url, authority: scan.authority };
  const absolute = /^https?:\/\/([^/?#@]+)([/?].*)?$/i.exec(url);
  if (absolute === null) return { target: url, authority: scan.authority };
  const authority = absolute[1]!;
  if (!isAuthority(authority)) scan.ok = false;
  const rest = absolute[2] ?? "/";
  return { target: rest.startsWith("?") ? `/${rest}` : rest, authority };
}

/** Why the request is refused before it is routed, or null. */
export function refusalOf(
  request: IncomingMessage,
  scan: Scan,
  maxHeaders: number,
  expect: Expectation,
): ErrorCode | null {
  // llhttp reads HTTP/0.9 and 2.0 request lines too.
  if (!scan.ok || request.httpVersionMajor !== 1 || request.httpVersionMinor > 1) return "bad_request";
  if (request.rawHeaders.length > maxHeaders * 2) return "headers_too_large";
  if (scan.looped) return "loop_detected";
  if (expect === "unknown") return "expectation_failed";
  return null;
}
