// How one attempt on an endpoint ended, told once: the access line, the debug log and whoever else wants to know read it.
import type { ErrorCode } from "./errors.ts";

/** `answered`: a response came, good or bad; `abandoned`: the gateway gave it up without a verdict; else what failed. */
export type AttemptOutcome = "answered" | "abandoned" | ErrorCode;

/** The end of one attempt. */
export interface AttemptEnd {
  readonly service: string;
  readonly instance: string;
  readonly outcome: AttemptOutcome;
  /** Of the response; 0: none came. */
  readonly status: number;
  /** For the log only; "" says nothing. */
  readonly detail: string;
  /** From send to response head; to the end where no head came. */
  readonly ms: number;
}
