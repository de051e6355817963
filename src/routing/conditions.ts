// Conditions of a rule besides its path: listener, host, method, header and query values.
import type { RequestContext } from "../core/context.ts";
import { getField } from "../wire/fields.ts";
import { queryValue } from "../wire/query.ts";

/** Test of one header or query value. Exactly one of the texts is set, or `present`. */
export interface ValueTest {
  readonly exact?: string;
  readonly prefix?: string;
  readonly suffix?: string;
  readonly contains?: string;
  readonly present?: boolean;
}

/** Conditions of one rule. */
export interface Conditions {
  /** Names of the listeners it holds for; empty = all. */
  readonly listeners: readonly string[];
  /** Lower-case host names, exact or `*.example.org`; empty = any. */
  readonly hosts: readonly string[];
  /** Empty = any. `GET` admits `HEAD`; `WEBSOCKET` and `SSE` are kinds of GET. */
  readonly methods: readonly string[];
  /** Requests at or below this path count as wanting an event stream; "" = none by path. */
  readonly eventPath: string;
  /** Lower-case header name → test. */
  readonly headers: readonly (readonly [string, ValueTest])[];
  /** Query parameter → test. */
  readonly query: readonly (readonly [string, ValueTest])[];
}

/** Whether the rule holds for the listener of the request. */
export function admitsListener({ listeners }: Conditions, ctx: RequestContext): boolean {
  return listeners.length === 0 || listeners.includes(ctx.peer.listener);
}

/** Whether the method, or the kind of request, is among those listed. */
export function admitsMethod(conditions: Conditions, ctx: RequestContext): boolean {
  const { methods, eventPath } = conditions;
  const method = ctx.preflight || ctx.method;
  if (methods.length === 0) return true;
  for (const m of methods) {
    if (m === method || (m === "GET" && method === "HEAD")) return true;
    if (m === "WEBSOCKET" && ctx.upgrade) return true;
    if (m === "SSE" && wantsEventStream(ctx, eventPath)) return true;
  }
  return false;
}

/**
 * Whether the client asks for an event stream: by its `Accept`, or by asking at or below `path` ("" = nowhere). Only GET:
 * EventSource knows no other method.
 */
export function wantsEventStream(ctx: RequestContext, path: string): boolean {
  if (ctx.method !== "GET" || ctx.upgrade) return false;
  if (path !== "" && (ctx.path === path || ctx.path.startsWith(path.endsWith("/") ? path : `${path}/`))) return true;
  const accept = getField(ctx.fields, "accept");
  return accept !== undefined && /(^|[\s,])text\/event-stream\s*([;,]|$)/i.test(accept);
}

/** How many of the methods are kinds of GET: a rule for them is more specific than one for GET itself. */
export function kindsOfGet(conditions: Conditions): number {
  let count = 0;
  for (const m of conditions.methods) if (m === "WEBSOCKET" || m === "SSE") count++;
  return count;
}

/** First header or query condition the request does not meet, as text for `explain`; null when it meets all. */
export function unmet(ctx: RequestContext, conditions: Conditions): string | null {
  for (const [name, test] of conditions.headers) {
    if (!holds(getField(ctx.fields, name), test)) return `header ${name}`;
  }
  for (const [name, test] of conditions.query) {
    if (!holds(queryValue(ctx.query, name), test)) return `query parameter ${name}`;
  }
  return null;
}

function holds(value: string | undefined, test: ValueTest): boolean {
  if (test.present !== undefined) return (value !== undefined) === test.present;
  if (value === undefined) return false;
  if (test.exact !== undefined) return value === test.exact;
  if (test.prefix !== undefined) return value.startsWith(test.prefix);
  if (test.suffix !== undefined) return value.endsWith(test.suffix);
  return value.includes(test.contains!);
}
