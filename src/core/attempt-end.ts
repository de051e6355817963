// How one attempt on an endpoint ended, told once: to the access line, the debug log and the trace of the request.
import type { ErrorCode } from "./errors.ts";

/** `answered`: a response came, good or bad; `abandoned`: the gateway gave it up without a verdict; else what failed. */
export type AttemptOutcome = "answered" | "abandoned" | ErrorCode;

/** The end of one attempt. */
export interface AttemptEnd {
  /** Among the attempts of the request, from 1. */
  readonly number: number;
  readonly service: string;
  readonly instance: string;
  readonly outcome: AttemptOutcome;
  /** Of the response; 0: none came. */
  readonly status: number;
  /** gRPC status of the response; -1: none was seen. */
  readonly grpcStatus: number;
  /** For the log only; "" = none. */
  readonly detail: string;
  /** When it was sent, monotonic, ms. */
  readonly startedAt: number;
  /** From send to response head; to the end where no head came, ms. */
  readonly ms: number;
}
