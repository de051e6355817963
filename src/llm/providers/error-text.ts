// The message of a fault for a client: the provider's words only where the client's request is at fault.
import type { FaultKind } from "../message/fault.ts";

/** Longest text of a provider that reaches a client, in UTF-16 units. */
const LONGEST = 1000;

/** Said in place of the provider's words, which may be about the operator's account. */
const OWN_WORDS = {
  authentication: "The provider did not accept the credential",
  billing: "The account at the provider is out of credit",
  permission: "The provider does not allow this request with the credential in use",
  tooLarge: "The request is larger than the provider accepts",
  unsupportedMedia: "The provider does not accept this type or encoding of content",
  rateLimit: "The provider limits requests at the moment",
  quota: "The quota at the provider is used up",
  server: "The provider failed to serve the request",
  badGateway: "The provider sent an invalid response",
  unavailable: "The provider is unavailable",
  timeout: "The provider took too long",
  overloaded: "The provider is overloaded",
} as const satisfies Partial<Record<FaultKind, string>>;

/** Said where the provider's words would do but there are none. */
const UNSAID = {
  invalid: "The provider refused the request as invalid",
  contextOverflow: "The prompt is too long for the model",
  contentPolicy: "The provider refused the content of the prompt",
  notFound: "The provider does not have this model or object",
} as const satisfies Partial<Record<FaultKind, string>>;

/** Keys by their prefixes, credentials by what stands before them, long runs of mixed letters and digits, long hex. */
const KEYS = new RegExp(
  [
    /\b(?:sk|gsk|xai)[-_][\w-]{6,}/,
    /\bAIza[\w-]{10,}/,
    /\bAQ\.[\w-]{10,}/,
    /\bya29\.[\w.-]+/,
    /\beyJ[\w-]+\.[\w-]+\.[\w-]*/,
    /(?<=\b[Bb]earer )\S+/,
    /(?<=\bkey=)[^&\s"']+/,
    /\b(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{32,}/,
    /\b[0-9a-f]{32,}\b/,
  ]
    .map(({ source }) => source)
    .join("|"),
  "g",
);

/**
 * The message of a fault.
 * @param text of the provider; null: it has said nothing
 */
export function faultMessage(kind: FaultKind, text: string | null): string {
  if (!(kind in UNSAID)) return OWN_WORDS[kind as keyof typeof OWN_WORDS];
  if (text === null || text === "") return UNSAID[kind as keyof typeof UNSAID];
  return withoutKeys(text);
}

/** A text of a provider, at most 1 000 characters of it, with `…` for whatever looks like a key. */
export function withoutKeys(text: string): string {
  const redacted = text.slice(0, 2 * LONGEST).replace(KEYS, "…");
  return redacted.length <= LONGEST ? redacted : `${redacted.slice(0, LONGEST - 1)}…`;
}
