// One canonical path per request (RFC 3986 §6.2.2), which router, policies and upstream all see, and the path it becomes there.
import type { TargetRule } from "../core/route-settings.ts";
import { HEX } from "./grammar.ts";
import { callPath } from "./grpc.ts";

const UNRESERVED = new Uint8Array(128);
for (const c of "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") UNRESERVED[c.charCodeAt(0)] = 1;

/**
 * Canonical form of a request path: unreserved escapes decoded, other escapes in upper case, `//` collapsed, dot segments
 * resolved. `%2F` and `%5C` stay encoded, so they never separate. A clean path is returned as it is, without allocating.
 *
 * @param raw path of the request target, from `/` up to but excluding `?`
 * @returns the canonical path, or null when it is not one: no leading `/`, raw backslash, `#`, control byte or NUL (also
 *   encoded), bad escape, or `..` above the root
 */
export function canonicalPath(raw: string): string | null {
  if (raw.charCodeAt(0) !== 0x2f) return null;
  let clean = true;
  let afterSlash = true;
  for (let i = 1; i < raw.length; i++) {
    const c = raw.charCodeAt(i);
    if (c <= 0x20 || c === 0x5c || c === 0x23 || c >= 0x7f) return null;
    if (c === 0x25 || (afterSlash && (c === 0x2f || c === 0x2e))) clean = false;
    afterSlash = c === 0x2f;
  }
  return clean ? raw : resolveDots(decodeUnreserved(raw));
}

function decodeUnreserved(raw: string): string | null {
  let out = "";
  let from = 0;
  for (let i = raw.indexOf("%"); i !== -1; i = raw.indexOf("%", i + 3)) {
    const high = HEX[raw.charCodeAt(i + 1)] ?? 255;
    const low = HEX[raw.charCodeAt(i + 2)] ?? 255;
    if (high === 255 || low === 255 || i + 2 >= raw.length) return null;
    const byte = high * 16 + low;
    if (byte === 0) return null;
    out += raw.slice(from, i);
    out += byte < 128 && UNRESERVED[byte] === 1 ? String.fromCharCode(byte) : raw.slice(i, i + 3).toUpperCase();
    from = i + 3;
  }
  return out + raw.slice(from);
}

function resolveDots(path: string | null): string | null {
  if (path === null) return null;
  const out: string[] = [];
  const parts = path.split("/");
  const last = parts.length - 1;
  for (let i = 1; i <= last; i++) {
    const part = parts[i]!;
    if (part === "..") {
      if (out.length === 0) return null;
      out.pop();
    } else if (part !== "" && part !== ".") {
      out.push(part);
    }
  }
  const end = parts[last]!;
  const slash = out.length > 0 && (end === "" || end === "." || end === "..") ? "/" : "";
  return `/${out.join("/")}${slash}`;
}

/** Path and query that a backend is asked for: what the client sent, changed as the route says. @param path canonical */
export function upstreamTarget(rule: TargetRule, path: string, query: string): string {
  if (rule.calls) return callPath(path, rule.strip) ?? path;
  if (rule.strip === "" && rule.prefix === "") return query === "" ? path : path + query;
  const rest = rule.strip !== "" && path.startsWith(rule.strip) ? path.slice(rule.strip.length) : path;
  const slash = rest === "" || rest.charCodeAt(0) === 0x2f ? "" : "/";
  const target = rule.prefix + slash + rest;
  return (target === "" ? "/" : target) + query;
}
