// Requests for tests of limits: no socket, a client of any address, and stores that answer late or not at all.
import type { RequestContext } from "../../src/core/context.ts";
import { RequestContext as Context } from "../../src/core/context.ts";
import type { Filter } from "../../src/core/filter.ts";
import { NullDownstream } from "../../src/core/null-upstream.ts";
import type { Verdict } from "../../src/core/reply.ts";
import { runFilters } from "../../src/gateway/run-filters.ts";
import { parseKeySource } from "../../src/limits/keys.ts";
import type { Limit } from "../../src/limits/limit.ts";
import { ForwardedPeer } from "../../src/wire/forwarded.ts";

/** A request of a client. @param fields flat header list */
export function requestOf(clientIp: string, fields: readonly string[] = []): RequestContext {
  const ctx = new Context(
    new NullDownstream(),
    new ForwardedPeer(clientIp, "http", null),
    "GET",
    "/",
    fields,
    "1.1",
    false,
    0,
  );
  ctx.clientIp = clientIp;
  return ctx;
}

/** A token bucket that refills in a minute unless told otherwise. */
export function limitOf(id: string, more: Partial<Limit> = {}): Limit {
  return { id, algorithm: "token_bucket", rate: 2, periodMs: 60_000, burst: 2, keepMs: 0, ...more };
}

/** Compiled keys as they are written. */
export function sources(...texts: string[]) {
  return texts.map((text) => parseKeySource(text)!);
}

/** Runs filters as a route would. @returns the code of the refusal, or "" when they let it pass */
export async function outcome(ctx: RequestContext, filters: readonly Filter[]): Promise<string> {
  const verdict: Verdict = await runFilters(ctx, filters);
  return verdict === undefined ? "" : "code" in verdict ? verdict.code : String(verdict.status);
}

/** What the request is over with: as the pipeline does it. */
export function finish(ctx: RequestContext): void {
  ctx.finished = true;
  ctx.runCleanups();
}
