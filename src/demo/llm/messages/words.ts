// How Anthropic words what is wrong with a request, and its errors.
import { Refusal, type RefusalKind, type WrittenRefusal } from "../rules/refusal.ts";
import { Mismatch } from "../rules/shape.ts";

/** Checks a body. @throws Refusal in Anthropic's words */
export function checkClaudeShape(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof Mismatch ? new Refusal("invalid", `${error.place.join(".")}: ${wordsFor(error)}`) : error;
  }
}

function wordsFor({ kind, expected, found }: Mismatch): string {
  switch (kind) {
    case "unknown":
      return "Extra inputs are not permitted";
    case "missing":
      return "Field required";
    case "type":
      return `Input should be ${expected === "a string" ? "a valid string" : expected}`;
    case "value":
      return `Input tag '${String(found)}' found does not match any of the expected tags: ${expected}`;
    case "pattern":
      return `String should match pattern '${expected}'`;
    case "tooLong":
      return `String should have at most ${expected} characters`;
    case "range":
      return `Input should be ${expected}`;
  }
}

type Words = readonly [status: number, type: string, message: string];

const WORDS: Readonly<Record<RefusalKind, Words>> = {
  invalid: [400, "invalid_request_error", "The request is invalid."],
  authentication: [401, "authentication_error", "invalid x-api-key"],
  billing: [402, "billing_error", "Your credit balance is too low to access the Anthropic API."],
  permission: [403, "permission_error", "Your API key does not have permission to use the specified resource."],
  notFound: [404, "not_found_error", "Not found"],
  tooLarge: [413, "request_too_large", "Request exceeds the maximum size"],
  rateLimit: [429, "rate_limit_error", "This request would exceed your account's rate limit. Please try again later."],
  quota: [429, "rate_limit_error", "You have reached your specified API usage limits."],
  overflow: [400, "invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum"],
  policy: [400, "invalid_request_error", "Output blocked by content filtering policy"],
  server: [500, "api_error", "Internal server error"],
  unavailable: [503, "api_error", "Service unavailable"],
  overloaded: [529, "overloaded_error", "Overloaded"],
};

/** The body of an error, which is also the data of the event `error`. */
export function claudeError({ kind, message, code }: Refusal, requestId: string): Readonly<Record<string, unknown>> {
  const [, type, words] = WORDS[kind];
  const details = kind === "quota" ? { details: { error_code: "enforced_spend_limit_reached" } } : {};
  const stable = code === null ? details : { details: { error_code: code } };
  return { type: "error", error: { type, message: message || words, ...stable }, request_id: requestId };
}

/** An error reply. */
export function claudeRefusal(refusal: Refusal, requestId: string): WrittenRefusal {
  const { retryAfter } = refusal;
  const status = WORDS[refusal.kind][0];
  const fields: Record<string, string> = { "X-Should-Retry": String(status === 429 || status >= 500) };
  if (retryAfter >= 0) fields["Retry-After"] = String(retryAfter);
  return { status, body: claudeError(refusal, requestId), fields };
}
