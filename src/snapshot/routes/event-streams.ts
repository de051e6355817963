// `frontend.sse`, `backend.sse` and the keys of a rule → the event stream settings of a route.
import type { Config, RuleConfig } from "../../config/config.ts";
import { backendOf } from "../../config/meaning/backends.ts";
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
    const { frontend, llm } = this.#config;
    const isModels = rule.strategy !== null;
    const { sse } = backendOf(this.#config, rule.serviceName);
    const made: EventStreamRule = {
      stallMs: frontend.sse.writeTimeout,
      bufferBytes: frontend.sse.bufferSize,
      ...rule.eventStreams,
      ...(isModels && llm !== null && { heartbeatMs: llm.keepAliveMs }),
      silenceMs: isModels ? 0 : sse.readTimeout, // the provider's own is watched where its answer is read
      maxEventBytes: sse.maxEventSize ?? 0,
      maxHeldBytes: sse.maxEventSize ?? MAX_HELD_BYTES,
    };
    const key = JSON.stringify(made);
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    this.#made.set(key, made);
    return made;
  }
}

/** Filters of a route that may answer with event streams. */
export function eventStreamFilters({ config, leases }: Build): (rule: RuleConfig) => readonly Filter[] {
  const { sse } = config.frontend;
  const wants = (ctx: RequestContext) => wantsEventStream(ctx, sse.path);
  const off: Filter = {
    name: "sse-off",
    phase: "edge",
    onRequest: (ctx) => (wants(ctx) ? { code: "no_route" } : undefined),
  };
  const limits =
    sse.maxConnections > 0 ? [connectionLimit(leaseCounter(leases, "sse-connections"), sse.maxConnections, wants)] : [];
  const whereOff = [off, ...limits];
  return ({ serviceName }) => (backendOf(config, serviceName).sse.enabled ? limits : whereOff);
}
