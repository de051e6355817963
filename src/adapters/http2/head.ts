// The head of an HTTP/2 request as a flat list: pseudo fields removed, cookie fields joined (RFC 9113 §8.2.3, §8.3).
import type { IncomingHttpHeaders } from "node:http2";
import { isField } from "../../wire/fields.ts";

/** What a stream asks for. */
export interface StreamHead {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  /** Flat list in lower-case names, with one `host` that says what `:authority` says. */
  readonly fields: readonly string[];
  /** Size of all fields as RFC 9113 §6.5.2 counts it. */
  readonly bytes: number;
  /** The request has no body. */
  readonly ended: boolean;
  readonly expectsContinue: boolean;
  /** What is wrong with the head, for the log: `Host` and `:authority` differ, or the target is not valid; "": nothing. */
  readonly fault: string;
}

/** @param raw flat list as received, pseudo fields included; nghttp2 has checked names, values, order and lengths */
export function readHead(headers: IncomingHttpHeaders, raw: readonly string[], ended: boolean): StreamHead {
  const fields: string[] = [];
  let authority = headers[":authority"];
  let cookieAt = -1;
  let fault = "";
  let expectsContinue = false;
  let bytes = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    bytes += name.length + value.length + 32;
    if (name.charCodeAt(0) === 0x3a) continue;
    if (name === "cookie" && cookieAt !== -1) {
      fields[cookieAt] += `; ${value}`;
      continue;
    }
    if (name === "host") {
      if (authority !== undefined && !isField(value, authority.toLowerCase())) fault = "Host and :authority differ";
      authority ??= value;
      continue;
    }
    if (name === "expect") expectsContinue = value.toLowerCase() === "100-continue";
    if (name === "cookie") cookieAt = fields.length + 1;
    fields.push(name, value);
  }
  const named = authority ?? "";
  fields.push("host", named);
  const target = headers[":path"] ?? "";
  // The target becomes part of a request line, so bytes that could end one are refused here, too.
  if (/[^\x21-\x7e\x80-\xff]/.test(target)) fault = "a blank or control character in :path";
  return { method: headers[":method"] ?? "", target, authority: named, fields, bytes, ended, expectsContinue, fault };
}
