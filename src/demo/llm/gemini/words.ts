// How Google words what is wrong with a request, and its errors.
import { Refusal, type RefusalKind, type WrittenRefusal } from "../rules/refusal.ts";
import { Mismatch, type Place } from "../rules/shape.ts";

/** Checks a body. @throws Refusal in Google's words */
export function checkGeminiShape(check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof Mismatch ? new Refusal("invalid", wordsFor(error)) : error;
  }
}

function wordsFor({ kind, place, expected, found }: Mismatch): string {
  const at = dotted(place);
  switch (kind) {
    case "unknown":
      return `Invalid JSON payload received. Unknown name "${place.at(-1)}" at '${dotted(place.slice(0, -1))}': Cannot find field.`;
    case "missing":
      return `* GenerateContentRequest.${at}: must be set`;
    case "type":
      return `Invalid value at '${at}' (${expected}), ${JSON.stringify(found)?.slice(0, 100)}`;
    default:
      return `Invalid value at '${at}': expected ${expected}, got ${JSON.stringify(found)?.slice(0, 100)}`;
  }
}

function dotted(place: Place): string {
  return place.map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`)).join("");
}

type Words = readonly [code: number, status: string, message: string];

const WORDS: Readonly<Record<RefusalKind, Words>> = {
  invalid: [400, "INVALID_ARGUMENT", "Request contains an invalid argument."],
  authentication: [400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."],
  billing: [402, "FAILED_PRECONDITION", "Your billing account is not active."],
  permission: [403, "PERMISSION_DENIED", "The caller does not have permission"],
  notFound: [404, "NOT_FOUND", "Requested entity was not found."],
  tooLarge: [413, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes."],
  rateLimit: [429, "RESOURCE_EXHAUSTED", "Resource has been exhausted (e.g. check quota)."],
  quota: [429, "RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."],
  overflow: [
    400,
    "INVALID_ARGUMENT",
    "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
  ],
  policy: [400, "INVALID_ARGUMENT", "The prompt could not be submitted: it contains words that violate our policies."],
  server: [500, "INTERNAL", "An internal error has occurred."],
  unavailable: [503, "UNAVAILABLE", "The service is currently unavailable."],
  overloaded: [503, "UNAVAILABLE", "The model is overloaded. Please try again later."],
};

/** The body of an error, which is also an event of a stream. */
export function geminiError(refusal: Refusal): { readonly error: Readonly<Record<string, unknown>> } {
  const [code, status, words] = wordsOf(refusal);
  const details = detailsOf(refusal);
  const message = refusal.message || words;
  return { error: { code, message, status, ...(details.length === 0 ? {} : { details }) } };
}

/** An error reply. */
export function geminiRefusal(refusal: Refusal): WrittenRefusal {
  return { status: wordsOf(refusal)[0], body: geminiError(refusal), fields: {} };
}

/** A wrong key is an invalid argument; a token, or the key of another provider, is no authentication at all. */
function wordsOf({ kind, message }: Refusal): Words {
  return kind === "authentication" && message !== "" ? [401, "UNAUTHENTICATED", message] : WORDS[kind];
}

function detailsOf({ kind, retryAfter }: Refusal): unknown[] {
  const type = (name: string) => `type.googleapis.com/google.rpc.${name}`;
  if (kind === "authentication")
    return [{ "@type": type("ErrorInfo"), reason: "API_KEY_INVALID", domain: "googleapis.com" }];
  if (kind !== "rateLimit" && kind !== "quota") return [];
  const per = kind === "quota" ? "Day" : "Minute";
  const quotaId = `GenerateRequestsPer${per}PerProjectPerModel`;
  const failure = { "@type": type("QuotaFailure"), violations: [{ quotaId, quotaValue: "10" }] };
  if (retryAfter < 0) return [failure];
  return [failure, { "@type": type("RetryInfo"), retryDelay: `${retryAfter}s` }];
}
