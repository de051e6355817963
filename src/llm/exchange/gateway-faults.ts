// Errors of the gateway itself as faults, so that each API can express them.
import { ERRORS, type ErrorCode } from "../../core/errors.ts";
import type { Fault, FaultKind } from "../message/fault.ts";

/** HTTP status → kind of fault. */
const KINDS: Readonly<Record<number, FaultKind>> = {
  400: "invalid",
  401: "authentication",
  403: "permission",
  404: "notFound",
  405: "invalid",
  408: "timeout",
  413: "tooLarge",
  415: "unsupportedMedia",
  429: "rateLimit",
  502: "badGateway",
  503: "unavailable",
  504: "timeout",
};

/** Codes that clients know under the names of OpenAI. */
const CODES: Readonly<Partial<Record<ErrorCode, string>>> = {
  rate_limited: "rate_limit_exceeded",
  missing_credentials: "invalid_api_key",
  invalid_credentials: "invalid_api_key",
};

/** The fault of an error code. */
export function faultForCode(code: ErrorCode, message: string): Fault {
  const { status } = ERRORS[code];
  const kind = KINDS[status] ?? (status < 500 ? "invalid" : "server");
  return { kind, status, message, param: null, code: CODES[code] ?? code, retryAfterMs: -1 };
}

/** Kind of fault → error code, for the log and the meters. */
const FAULT_CODES: Readonly<Record<FaultKind, ErrorCode>> = {
  invalid: "model_request_invalid",
  contextOverflow: "model_request_invalid",
  contentPolicy: "model_request_invalid",
  authentication: "missing_credentials",
  billing: "model_unavailable",
  permission: "model_not_allowed",
  notFound: "model_not_found",
  tooLarge: "body_too_large",
  unsupportedMedia: "unsupported_media_type",
  rateLimit: "rate_limited",
  quota: "rate_limited",
  server: "internal",
  badGateway: "upstream_protocol",
  unavailable: "model_unavailable",
  timeout: "upstream_timeout",
  overloaded: "model_unavailable",
};

/** The error code under which a fault is logged. */
export function codeOf({ kind }: Fault): ErrorCode {
  return FAULT_CODES[kind];
}
