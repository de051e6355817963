// An answer the gateway makes by itself: small, complete, never streamed.
import type { ErrorCode } from "./errors.ts";

/** A complete local answer. */
export interface Reply {
  readonly status: number;
  /** Flat name, value list; `Content-Length` is added when it is sent. */
  readonly fields: readonly string[];
  readonly body: string;
}

/** Refusal with a code of the error table; rendered by the adapter in the form its client expects. */
export interface Refusal {
  readonly code: ErrorCode;
  /** Fields that belong to this refusal, such as `Allow` or `Retry-After`. */
  readonly fields?: readonly string[];
  /** What is wrong with the client's own input; replaces the sentence of the table. */
  readonly message?: string;
}

/** What a filter decides: answer here, refuse, or undefined to go on. */
export type Verdict = Reply | Refusal | undefined;

/** Whether a verdict is a {@link Refusal}. */
export function isRefusal(verdict: Reply | Refusal): verdict is Refusal {
  return "code" in verdict;
}
