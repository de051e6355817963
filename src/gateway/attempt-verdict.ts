// What an attempt means for its endpoint: a success, a failure, or neither.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { ErrorCode } from "../core/errors.ts";
import type { Service } from "../core/service.ts";
import { grpcTimeout, httpStatusOf } from "../wire/grpc.ts";
import { EARLY_MS } from "./request-clock.ts";

/** `overloaded`: it failed because of too much load; `nothing`: the attempt allows no conclusion. */
export type Verdict = "good" | "bad" | "overloaded" | "nothing";

/** An attempt that got this many times the usual latency, or this long while none is known, ms, had time enough. */
const USUAL_TIMES = 2;
const UNKNOWN_FAIR_MS = 1000;

/** gRPC status of a call whose deadline has passed. */
const DEADLINE_EXCEEDED = 4;

/** Failures the endpoint is to blame for. */
const BLAMED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "connect_failed",
  "upstream_reset",
  "upstream_tls_failed",
  "upstream_protocol",
  "upstream_timeout",
]);

/** Of an attempt that failed. */
export function ofFailure(code: ErrorCode): Verdict {
  if (code === "upstream_timeout") return "overloaded";
  return BLAMED.has(code) ? "bad" : "nothing";
}

/** Of an answer. @param call gRPC status; -1: what counts is the status of HTTP */
export function ofAnswer(service: Service, status: number, call: number): Verdict {
  const code = call === -1 ? status : httpStatusOf(call);
  if (!service.isFailure(code)) return "good";
  return code === 503 || code === 504 ? "overloaded" : "bad";
}

/** Whether the backend reports that the client's deadline was exceeded. */
export function ranOut(ctx: RequestContext, call: number): boolean {
  return call === DEADLINE_EXCEEDED && grpcTimeout(ctx.fields) > 0;
}

/** Whether an endpoint has had time enough to answer by now. @param sentAt monotonic, ms @param fairMs enough in any case, ms */
export function hadTime({ state }: Endpoint, sentAt: number, fairMs: number): boolean {
  const usual = state.latencyMs < 0 ? UNKNOWN_FAIR_MS : USUAL_TIMES * state.latencyMs;
  return performance.now() - sentAt + EARLY_MS >= Math.min(fairMs, usual);
}

/** The status of an answer, for the log. @param call gRPC status; -1 none */
export function statusText(status: number, call: number): string {
  return call === -1 ? `status ${status}` : `grpc-status ${call}`;
}
