// One line per finished request, built by hand, because the log is on the hot path.
import type { AttemptEnd } from "../core/attempt-end.ts";
import type { RequestContext, StreamCounts } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { AccessLog } from "../core/request-observers.ts";
import type { RouteSettings } from "../core/route-settings.ts";
import { getField } from "../wire/fields.ts";
import type { LineSink } from "./line-sink.ts";
import { modelCallFacts } from "./model-call-facts.ts";

/** Access log as JSON lines. Method, request id and client consist of harmless characters by the time they get here. */
export class JsonAccessLog implements AccessLog {
  readonly #sink: LineSink;
  /** What is the same for every request of an endpoint on a route, made once. */
  readonly #backends = new WeakMap<Endpoint, { readonly route: RouteSettings | null; readonly text: string }>();

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(ctx: RequestContext, durationMs: number): void {
    const { endpoint, error } = ctx;
    let line = `${opening(ctx.status)}${ctx.requestId}","method":"${ctx.method}","scheme":"${ctx.peer.scheme}","protocol":"HTTP/${ctx.httpVersion}","host":${quote(ctx.host)},"path":${quote(shownPath(ctx))}`;
    if (endpoint === null) line += ctx.route === null ? "" : `,"route":${quote(ctx.route.id)}`;
    else line += this.#backend(ctx, endpoint) + ctx.attempts;
    if (ctx.upstreamStatus !== 0) line += `,"upstreamStatus":${ctx.upstreamStatus}`;
    if (ctx.upstreamMs >= 0) line += `,"upstreamMs":${hundredths(ctx.upstreamMs)}`;
    if (ctx.attemptEnds !== null) line += `,"tries":${JSON.stringify(triesOf(ctx, ctx.attemptEnds))}`;
    line += `,"status":${ctx.status},"bytesIn":${ctx.bytesIn},"bytesOut":${ctx.bytesOut},"durationMs":${hundredths(durationMs)}`;
    if (ctx.clientIp !== "") line += `,"client":"${ctx.clientIp}"`;
    if (ctx.identity !== null) line += `,"subject":${quote(ctx.identity.subject)},"auth":"${ctx.identity.method}"`;
    const agent = userAgent(ctx);
    if (agent !== "") line += `,"userAgent":${quote(agent)}`;
    if (ctx.grpcStatus >= 0) line += `,"grpcStatus":${ctx.grpcStatus}`;
    if (ctx.stream !== null) for (const [key, value] of streamFacts(ctx.stream)) line += `,"${key}":${value}`;
    if (ctx.modelCall !== null) line += `,"llm":${JSON.stringify(Object.fromEntries(modelCallFacts(ctx.modelCall)))}`;
    if (error !== null) line += `,"error":"${error}"`;
    if (ctx.detail !== "") line += `,"detail":${quote(ctx.detail)}`;
    this.#sink.write(`${line}}\n`);
  }

  #backend(ctx: RequestContext, endpoint: Endpoint): string {
    const known = this.#backends.get(endpoint);
    if (known !== undefined && known.route === ctx.route) return known.text;
    const route = ctx.route === null ? "" : `,"route":${quote(ctx.route.id)}`;
    const instance = `,"service":${quote(ctx.serviceName)},"instance":${quote(endpoint.spec.id)},"attempts":`;
    const text = `${route}${instance}`;
    this.#backends.set(endpoint, { route: ctx.route, text });
    return text;
  }
}

/** Access log as `key=value` text, for terminals and people. */
export class TextAccessLog implements AccessLog {
  readonly #sink: LineSink;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(ctx: RequestContext, durationMs: number): void {
    const pairs: [string, string | number][] = [
      ["status", ctx.status],
      ["method", ctx.method],
      ["scheme", ctx.peer.scheme],
      ["protocol", `HTTP/${ctx.httpVersion}`],
      ["path", shownPath(ctx)],
    ];
    if (ctx.route !== null) pairs.push(["route", ctx.route.id]);
    if (ctx.endpoint !== null) {
      pairs.push(["service", ctx.serviceName], ["instance", ctx.endpoint.spec.id], ["attempts", ctx.attempts]);
    }
    if (ctx.upstreamStatus !== 0) pairs.push(["upstreamStatus", ctx.upstreamStatus]);
    if (ctx.upstreamMs >= 0) pairs.push(["upstreamMs", round(ctx.upstreamMs)]);
    if (ctx.attemptEnds !== null) pairs.push(["tries", ctx.attemptEnds.map(tryText).join(", ")]);
    pairs.push(["bytesIn", ctx.bytesIn], ["bytesOut", ctx.bytesOut], ["durationMs", round(durationMs)]);
    if (ctx.clientIp !== "") pairs.push(["client", ctx.clientIp]);
    pairs.push(["requestId", ctx.requestId]);
    if (ctx.identity !== null) pairs.push(["subject", ctx.identity.subject], ["auth", ctx.identity.method]);
    const agent = userAgent(ctx);
    if (agent !== "") pairs.push(["userAgent", agent]);
    if (ctx.grpcStatus >= 0) pairs.push(["grpcStatus", ctx.grpcStatus]);
    if (ctx.stream !== null) pairs.push(...streamFacts(ctx.stream));
    if (ctx.modelCall !== null)
      pairs.push(
        ...modelCallFacts(ctx.modelCall).map(([key, value]): [string, string | number] => [`llm.${key}`, value]),
      );
    if (ctx.error !== null) pairs.push(["error", ctx.error]);
    if (ctx.detail !== "") pairs.push(["detail", ctx.detail]);
    const text = pairs.map(([key, value]) => `${key}=${bare(String(value))}`).join(" ");
    this.#sink.write(`${timestamp()} ${levelOf(ctx.status)} request ${text}\n`);
  }
}

/** What a WebSocket or event stream carried. */
function streamFacts(stream: StreamCounts): [string, number][] {
  if (stream.kind === "sse") return [["eventsSent", stream.sent]];
  return [
    ["messagesReceived", stream.received],
    ["messagesSent", stream.sent],
    ...(stream.closeCode === 0 ? [] : [["closeCode", stream.closeCode] as [string, number]]),
  ];
}

/** The attempts that are over, each with what it has to say and nothing else. */
function triesOf(ctx: RequestContext, ends: readonly AttemptEnd[]): Record<string, string | number>[] {
  return ends.map(({ service, instance, outcome, status, detail, ms }) => ({
    ...(service === ctx.serviceName ? {} : { service }),
    instance,
    outcome,
    ...(status === 0 ? {} : { status }),
    ms: round(ms),
    ...(detail === "" ? {} : { detail }),
  }));
}

function tryText({ instance, outcome, status, detail, ms }: AttemptEnd): string {
  const more = detail === "" ? (status === 0 ? "" : ` ${status}`) : ` ${detail}`;
  return `${instance} ${outcome}${more} ${round(ms)}ms`;
}

/** Longest user agent that is shown, characters: clients could fill the log otherwise. */
const MAX_AGENT = 256;

function userAgent(ctx: RequestContext): string {
  const agent = getField(ctx.fields, "user-agent") ?? "";
  return agent.length > MAX_AGENT ? agent.slice(0, MAX_AGENT) : agent;
}

/** Queries may carry credentials, so they are not logged at all; nor are fragments and passwords in what is no path. */
function shownPath({ path, rawPath }: RequestContext): string {
  return path === "" ? rawPath.replace(/#.*/s, "").replace(/^[^/]*\/\/[^/]*@/, "//") : path;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}

const PADDED = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, "0"));

/** Milliseconds with two decimals. From whole numbers: shortest text of a double costs several times as much. */
function hundredths(ms: number): string {
  const whole = Math.round(ms * 100);
  return `${Math.floor(whole / 100)}.${PADDED[whole % 100]}`;
}

const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/;

function quote(text: string): string {
  return UNSAFE.test(text) ? JSON.stringify(text) : `"${text}"`;
}

function bare(text: string): string {
  return text === "" || /[^\x21\x23-\x3c\x3e-\x5b\x5d-\x7e]/.test(text) ? JSON.stringify(text) : text;
}

let stampedAt = 0;
let stamp = "";
let stampText = "";

/** Beginning of a JSON line up to the request id; what follows the level is made once per millisecond. */
function opening(status: number): string {
  const before = stamp;
  const now = timestamp();
  if (now !== before || stampText === "") stampText = `","time":"${now}","msg":"request","requestId":"`;
  return `{"level":"${levelOf(status)}${stampText}`;
}

/**
 * Level of a line by its status. Lines of both levels are written, whatever the level of the application log is; `error`
 * is left to what is wrong with the gateway itself.
 */
function levelOf(status: number): "info" | "warn" {
  return status < 500 ? "info" : "warn";
}

/** The current time in ISO form; the text is kept until the millisecond is over. */
function timestamp(): string {
  const now = Date.now();
  if (now !== stampedAt) {
    stampedAt = now;
    stamp = new Date(now).toISOString();
  }
  return stamp;
}
