// Errors as the APIs of OpenAI write them.
import type { Refusal, RefusalKind, WrittenRefusal } from "./refusal.ts";

type Words = readonly [status: number, type: string, code: string | null, message: string];

const WORDS: Readonly<Record<RefusalKind, Words>> = {
  invalid: [400, "invalid_request_error", null, "The request is invalid."],
  authentication: [401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: sk-…rong."],
  billing: [402, "insufficient_quota", "insufficient_quota", "Insufficient credits. Add more to continue."],
  permission: [403, "invalid_request_error", "model_not_found", "Project does not have access to this model."],
  notFound: [
    404,
    "invalid_request_error",
    "model_not_found",
    "The model does not exist or you do not have access to it.",
  ],
  tooLarge: [413, "invalid_request_error", "request_too_large", "The request is too large."],
  rateLimit: [429, "requests", "rate_limit_exceeded", "Rate limit reached for requests."],
  quota: [429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota, please check your plan."],
  overflow: [
    400,
    "invalid_request_error",
    "context_length_exceeded",
    "This model's maximum context length is 128000 tokens. Please reduce the length of the messages.",
  ],
  policy: [400, "invalid_request_error", "content_policy_violation", "Your request was rejected by our safety system."],
  server: [500, "server_error", null, "The server had an error while processing your request. Sorry about that!"],
  unavailable: [503, "server_error", null, "The engine is currently overloaded, please try again later."],
  overloaded: [503, "service_unavailable_error", "server_is_overloaded", "Our servers are currently overloaded."],
};

/** The object `error` of a body or an event. */
export function openaiError(refusal: Refusal): Readonly<Record<string, unknown>> {
  const [, type, code, message] = WORDS[refusal.kind];
  return { message: refusal.message || message, type, param: refusal.param, code: refusal.code ?? code };
}

/** An error reply. */
export function openaiRefusal(refusal: Refusal): WrittenRefusal {
  const [status] = WORDS[refusal.kind];
  const { retryAfter } = refusal;
  const fields = retryAfter < 0 ? {} : { "Retry-After": String(retryAfter), "Retry-After-Ms": `${retryAfter * 1000}` };
  return { status, body: { error: openaiError(refusal) }, fields };
}
