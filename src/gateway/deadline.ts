// How long a request may take: in total, or to its head when a stream follows.
import type { RequestContext } from "../core/context.ts";
import type { Route } from "../core/route.ts";
import { deadlineAsked } from "../wire/attempt-fields.ts";
import { getField } from "../wire/fields.ts";
import { grpcKind, grpcTimeout } from "../wire/grpc.ts";

/** The clock of one request. */
export interface Deadline {
  /** ms from its arrival; 0 none. */
  readonly ms: number;
  /**
   * Sufficient time for one attempt according to the configuration, whatever the client's deadline; Infinity: unknown.
   */
  readonly fairMs: number;
  /** Whether it bounds the whole response; otherwise only the wait for its head. */
  readonly total: boolean;
  /** For what follows the head of a stream: longest silence of the backend, ms; 0 none. */
  readonly silenceMs: number;
}

/** The deadline of a request on its route. */
export function deadlineOf(ctx: RequestContext, route: Route): Deadline {
  const { timeoutMs } = route;
  const silenceMs = route.timeoutWritten ? timeoutMs : 0;
  const fairMs = fairOf(timeoutMs);
  if (ctx.upgrade) {
    const ms = sooner(timeoutMs, route.websocket?.handshakeMs ?? 0);
    return { ms, fairMs: fairOf(ms), total: false, silenceMs: 0 };
  }
  if (!route.grpc) return { ms: sooner(timeoutMs, askedBefore(ctx)), fairMs, total: true, silenceMs };
  const asked = grpcTimeout(ctx.fields);
  const streams = ctx.translation?.streams ?? grpcKind(ctx.fields) === "native";
  if (!streams) return { ms: sooner(timeoutMs, asked), fairMs, total: true, silenceMs };
  if (asked > 0) return { ms: route.timeoutWritten ? sooner(timeoutMs, asked) : asked, fairMs, total: true, silenceMs };
  return { ms: timeoutMs, fairMs, total: false, silenceMs };
}

/** Half of it, because limits and earlier attempts may take the rest. */
function fairOf(givenMs: number): number {
  return givenMs > 0 ? givenMs / 2 : Number.POSITIVE_INFINITY;
}

/** What a trusted gateway before this one has left for the request, ms from its arrival; clocks of strangers mean nothing. */
function askedBefore(ctx: RequestContext): number {
  return ctx.peerTrusted ? deadlineAsked(getField(ctx.fields, "x-request-deadline")) : 0;
}

/** The shorter of two times of which 0 means none. */
function sooner(a: number, b: number): number {
  if (a === 0 || b === 0) return a + b;
  return Math.min(a, b);
}
