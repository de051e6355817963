// Parts of gRPC over HTTP/2 that need no messages: kinds, deadlines and statuses.
import { getField } from "./fields.ts";

/** How a request speaks gRPC, by its content type; null when it does not. */
type GrpcKind = "native" | "web" | null;

/** @param fields flat list of the request */
export function grpcKind(fields: readonly string[]): GrpcKind {
  const type = getField(fields, "content-type");
  if (type === undefined || type.length < 16 || type.slice(0, 16).toLowerCase() !== "application/grpc") return null;
  const next = type.charCodeAt(16);
  if (type.length === 16 || next === 0x2b || next === 0x3b || next === 0x20) return "native"; // + ; blank
  return type.slice(16, 20).toLowerCase() === "-web" ? "web" : null;
}

/** Units of `grpc-timeout`, in ms. */
const UNITS: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 0.001, n: 0.000_001 };

/** `grpc-timeout` in ms; 0 when absent or malformed. */
export function grpcTimeout(fields: readonly string[]): number {
  const text = getField(fields, "grpc-timeout");
  const parts = text === undefined ? null : /^(\d{1,8})([HMSmun])$/.exec(text);
  return parts === null ? 0 : Math.max(Number(parts[1]) * UNITS[parts[2]!]!, 0.001);
}

/** The text of a remaining time: at most eight digits, in the finest unit that holds it. @param ms above 0 */
export function timeoutText(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  if (whole < 1e8) return `${whole}m`;
  return `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}

/** Names of gRPC statuses, by number. */
export const GRPC_STATUSES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];

/** gRPC status of one of our own HTTP statuses (§5.2 of the configuration reference). */
export function grpcStatusOf(httpStatus: number): number {
  switch (httpStatus) {
    case 400:
    case 415:
      return 3; // INVALID_ARGUMENT
    case 401:
      return 16; // UNAUTHENTICATED
    case 403:
      return 7; // PERMISSION_DENIED
    case 404:
    case 405:
    case 410:
    case 426:
    case 501:
      return 12; // UNIMPLEMENTED
    case 408:
    case 504:
      return 4; // DEADLINE_EXCEEDED
    case 413:
    case 429:
    case 431:
      return 8; // RESOURCE_EXHAUSTED
    case 502:
    case 503:
      return 14; // UNAVAILABLE
    default:
      return 13; // INTERNAL
  }
}

/** `grpc-status` among the fields, in the head of a reply without messages or in trailers; -1 when there is none. */
export function statusOfCall(fields: readonly string[]): number {
  const text = getField(fields, "grpc-status");
  return text !== undefined && /^\d{1,2}$/.test(text) ? Number(text) : -1;
}

/** HTTP status by gRPC code (google/rpc/code.proto, "HTTP Mapping"), except as documented for this gateway. */
const HTTP_STATUS: readonly number[] = [
  200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401,
];

/** HTTP status that corresponds to a gRPC status; a number that is no status counts as UNKNOWN. */
export function httpStatusOf(grpcStatus: number): number {
  return HTTP_STATUS[grpcStatus] ?? 500;
}

/** `grpc-message`: everything outside printable ASCII, and the percent sign, percent-encoded as UTF-8. */
export function grpcMessage(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x7e]+/g, (run) => {
    let encoded = "";
    for (const byte of Buffer.from(run)) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return encoded;
  });
}

/**
 * The part of a path that names a method, `/package.Service/Method`: below the prefix of a route where two segments are
 * left there, else the whole path; null when neither is one.
 * @param prefix literal, without trailing slash; "" for none
 */
export function callPath(path: string, prefix: string): string | null {
  const below = prefix !== "" && path.startsWith(`${prefix}/`) ? path.slice(prefix.length) : path;
  if (isCall(below)) return below;
  return isCall(path) ? path : null;
}

function isCall(path: string): boolean {
  const slash = path.indexOf("/", 1);
  return slash > 1 && slash < path.length - 1 && path.indexOf("/", slash + 1) === -1;
}
