// The rules of one pattern, indexed by host.
import type { RequestContext } from "../core/context.ts";
import { admitsListener, admitsMethod, type Conditions, kindsOfGet, unmet } from "./conditions.ts";

/** What is found (a route, or a rule in a dry run) with its conditions. */
export interface Candidate<T> {
  readonly route: T;
  readonly conditions: Conditions;
  /** Position in the configuration: the last tie-breaker. */
  readonly order: number;
}

/** Candidates of one pattern, most specific first: exact host, longest wildcard host, any host. */
export class Leaf<T> {
  #exact: Map<string, Candidate<T>[]> | null = null;
  #wild: Map<string, Candidate<T>[]> | null = null;
  #any: Candidate<T>[] | null = null;

  add(candidate: Candidate<T>): void {
    const { hosts } = candidate.conditions;
    if (hosts.length === 0) insert((this.#any ??= []), candidate);
    for (const host of hosts) {
      const map = host.startsWith("*.") ? (this.#wild ??= new Map()) : (this.#exact ??= new Map());
      const key = host.startsWith("*.") ? host.slice(1) : host;
      const list = map.get(key) ?? [];
      insert(list, candidate);
      map.set(key, list);
    }
  }

  /** The first candidate that admits the request, or null. Methods that only the method kept out are added to `allow`. */
  find(ctx: RequestContext, allow: Set<string> | null): T | null {
    if (this.#exact !== null) {
      const list = this.#exact.get(ctx.host);
      const route = list === undefined ? null : first(list, ctx, allow);
      if (route !== null) return route;
    }
    if (this.#wild !== null) {
      for (let dot = ctx.host.indexOf("."); dot > 0; dot = ctx.host.indexOf(".", dot + 1)) {
        const list = this.#wild.get(ctx.host.slice(dot));
        const route = list === undefined ? null : first(list, ctx, allow);
        if (route !== null) return route;
      }
    }
    return this.#any === null ? null : first(this.#any, ctx, allow);
  }
}

function first<T>(list: readonly Candidate<T>[], ctx: RequestContext, allow: Set<string> | null): T | null {
  for (const candidate of list) {
    const { methods } = candidate.conditions;
    if (!admitsListener(candidate.conditions, ctx)) continue;
    if (methods.length > 0 && !admitsMethod(candidate.conditions, ctx)) {
      if (allow !== null) for (const m of methods) allow.add(m);
      continue;
    }
    if (unmet(ctx, candidate.conditions) === null) return candidate.route;
  }
  return null;
}

/** Keeps the list sorted: bound to listeners before all others, with methods before without, more conditions before fewer, then file order. */
function insert<T>(list: Candidate<T>[], candidate: Candidate<T>): void {
  let at = list.length;
  while (at > 0 && before(candidate, list[at - 1]!)) at--;
  list.splice(at, 0, candidate);
}

function before<T>(a: Candidate<T>, b: Candidate<T>): boolean {
  const listeners = Number(b.conditions.listeners.length > 0) - Number(a.conditions.listeners.length > 0);
  if (listeners !== 0) return listeners < 0;
  const methods = Number(b.conditions.methods.length > 0) - Number(a.conditions.methods.length > 0);
  if (methods !== 0) return methods < 0;
  const kinds = kindsOfGet(b.conditions) - kindsOfGet(a.conditions);
  if (kinds !== 0) return kinds < 0;
  const size = (c: Conditions) => c.headers.length + c.query.length;
  const conditions = size(b.conditions) - size(a.conditions);
  return conditions !== 0 ? conditions < 0 : a.order < b.order;
}
