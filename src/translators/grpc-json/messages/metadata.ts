// Header fields to gRPC metadata and back.
import { type Fields, getField } from "../../../wire/fields.ts";
import { HOP, knownField, OTHER } from "../../../wire/known.ts";
import { InputError } from "../input-error.ts";

const PREFIX = "grpc-metadata-";
/** Fields of the client that are metadata under their own name. */
const PASSED: ReadonlySet<string> = new Set(["authorization", "traceparent", "tracestate", "baggage"]);
/** Names that `Grpc-Metadata-*` may not set: those of the protocol and of the gateway, and those that are validated elsewhere. */
const RESERVED: ReadonlySet<string> = new Set([
  ...PASSED,
  "content-type",
  "te",
  "host",
  "cookie",
  "x-request-id",
  "user-agent",
]);
const NAME = /^[a-z0-9._-]+$/;
const VALUE = /^[\x20-\x7e]*$/;
/** Fields of a response that say something about the connection or the gRPC message format. */
const OWN: ReadonlySet<string> = new Set([
  "content-type",
  "content-length",
  "content-encoding",
  "date",
  "server",
  "via",
  "trailer",
  "transfer-encoding",
  "connection",
  "keep-alive",
  "upgrade",
  "te",
  "x-gateway",
]);

/** Fields of a response that are meant for the HTTP client, under the names it looks for (RFC 9110 §11.6.1, §10.2.3). */
const KEPT: ReadonlyMap<string, string> = new Map([
  ["www-authenticate", "WWW-Authenticate"],
  ["retry-after", "Retry-After"],
]);

/**
 * Fields of the gRPC request: `Grpc-Metadata-*` without its prefix, credentials and tracing as they are.
 * @param nominated lower-case names of fields that end at this hop (RFC 9110 §7.6.1)
 * @throws {InputError} for a value metadata cannot carry
 */
export function requestMetadata(fields: readonly string[], nominated: ReadonlySet<string> | null): Fields {
  const out: Fields = ["content-type", "application/grpc", "te", "trailers"];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (nominated?.has(lower) === true) continue;
    if (PASSED.has(lower)) out.push(lower, value);
    else if (lower === "grpc-timeout") {
      if (/^\d{1,8}[HMSmun]$/.test(value)) out.push(lower, value);
    } else if (lower.startsWith(PREFIX)) {
      const name = lower.slice(PREFIX.length);
      if (isReserved(name)) continue;
      if (!VALUE.test(value)) throw new InputError(`The value of ${PREFIX}${name} must be printable ASCII.`);
      out.push(name, value);
    }
  }
  return out;
}

/** `_` counts as `-`: some servers make one name of both. */
function isReserved(name: string): boolean {
  const dashed = name.replaceAll("_", "-");
  return (
    !NAME.test(name) ||
    RESERVED.has(dashed) ||
    dashed.startsWith("grpc-") ||
    dashed.startsWith("proxy-") ||
    dashed === "grpc" ||
    knownField(dashed) !== OTHER
  );
}

/** Metadata of a response as header fields, under `prefix` so that it cannot pose as a field of HTTP it was not meant to be. */
export function addResponseMetadata(to: Fields, metadata: readonly string[], prefix: string): void {
  for (let i = 0; i < metadata.length; i += 2) {
    const lower = metadata[i]!.toLowerCase();
    if (!NAME.test(lower) || lower.startsWith("grpc-") || OWN.has(lower) || knownField(lower) === HOP) continue;
    // One in the trailers repeats, if anything, what the head said.
    if (lower === "retry-after" && getField(to, lower) !== undefined) continue;
    to.push(KEPT.get(lower) ?? prefix + lower, metadata[i + 1]!);
  }
}
