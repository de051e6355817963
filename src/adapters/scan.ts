// Scans the raw fields of a request once: rejects ambiguous framing, and extracts what the pipeline needs.
import { METHODS } from "node:http";
import type { HttpVersion } from "../core/context.ts";
import { addTokens, isField } from "../wire/fields.ts";
import * as known from "../wire/known.ts";

/** What {@link scanFields} found. Reused from request to request: read it before the next scan. */
export interface Scan {
  /** Why the framing is in doubt or there is not one Host, for the log; "": all is well. An empty one is well in HTTP/1.0. */
  fault: string;
  authority: string;
  /** Bytes of body announced; 0 none; -1 chunked. */
  bodyLength: number;
  /** Lower-case names from `Connection`, without `close` and `keep-alive`; null when there are none. */
  nominated: Set<string> | null;
  /** The request carries the mark of this process: it has come through it before. */
  looped: boolean;
}

const scan: Scan = { fault: "", authority: "", bodyLength: 0, nominated: null, looped: false };

/**
 * Scans the flat fields of one request. llhttp has already refused repeated or malformed `Content-Length`, CL beside TE,
 * folded lines, bare CR or LF and bad names; what it lets pass and could still be read two ways is refused here.
 */
export function scanFields(fields: readonly string[], httpVersion: HttpVersion, instanceId: string): Scan {
  scan.fault = "";
  scan.authority = "";
  scan.bodyLength = 0;
  scan.nominated = null;
  scan.looped = false;
  let hosts = 0;
  for (let i = 0; i < fields.length; i += 2) {
    switch (known.knownField(fields[i]!)) {
      case known.HOST:
        hosts++;
        scan.authority = fields[i + 1]!;
        break;
      case known.CONTENT_LENGTH:
        scan.bodyLength = Number(fields[i + 1]);
        break;
      case known.TRANSFER_ENCODING:
        if (httpVersion === "1.0") scan.fault = "Transfer-Encoding in HTTP/1.0";
        else if (!isField(fields[i + 1]!, "chunked")) scan.fault = "Transfer-Encoding is not chunked alone";
        scan.bodyLength = -1;
        break;
      case known.CONNECTION:
        nominate(fields[i + 1]!);
        break;
      case known.ASSERTED:
        if (isField(fields[i]!, "x-gateway") && fields[i + 1]!.includes(instanceId)) scan.looped = true;
        break;
    }
  }
  // A port alone names no host either.
  const named = scan.authority !== "" && scan.authority.charCodeAt(0) !== 0x3a;
  if (hosts > 1) scan.fault = "more than one Host";
  else if (!named && httpVersion !== "1.0") scan.fault = "no Host, or an empty one";
  else if (!isAuthority(scan.authority)) scan.fault = authorityFault("Host", scan.authority);
  return scan;
}

function nominate(value: string): void {
  if (isField(value, "keep-alive") || isField(value, "close")) return;
  const names = (scan.nominated ??= new Set());
  addTokens(value, names);
  names.delete("close");
  names.delete("keep-alive");
  // Fields that route and frame the request cannot be removed by naming them in `Connection`.
  names.delete("host");
  names.delete("content-length");
  if (names.size === 0) scan.nominated = null;
}

/** Names the character that may not stand in a host. @param where field it stands in */
export function authorityFault(where: string, authority: string): string {
  const wrong = [...authority].find((c) => !isAuthority(c)) ?? "";
  return `character ${byteText(wrong.charCodeAt(0))} in ${where}`;
}

/** A byte as logs show it: `0x0a`. */
export function byteText(byte: number): string {
  return `0x${byte.toString(16).padStart(2, "0")}`;
}

/** Characters of a host, an IPv6 literal and a port (RFC 3986 §3.2.2): nothing else is admitted in Host. */
export function isAuthority(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const ok =
      (c >= 0x61 && c <= 0x7a) || // a-z
      (c >= 0x2d && c <= 0x3a && c !== 0x2f) || // - . 0-9 :
      (c >= 0x41 && c <= 0x5a) || // A-Z
      c === 0x5f ||
      c === 0x5b ||
      c === 0x5d ||
      c === 0x7e ||
      c === 0x25;
    if (!ok) return false;
  }
  return true;
}

/** Methods that are passed on (RFC 9110 §9, WebDAV and the protocols built on it): those a rule may name. */
const METHOD_NAMES: ReadonlySet<string> = new Set(METHODS);

/** Whether the method is one the gateway passes on. */
export function isKnownMethod(method: string): boolean {
  return METHOD_NAMES.has(method);
}
