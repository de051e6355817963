// `frontend.sse`, `backend.sse` and what a rule says → what the route does with event streams.
import type { Config, RuleConfig } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { EventStreamRule } from "../../core/route-settings.ts";
import { connectionLimit, leaseCounter } from "../../limits/connections.ts";
import { wantsEventStream } from "../../routing/conditions.ts";
import type { Build } from "../runtime.ts";

/** Largest event that is held where the configuration names no bound, bytes. */
const MAX_HELD_BYTES = 1024 * 1024;

/** Makes the rules of one configuration; equal ones are shared. */
export class EventStreamRules {
  readonly #config: Config;
  readonly #made = new Map<string, EventStreamRule>();

  constructor(config: Config) {
    this.#config = config;
  }

  /** The rule of a route. */
  ruleFor(rule: RuleConfig): EventStreamRule {
    const { frontend, backend } = this.#config;
    const made: EventStreamRule = {
      stallMs: frontend.sse.writeTimeout,
      bufferBytes: frontend.sse.bufferSize,
      ...rule.eventStreams,
      silenceMs: backend.sse.readTimeout,
      maxEventBytes: backend.sse.maxEventSize ?? 0,
      maxHeldBytes: backend.sse.maxEventSize ?? MAX_HELD_BYTES,
    };
    const key = JSON.stringify(made);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    this.#made.set(key, made);
    return made;
  }
}

/** Filters of routes that may answer with event streams. */
export function eventStreamFilters({ config, leases }: Build): readonly Filter[] {
  const { frontend, backend } = config;
  const wants = (ctx: RequestContext) => wantsEventStream(ctx, frontend.sse.path);
  const filters: Filter[] = [];
  if (!backend.sse.enabled) {
    filters.push({
      name: "sse-off",
      phase: "edge",
      onRequest: (ctx) => (wants(ctx) ? { code: "no_route" } : undefined),
    });
  }
  if (frontend.sse.maxConnections > 0) {
    filters.push(connectionLimit(leaseCounter(leases, "sse-connections"), frontend.sse.maxConnections, wants));
  }
  return filters;
}
