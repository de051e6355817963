// Errors of OpenAI's APIs, and of the many servers that have taken them over with differences.
import { isObject, type JsonObject, numberOr, objectOr, textOr } from "../json/values.ts";
import { FAULT_STATUS, type Fault, type FaultKind } from "../message/fault.ts";
import { faultMessage } from "../providers/error-text.ts";
import { retryAfterMs } from "../providers/retry-after.ts";

/** `code` or `type` → kind, where the status does not say it. */
const KINDS: ReadonlyMap<unknown, FaultKind> = new Map<unknown, FaultKind>([
  ["context_length_exceeded", "contextOverflow"],
  ["exceed_context_size_error", "contextOverflow"],
  ["content_policy_violation", "contentPolicy"],
  ["content_filter", "contentPolicy"],
  ["invalid_prompt", "contentPolicy"],
  ["bio_policy", "contentPolicy"],
  ["misalignment_policy_violation", "contentPolicy"],
  ["billing_hard_limit_reached", "billing"],
  ["billing_not_active", "billing"],
  ["credit_balance_exhausted", "billing"],
  ["insufficient_quota", "quota"],
  ["exceeded_current_quota_error", "quota"],
  ["rate_limit_exceeded", "rateLimit"],
  ["rate_limit_error", "rateLimit"],
  ["slow_down", "rateLimit"],
  ["invalid_api_key", "authentication"],
  ["authentication_error", "authentication"],
  ["permission_error", "permission"],
  ["model_not_found", "notFound"],
  ["not_found_error", "notFound"],
  ["server_is_overloaded", "overloaded"],
  ["overloaded_error", "overloaded"],
  ["engine_overloaded", "overloaded"],
  ["service_unavailable_error", "unavailable"],
  ["timeout", "timeout"],
  ["timeout_error", "timeout"],
  ["vector_store_timeout", "timeout"],
  ["invalid_request_error", "invalid"],
  ["BadRequestError", "invalid"],
]);

/** Status → kind. */
const STATUS_KINDS: Readonly<Record<number, FaultKind>> = {
  401: "authentication",
  402: "billing",
  403: "permission",
  404: "notFound",
  408: "timeout",
  409: "unavailable",
  413: "tooLarge",
  415: "unsupportedMedia",
  425: "unavailable",
  429: "rateLimit",
  502: "badGateway",
  503: "unavailable",
  504: "timeout",
  524: "timeout",
  529: "overloaded",
};

/** How servers without a code for it say that the prompt is too long. */
const OVERFLOW =
  /context.?(?:length|window|size)|(?:prompt|input|request) (?:is )?too long|too many (?:input )?tokens|reduce the length/i;

/** How servers without a code for it begin to say that they do not have the model. */
const NO_MODEL = /^(?:the )?(?:requested )?model\b.*\bnot (?:found|exist)/i;

/** The parts of an error that count. */
interface ErrorParts {
  readonly text: string | null;
  readonly type: string | null;
  /** A number is the status. */
  readonly code: string | number | null;
  readonly param: string | null;
  /** It lists why the prompt was refused (OpenRouter). */
  readonly moderated: boolean;
}

const NOTHING: ErrorParts = { text: null, type: null, code: null, param: null, moderated: false };

/** The fault of an error response. @param body null: it is no JSON object @param fields of the response, flat */
export function readOpenAiError(status: number, body: JsonObject | null, fields: readonly string[]): Fault {
  const parts = body === null ? NOTHING : partsOf(body.error ?? body);
  return faultOfParts(parts, status, retryAfterMs(fields));
}

/** The fault in an answer of status 200, or in an event. @param error value of its `error` */
export function faultOfError(error: unknown): Fault {
  return faultOfParts(partsOf(error), 0, -1);
}

function partsOf(error: unknown): ErrorParts {
  if (!isObject(error)) return { ...NOTHING, text: textOr(error) };
  const detail = error.message ?? error.detail;
  const metadata = objectOr(error.metadata);
  const raw = textOr(metadata?.raw);
  const text = textOr(detail) ?? (detail === undefined ? null : JSON.stringify(detail));
  return {
    text: raw === null ? text : `${text ?? ""} ${raw}`.trim(),
    type: textOr(error.type),
    code: textOr(error.code) ?? numberOr(error.code),
    param: textOr(error.param),
    moderated: Array.isArray(metadata?.reasons),
  };
}

function faultOfParts(parts: ErrorParts, received: number, retryAfterMs: number): Fault {
  const { text, code, param } = parts;
  const status = received >= 400 ? received : statusOf(code);
  const kind = kindOf(parts, status);
  return {
    kind,
    status: status === 0 ? FAULT_STATUS[kind] : status,
    message: faultMessage(kind, text),
    param,
    code: textOr(code) ?? (kind === "notFound" && NO_MODEL.test(text ?? "") ? "model_not_found" : null),
    retryAfterMs,
  };
}

/** The status that a code of an error in a stream stands for; 0: none. */
function statusOf(code: string | number | null): number {
  const status = typeof code === "string" && /^\d{3}$/.test(code) ? Number(code) : code;
  return typeof status === "number" && status >= 400 && status < 600 ? status : 0;
}

function kindOf({ code, type, text, moderated }: ErrorParts, status: number): FaultKind {
  const named = KINDS.get(code) ?? KINDS.get(type);
  if (named !== undefined && named !== "invalid") return named;
  if (moderated) return "contentPolicy";
  const ofRequest = named === "invalid" || status === 400 || status === 413 || status === 422;
  if ((ofRequest || status === 500 || status === 0) && OVERFLOW.test(text ?? "")) return "contextOverflow";
  const known = STATUS_KINDS[status] ?? named;
  if (known !== undefined) return known;
  return status >= 400 && status < 500 ? "invalid" : "server";
}

/** Kind → `type` and `code` of an error for a client. */
const WRITTEN: Readonly<Record<FaultKind, readonly [type: string, code: string | null]>> = {
  invalid: ["invalid_request_error", null],
  contextOverflow: ["invalid_request_error", "context_length_exceeded"],
  contentPolicy: ["invalid_request_error", "content_policy_violation"],
  authentication: ["authentication_error", "invalid_api_key"],
  billing: ["insufficient_quota", "credit_balance_exhausted"],
  permission: ["permission_error", null],
  notFound: ["invalid_request_error", "model_not_found"],
  tooLarge: ["invalid_request_error", "request_too_large"],
  unsupportedMedia: ["invalid_request_error", null],
  rateLimit: ["rate_limit_error", "rate_limit_exceeded"],
  quota: ["insufficient_quota", "insufficient_quota"],
  server: ["server_error", null],
  badGateway: ["server_error", "bad_gateway"],
  unavailable: ["service_unavailable_error", null],
  timeout: ["server_error", "timeout"],
  overloaded: ["service_unavailable_error", "server_is_overloaded"],
};

/** The value of `error` for a client. */
export function openAiError({ kind, message, param, code }: Fault): JsonObject {
  const [type, usual] = WRITTEN[kind];
  return { message, type, param, code: kind === "contextOverflow" ? usual : (code ?? usual) };
}

/** An error response for a client. */
export function writeOpenAiError(fault: Fault): { readonly status: number; readonly body: JsonObject } {
  // Clients of OpenAI's APIs know no 529.
  return { status: fault.status === 529 ? 503 : fault.status, body: { error: openAiError(fault) } };
}
