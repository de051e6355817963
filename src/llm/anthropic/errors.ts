// Errors of Anthropic Messages.
import { type JsonObject, objectOr, textOr } from "../json/values.ts";
import { FAULT_STATUS, type Fault, type FaultKind } from "../message/fault.ts";
import { faultMessage } from "../providers/error-text.ts";
import { retryAfterMs } from "../providers/retry-after.ts";

/** `error.details.error_code` → kind, where it says more than the type. */
const CODES: ReadonlyMap<string, FaultKind> = new Map([
  ["contract_spend_limit_reached", "quota"],
  ["enforced_spend_limit_reached", "quota"],
  ["linked_organization_spend_limit_reached", "quota"],
  ["request_body_encoding_unsupported", "unsupportedMedia"],
  ["request_body_encoding_invalid", "invalid"],
]);

/** `error.type` → kind. */
const TYPES: ReadonlyMap<string, FaultKind> = new Map([
  ["invalid_request_error", "invalid"],
  ["authentication_error", "authentication"],
  ["billing_error", "billing"],
  ["permission_error", "permission"],
  ["not_found_error", "notFound"],
  ["request_too_large", "tooLarge"],
  ["rate_limit_error", "rateLimit"],
  ["conflict_error", "unavailable"],
  ["timeout_error", "timeout"],
  ["api_error", "server"],
  ["overloaded_error", "overloaded"],
]);

/** Status → kind, where the body does not say it. */
const STATUSES: ReadonlyMap<number, FaultKind> = new Map([
  [401, "authentication"],
  [402, "billing"],
  [403, "permission"],
  [404, "notFound"],
  [408, "timeout"],
  [409, "unavailable"],
  [413, "tooLarge"],
  [415, "unsupportedMedia"],
  [425, "unavailable"],
  [429, "rateLimit"],
  [502, "badGateway"],
  [503, "unavailable"],
  [504, "timeout"],
  [529, "overloaded"],
]);

/** Faults that share one type, told apart by what the provider writes. */
const OVERFLOW = /prompt is too long|exceed (?:the )?context (?:limit|window)|context window/i;
const POLICY = /content filter|blocked by|usage polic/i;
/** The proof of a thought is not one of the account, or of the model. */
const BAD_PROOF = /invalid `?signature`? in `?thinking/i;
const CREDIT = /credit balance/i;

/** The fault of an error response. @param body null: it is no JSON object @param fields of the response, flat */
export function readError(status: number, body: JsonObject | null, fields: readonly string[]): Fault {
  return faultOfError(body, status, retryAfterMs(fields));
}

/**
 * The fault that an object of type `error` reports.
 * @param received status of the response; 0: it was no error response
 * @param retryAfterMs -1: not said
 */
export function faultOfError(body: JsonObject | null, received: number, retryAfterMs: number): Fault {
  const error = objectOr(body?.error);
  const text = textOr(error?.message);
  const code = textOr(objectOr(error?.details)?.error_code);
  const kind = kindOf(textOr(error?.type) ?? "", code ?? "", text ?? "", received);
  return {
    kind,
    status: received === 0 ? FAULT_STATUS[kind] : received,
    message: faultMessage(kind, text),
    param: null,
    code: code ?? codeOf(kind, text ?? ""),
    retryAfterMs,
  };
}

/** Codes for what the provider says in words alone. */
function codeOf(kind: FaultKind, text: string): string | null {
  if (kind === "notFound" && text.startsWith("model:")) return "model_not_found";
  return kind === "invalid" && BAD_PROOF.test(text) ? "invalid_signature" : null;
}

function kindOf(type: string, code: string, text: string, status: number): FaultKind {
  const kind =
    CODES.get(code) ?? TYPES.get(type) ?? STATUSES.get(status) ?? (status < 500 && status > 0 ? "invalid" : "server");
  if (kind !== "invalid") return kind;
  if (OVERFLOW.test(text)) return "contextOverflow";
  if (CREDIT.test(text)) return "billing";
  return POLICY.test(text) ? "contentPolicy" : "invalid";
}

/** Kind → `error.type`. */
const WRITTEN: Readonly<Record<FaultKind, string>> = {
  invalid: "invalid_request_error",
  contextOverflow: "invalid_request_error",
  contentPolicy: "invalid_request_error",
  authentication: "authentication_error",
  billing: "billing_error",
  permission: "permission_error",
  notFound: "not_found_error",
  tooLarge: "request_too_large",
  unsupportedMedia: "invalid_request_error",
  rateLimit: "rate_limit_error",
  quota: "rate_limit_error",
  server: "api_error",
  badGateway: "api_error",
  unavailable: "api_error",
  timeout: "timeout_error",
  overloaded: "overloaded_error",
};

/** Agents shorten their prompt only when told so in these words. */
const TOO_LONG = "prompt is too long";

/** The body of an error for a client. @param requestId null: not known */
function errorBody({ kind, message, code }: Fault, requestId: string | null): JsonObject {
  const said = kind !== "contextOverflow" || message.includes(TOO_LONG) ? message : `${TOO_LONG}: ${message}`;
  const details = code === null ? null : { details: { error_code: code } };
  return { type: "error", error: { type: WRITTEN[kind], message: said, ...details }, request_id: requestId };
}

/** An error response for a client: agents go by status and type together, whatever the status of another API was. */
export function writeError(fault: Fault, requestId: string): { readonly status: number; readonly body: JsonObject } {
  return { status: FAULT_STATUS[fault.kind], body: errorBody(fault, requestId) };
}

/** The last event of a stream that cannot be completed. @param requestId null: not known */
export function errorEvents(fault: Fault, requestId: string | null): string {
  return `event: error\ndata: ${JSON.stringify(errorBody(fault, requestId))}\n\n`;
}
