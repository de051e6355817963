// An answer of the gateway itself.
import type { Upstream } from "./edges.ts";
import type { ErrorCode } from "./errors.ts";
import type { ReplyWriter } from "./reply-head.ts";

/** A body that comes piece by piece. */
export interface ReplySource {
  /** Begins to write; `end` of the writer ends the reply. @returns what resumes it, and stops it when the client disconnects */
  start(writer: ReplyWriter): Upstream;
}

/** A local answer. */
export interface Reply {
  readonly status: number;
  /** Flat name, value list; `Content-Length` is added when it is sent. */
  readonly fields: readonly string[];
  readonly body: string | Buffer | ReplySource;
}

/** Refusal with a code of the error table; rendered by the adapter in the form its client expects. */
export interface Refusal {
  readonly code: ErrorCode;
  /** Fields that belong to this refusal, such as `Allow` or `Retry-After`. */
  readonly fields?: readonly string[];
  /** The fault in the client's input; replaces the message of the table. */
  readonly message?: string;
}

/** What a filter decides: answer here, refuse, or undefined to go on. */
export type Verdict = Reply | Refusal | undefined;

/** Whether a verdict is a {@link Refusal}. */
export function isRefusal(verdict: Reply | Refusal): verdict is Refusal {
  return "code" in verdict;
}
