// The client's request as it goes to a backend: end-to-end fields in, hop-by-hop fields out, one policy for every protocol.
import type { RequestContext } from "../core/context.ts";
import type { Route } from "../core/route.ts";
import type { TargetRule } from "../core/route-settings.ts";
import type { FieldBlock, RequestHead } from "../core/upstream-request.ts";
import { addAttemptFields } from "../wire/attempt-fields.ts";
import { bindsConnection } from "../wire/connection-credentials.ts";
import { isField } from "../wire/fields.ts";
import { forwardedFields } from "../wire/forwarded-fields.ts";
import { timeoutText } from "../wire/grpc.ts";
import * as known from "../wire/known.ts";
import { upstreamTarget } from "../wire/path.ts";

const NOTHING: FieldBlock = { list: [], text: "" };

const TRAILERS = /(^|,)\s*trailers\s*(;|,|$)/i;

/** The head that all attempts on a target share; `ctx.translation` speaks for the client where there is one. */
export function requestHead(ctx: RequestContext, route: Route): RequestHead {
  const { translation } = ctx;
  // What a translation says of its own is not the client's, nor for filters to take away.
  const isOwn = translation?.anonymous === true;
  const edit = isOwn ? null : ctx.edit;
  const nominated = isOwn ? null : ctx.nominated;
  const { requestId, via: sendsVia } = ctx.snapshot!;
  const source = translation?.fields ?? ctx.fields;
  const replaced = ctx.upgrade ? route.websocket!.replaced : null;
  const idName = requestId.lowerName;
  const fields: string[] = [];
  let via = "";
  let acceptsTrailers = false;
  let expectsContinue = false;
  let exclusive = false;
  for (let i = 0; i < source.length; i += 2) {
    const name = source[i]!;
    const value = source[i + 1]!;
    switch (known.knownField(name)) {
      case known.OTHER:
        if (name.length === idName.length && isField(name.replaceAll("_", "-"), idName)) continue;
        if (route.grpc && isAttemptField(name)) continue;
        break;
      case known.ACCEPT_ENCODING:
        break;
      case known.OVERRIDE:
        if (route.hidesOverrides) continue;
        break;
      case known.AUTHORIZATION:
        if (bindsConnection(value)) exclusive = true;
        break;
      case known.EXPECT:
        expectsContinue = ctx.expectsContinue && !ctx.body.complete;
        continue;
      case known.TE:
        acceptsTrailers = TRAILERS.test(value);
        continue;
      case known.VIA:
        if (!sendsVia) break;
        via = via === "" ? value : `${via}, ${value}`;
        continue;
      default:
        continue; // Host, hop-by-hop, framing and everything the gateway asserts itself
    }
    if (nominated?.has(name.toLowerCase()) === true || replaced?.has(name.toLowerCase()) === true) continue;
    if (edit?.drops(name) === true) continue;
    fields.push(name, value);
  }
  if (edit !== null) fields.push(...edit.fields);
  if (replaced !== null) fields.push(...route.websocket!.offer(ctx));
  if (sendsVia && !isOwn) fields.push("Via", `${via === "" ? "" : `${via}, `}${ctx.httpVersion} gateway`);
  return {
    method: translation?.method ?? ctx.method,
    target: translation?.target ?? edit?.target ?? upstreamTarget(route.target, ctx.path, edit?.query ?? ctx.query),
    authority: authorityFor(ctx, route.target),
    fields,
    forwarded: isOwn ? NOTHING : forwardedFields(ctx),
    kind: ctx.upgrade ? "websocket" : route.grpc ? "grpc" : "http",
    acceptsTrailers,
    expectsContinue,
    exclusive,
    times: ctx.upgrade ? route.websocket!.times : route.times,
    dialTimeoutMs: translation?.dialTimeoutMs ?? 0,
  };
}

function authorityFor(ctx: RequestContext, { host }: TargetRule): string | null {
  if (host === "endpoint") return null;
  return host === "client" ? ctx.authority : host.name;
}

/** Fields about the attempt, which replace those of the client. */
function isAttemptField(name: string): boolean {
  return isField(name, "grpc-timeout") || isField(name, "grpc-previous-rpc-attempts");
}

/**
 * The fields of one attempt: id and mark of the gateway, and what is left of the deadline, so that the backend can stop
 * when the client no longer waits.
 * @param deadlineAt when everything must be over, monotonic ms; 0 never
 * @param lastEventId where an event stream continues; "" at its beginning
 * @param traced fields of the trace
 */
export function attemptFields(
  ctx: RequestContext,
  route: Route,
  deadlineAt: number,
  lastEventId: string,
  traced: readonly string[] | undefined,
): string[] {
  const { requestId, instanceId } = ctx.snapshot!;
  if (ctx.translation?.anonymous === true) return traced === undefined ? [] : [...traced];
  const fields: string[] = [];
  addAttemptFields(fields, deadlineAt, ctx.attempts);
  if (ctx.requestId !== "" && requestId.propagate) fields.push(requestId.headerName, ctx.requestId);
  fields.push("X-Gateway", instanceId);
  if (route.grpc) {
    if (deadlineAt > 0) fields.push("grpc-timeout", timeoutText(deadlineAt - performance.now()));
    if (ctx.attempts > 1) fields.push("grpc-previous-rpc-attempts", String(ctx.attempts - 1));
  }
  // A field holds bytes: the id is UTF-8, and cannot hold a line end.
  if (lastEventId !== "") fields.push("Last-Event-ID", Buffer.from(lastEventId).toString("latin1"));
  if (traced !== undefined) fields.push(...traced);
  return fields;
}

/** The same head without the client's `Last-Event-ID`. */
export function withoutLastEventId(head: RequestHead): RequestHead {
  const fields = head.fields.filter((_, i) => !isField(head.fields[i & ~1]!, "last-event-id"));
  return { ...head, fields };
}
