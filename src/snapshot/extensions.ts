// What a program that starts the gateway adds to the kinds the gateway brings. Everything here is looked at while a snapshot is
// compiled, and costs a request nothing.
import type { Config, RuleConfig } from "../config/config.ts";
import type { ReplyFilter, RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { LeaseHolder } from "../core/lease.ts";
import type { Responder } from "../core/responder.ts";
import type { Service } from "../core/service.ts";
import type { Strategy } from "../core/strategy.ts";
import type { Trace } from "../core/trace.ts";

/** Prepared once a compilation; then makes the filters of each rule. */
type RuleFilters = (config: Config, leases: LeaseHolder) => (rule: RuleConfig) => readonly Filter[];

/** Additional kinds. */
export interface Extensions {
  readonly filters?: readonly RuleFilters[];
  /** Filters that see every reply, also those to requests that have no route. */
  readonly listenerFilters?: readonly ReplyFilter[];
  /** Where requests of a rule go instead of its service; null: there. @param serviceNamed any service of the configuration */
  target?(rule: RuleConfig, serviceNamed: (name: string) => Service): Strategy | Responder | null;
  /** Begins the record of a request; null: none is kept of this one. */
  trace?(ctx: RequestContext): Trace | null;
}
