// One line per finished request, built by hand: the log is on the hot path and must cost next to nothing.
import type { RequestContext } from "../core/context.ts";
import type { AccessLog } from "../core/snapshot.ts";
import type { LineSink } from "./line-sink.ts";

/** Access log as JSON lines. */
export class JsonAccessLog implements AccessLog {
  readonly #sink: LineSink;

  constructor(sink: LineSink) {
    this.#sink = sink;
  }

  write(ctx: RequestContext, durationMs: number): void {
    const up =
      ctx.endpoint === null
        ? ""
        : `,"service":${quote(ctx.service!.name)},"instance":${quote(ctx.endpoint.spec.id)},"attempts":${ctx.attempts}` +
          `,"upstreamStatus":${ctx.upstreamStatus},"upstreamMs":${round(ctx.upstreamMs)}`;
    const route = ctx.route === null ? "" : `,"route":${quote(ctx.route.id)}`;
    this.#sink.write(
      `{"level":"info","time":"${timestamp()}","msg":"request","requestId":${quote(ctx.requestId)}` +
        `,"method":${quote(ctx.method)},"host":${quote(ctx.host)},"path":${quote(shownPath(ctx))}${route}${up}` +
        `,"status":${ctx.status},"bytesIn":${ctx.bytesIn},"bytesOut":${ctx.bytesOut},"durationMs":${round(durationMs)}` +
        `,"client":${quote(ctx.clientIp)}${reason(ctx)}}\n`,
    );
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
      ["path", shownPath(ctx)],
      ["route", ctx.route?.id ?? "-"],
    ];
    if (ctx.endpoint !== null) {
      pairs.push(["service", ctx.service!.name], ["instance", ctx.endpoint.spec.id], ["attempts", ctx.attempts]);
      if (ctx.upstreamMs >= 0)
        pairs.push(["upstreamStatus", ctx.upstreamStatus], ["upstreamMs", round(ctx.upstreamMs)]);
    }
    pairs.push(["bytesIn", ctx.bytesIn], ["bytesOut", ctx.bytesOut], ["durationMs", round(durationMs)]);
    pairs.push(["client", ctx.clientIp], ["requestId", ctx.requestId]);
    if (ctx.error !== null) pairs.push(["error", ctx.error]);
    if (ctx.detail !== "") pairs.push(["detail", ctx.detail]);
    const text = pairs.map(([key, value]) => `${key}=${bare(String(value))}`).join(" ");
    this.#sink.write(`${timestamp()} request ${text}\n`);
  }
}

/** Queries may carry credentials, so they are not logged at all. */
function shownPath(ctx: RequestContext): string {
  return ctx.path === "" ? ctx.rawPath : ctx.path;
}

function reason(ctx: RequestContext): string {
  const error = ctx.error === null ? "" : `,"error":"${ctx.error}"`;
  return ctx.detail === "" ? error : `${error},"detail":${quote(ctx.detail)}`;
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
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

/** ISO time, made once per millisecond. The clock is the only state, and it is nobody's. */
function timestamp(): string {
  const now = Date.now();
  if (now !== stampedAt) {
    stampedAt = now;
    stamp = new Date(now).toISOString();
  }
  return stamp;
}
