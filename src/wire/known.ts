// The field names that the data path handles, recognised by length and letters in one short scan per request.
import { isField } from "./fields.ts";

/** What a field name means to the data path; every other name is `OTHER` and passes untouched. */
export const OTHER = 0;
/** `Host` (RFC 9110 §7.2). */
export const HOST = 1;
/** `Connection`: names hop-by-hop fields. */
export const CONNECTION = 2;
/** Hop-by-hop by definition: Keep-Alive, HTTP2-Settings, Proxy-*, TE, Trailer, Upgrade, and `Proxy` (HTTPoxy). Never forwarded. */
export const HOP = 3;
/** `Content-Length`. */
export const CONTENT_LENGTH = 4;
/** `Transfer-Encoding`. */
export const TRANSFER_ENCODING = 5;
/** `Expect`. */
export const EXPECT = 6;
/** `X-Forwarded-For`. */
export const FORWARDED_FOR = 7;
/** Asserted by the gateway: `X-Forwarded-*` other than `-For`, `X-Real-IP`, `X-Auth-*`, `X-Gateway`, `Client-Cert*` (RFC 9440), what attempts say. */
export const ASSERTED = 8;
/** `Forwarded` (RFC 7239). */
export const FORWARDED = 9;
/** `Upgrade`. */
export const UPGRADE = 10;
/** `TE`. */
export const TE = 11;
/** `Via` (RFC 9110 §7.6.3). */
export const VIA = 12;
/** `Accept-Encoding`. */
export const ACCEPT_ENCODING = 13;
/** Another spelling of a field the gateway asserts, such as with `_` or as metadata of gRPC: some backends would believe it. Dropped. */
export const ALIAS = 14;
/** `Authorization`. */
export const AUTHORIZATION = 15;
/** `X-HTTP-Method(-Override)`, `X-Method-Override`, `X-Original-URL`, `X-Rewrite-URL`: backends may use them in place of the method or path. */
export const OVERRIDE = 16;

/** Classifies a field name. The first letter and length decide for nearly all names; only candidates are compared in full. */
export function knownField(name: string): number {
  if (name.includes("_")) return alias(name);
  switch (name.charCodeAt(0) | 0x20) {
    case 0x68: // h
      if (name.length === 4) return isField(name, "host") ? HOST : OTHER;
      return name.length === 14 && isField(name, "http2-settings") ? HOP : OTHER;
    case 0x63: // c
      if (name.length === 10) return isField(name, "connection") ? CONNECTION : OTHER;
      if (name.length === 14) return isField(name, "content-length") ? CONTENT_LENGTH : OTHER;
      if (name.length !== 11 && name.length !== 17) return OTHER;
      return isField(name, "client-cert") || isField(name, "client-cert-chain") ? ASSERTED : oddly(name);
    case 0x6b: // k
      return isField(name, "keep-alive") ? HOP : OTHER;
    case 0x74: // t
      if (name.length === 2) return isField(name, "te") ? TE : OTHER;
      if (name.length === 7) return isField(name, "trailer") ? HOP : OTHER;
      return name.length === 17 && isField(name, "transfer-encoding") ? TRANSFER_ENCODING : OTHER;
    case 0x75: // u
      return isField(name, "upgrade") ? UPGRADE : OTHER;
    case 0x65: // e
      return isField(name, "expect") ? EXPECT : OTHER;
    case 0x76: // v
      return isField(name, "via") ? VIA : OTHER;
    case 0x61: // a
      if (name.length === 13) return isField(name, "authorization") ? AUTHORIZATION : OTHER;
      return name.length === 15 && isField(name, "accept-encoding") ? ACCEPT_ENCODING : OTHER;
    case 0x67: // g
      return name.length > 14 && isField(name.slice(0, 14), "grpc-metadata-") ? metadata(name.slice(14)) : oddly(name);
    case 0x66: // f
      return isField(name, "forwarded") ? FORWARDED : OTHER;
    case 0x70: // p
      return name.length === 5
        ? isField(name, "proxy")
          ? HOP
          : OTHER
        : isField(name.slice(0, 6), "proxy-")
          ? HOP
          : OTHER;
    case 0x78: // x
      return classifyX(name) || oddly(name);
    default:
      return OTHER;
  }
}

const OWN: ReadonlySet<string> = new Set(["x-real-ip", "x-gateway", "x-request-deadline", "x-retry-attempt"]);

const OVERRIDES: ReadonlySet<string> = new Set([
  "x-http-method",
  "x-http-method-override",
  "x-method-override",
  "x-original-url",
  "x-rewrite-url",
]);
const THIRD = new Uint8Array(128);
for (const letter of "fraghmo") THIRD[letter.charCodeAt(0)] = 1;

function classifyX(name: string): number {
  const third = name.charCodeAt(2) | 0x20;
  // x-forwarded-*, x-real-ip, x-auth-*, x-gateway: f r a g; those of OVERRIDE: h m o r
  if (THIRD[third] !== 1) return OTHER;
  const lower = name.toLowerCase();
  if (lower === "x-forwarded-for") return FORWARDED_FOR;
  if (lower.startsWith("x-forwarded-") || lower.startsWith("x-auth-")) return ASSERTED;
  if (OVERRIDES.has(lower)) return OVERRIDE;
  return OWN.has(lower) ? ASSERTED : OTHER;
}

/** What servers turn into one character as they do with `-`, such as Apache and PHP for the variables of CGI. */
const ODD = /[^A-Za-z0-9-]/g;

/** Kind of a name that may have odd characters other than `_`: looked for only where what the gateway asserts begins so. */
function oddly(name: string): number {
  return name.search(ODD) === -1 ? OTHER : alias(name);
}

/** Kind of a name behind `Grpc-Metadata-`, which backends that translate HTTP to gRPC make metadata of that name. */
function metadata(name: string): number {
  const kind = knownField(name);
  if (kind === OVERRIDE) return OVERRIDE;
  return kind === ASSERTED || kind === FORWARDED_FOR || kind === FORWARDED || kind === ALIAS ? ALIAS : OTHER;
}

/** Kind of a name with odd characters (`X_Real_IP`, `Client.Cert`): where the name with dashes means something, it is dropped. */
function alias(name: string): number {
  const dashed = name.replace(ODD, "-");
  const kind = knownField(dashed);
  if (kind === HOP || kind === OVERRIDE) return kind;
  return kind === OTHER && !isField(dashed, "x-request-id") ? OTHER : ALIAS;
}
