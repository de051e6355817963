// Errors of Google's APIs (google.rpc.Status), and of the gateway in that shape.
import { isObject, type JsonObject, listOr, numberOr, objectOr, textOr } from "../json/values.ts";
import { FAULT_STATUS, type Fault, type FaultKind } from "../message/fault.ts";
import { faultMessage } from "../providers/error-text.ts";
import { retryDelayMs } from "./retry-delay.ts";

const RPC = "type.googleapis.com/google.rpc.";

/** Canonical code → kind, where details do not say more. */
const KINDS: Readonly<Record<string, FaultKind>> = {
  INVALID_ARGUMENT: "invalid",
  OUT_OF_RANGE: "invalid",
  // Google says so of regions without the API or its free tier: another key may help.
  FAILED_PRECONDITION: "permission",
  UNAUTHENTICATED: "authentication",
  PERMISSION_DENIED: "permission",
  NOT_FOUND: "notFound",
  RESOURCE_EXHAUSTED: "rateLimit",
  INTERNAL: "server",
  UNKNOWN: "server",
  UNAVAILABLE: "overloaded",
  DEADLINE_EXCEEDED: "timeout",
  CANCELLED: "unavailable",
  ABORTED: "unavailable",
};

const TOO_LONG =
  /(?:input )?tokens? count.*exceeds|exceeds the maximum number of tokens|input.*too long|context.*(?:length|window)/i;
const BAD_KEY = /API[ _]key (?:not valid|not found|expired|invalid)|pass a valid API key/i;
const BLOCKED = /prohibited content|blocked (?:by|due to) (?:safety|policy)|safety (?:policy|filter)/i;

/** The fault of an error response, or of an event that reports one. @param status of the response; 200 of an event */
export function readError(status: number, body: JsonObject | null, fields: readonly string[]): Fault {
  const error = objectOr(body?.error);
  const code = numberOr(error?.code);
  const real = status < 400 && code !== null && code >= 400 && code < 600 ? code : status;
  const message = textOr(error?.message);
  const kind = kindOf(real, textOr(error?.status) ?? "", message ?? "", details(error));
  return {
    kind,
    // A key that is not valid is a 400 to Google, and to nobody else.
    status: real < 400 || kind === "authentication" ? FAULT_STATUS[kind] : real,
    message: faultMessage(kind, message),
    param: violatedField(error),
    code: kind === "notFound" && !NO_MODEL.test(message ?? "") ? null : (CODES[kind] ?? null),
    retryAfterMs: retryDelayMs(details(error), fields),
  };
}

/** A file or a cache may be missing, too. */
const NO_MODEL = /^(?:publisher )?models?\b/i;

/** Stable codes, as OpenAI names them. */
const CODES: Readonly<Partial<Record<FaultKind, string>>> = {
  contextOverflow: "context_length_exceeded",
  notFound: "model_not_found",
  rateLimit: "rate_limit_exceeded",
  quota: "insufficient_quota",
  authentication: "invalid_api_key",
};

function details(error: JsonObject | null): readonly JsonObject[] {
  return listOr(error?.details).filter(isObject);
}

function kindOf(status: number, name: string, message: string, details: readonly JsonObject[]): FaultKind {
  const kind = KINDS[name] ?? kindOfStatus(status);
  if (kind === "invalid") return invalidKind(message, details);
  return kind === "rateLimit" && isLongQuota(message, details) ? "quota" : kind;
}

/** Keys that are not valid are invalid arguments to Google. */
function invalidKind(message: string, details: readonly JsonObject[]): FaultKind {
  if (details.some(({ reason }) => String(reason).startsWith("API_KEY_")) || BAD_KEY.test(message))
    return "authentication";
  if (TOO_LONG.test(message)) return "contextOverflow";
  return BLOCKED.test(message) ? "contentPolicy" : "invalid";
}

/** Quotas per day, and those of plans that have none, do not come back soon. */
function isLongQuota(message: string, details: readonly JsonObject[]): boolean {
  const violations = details.flatMap(({ violations }) => listOr(violations)).map(objectOr);
  if (violations.some((each) => /PerDay/i.test(`${each?.quotaId} ${each?.quotaMetric}`))) return true;
  return /limit: 0\b|per day/i.test(message);
}

function kindOfStatus(status: number): FaultKind {
  switch (status) {
    case 401:
      return "authentication";
    case 402:
      return "billing";
    case 403:
      return "permission";
    case 404:
      return "notFound";
    case 408:
    case 504:
      return "timeout";
    case 413:
      return "tooLarge";
    case 415:
      return "unsupportedMedia";
    case 429:
      return "rateLimit";
    case 503:
    case 529:
      return "overloaded";
  }
  if (status === 499 || status === 502) return "unavailable";
  return status >= 400 && status < 500 ? "invalid" : "server";
}

function violatedField(error: JsonObject | null): string | null {
  const violations = details(error).flatMap(({ fieldViolations }) => listOr(fieldViolations));
  return textOr(objectOr(violations[0])?.field)?.slice(0, 200) ?? null;
}

/** Kind → canonical code. */
const NAMES: Readonly<Record<FaultKind, string>> = {
  invalid: "INVALID_ARGUMENT",
  contextOverflow: "INVALID_ARGUMENT",
  contentPolicy: "INVALID_ARGUMENT",
  authentication: "UNAUTHENTICATED",
  billing: "FAILED_PRECONDITION",
  permission: "PERMISSION_DENIED",
  notFound: "NOT_FOUND",
  tooLarge: "INVALID_ARGUMENT",
  unsupportedMedia: "INVALID_ARGUMENT",
  rateLimit: "RESOURCE_EXHAUSTED",
  quota: "RESOURCE_EXHAUSTED",
  server: "INTERNAL",
  badGateway: "INTERNAL",
  unavailable: "UNAVAILABLE",
  timeout: "DEADLINE_EXCEEDED",
  overloaded: "UNAVAILABLE",
};

/** The error of an answer, also as the data of an event: clients of Google raise it only with a status in `code`. */
export function writeError(fault: Fault, requestId: string): { readonly status: number; readonly body: JsonObject } {
  const known = fault.status >= 400 && fault.status < 600 && fault.status !== 529;
  const status = known ? fault.status : fault.kind === "overloaded" ? 503 : FAULT_STATUS[fault.kind];
  const error = {
    code: status,
    message: fault.message,
    status: NAMES[fault.kind],
    details: detailsOf(fault, requestId),
  };
  return { status, body: { error } };
}

function detailsOf({ code, param, message, retryAfterMs }: Fault, requestId: string): readonly JsonObject[] {
  const found: JsonObject[] = [];
  if (code !== null) found.push({ "@type": `${RPC}ErrorInfo`, reason: code.toUpperCase(), domain: "gateway" });
  if (param !== null) {
    found.push({ "@type": `${RPC}BadRequest`, fieldViolations: [{ field: param, description: message }] });
  }
  if (retryAfterMs >= 0) found.push({ "@type": `${RPC}RetryInfo`, retryDelay: `${retryAfterMs / 1000}s` });
  if (requestId !== "") found.push({ "@type": `${RPC}RequestInfo`, requestId });
  return found;
}
