// `allowedIPs` and `deniedIPs` of rules and listeners → their lists, compiled once.
import { hasIpLists, IpList, ipFilter } from "../../auth/ip-list.ts";
import type { Config, RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";

/** By name of the listener; null: none has any, and no request need be looked at. */
export function listenerIpLists({ listeners }: Config): ReadonlyMap<string, IpList> | null {
  const listed = listeners.filter(hasIpLists);
  return listed.length === 0 ? null : new Map(listed.map((one) => [one.name, new IpList(one, "listener")]));
}

/** The filters of rules; those of equal lists share one. */
export class IpListRules {
  readonly #made = new Map<string, readonly Filter[]>();

  filtersFor(rule: RuleConfig): readonly Filter[] {
    if (!hasIpLists(rule)) return [];
    const key = JSON.stringify([rule.allowedIPs, rule.deniedIPs]);
    let made = this.#made.get(key);
    if (made === undefined) this.#made.set(key, (made = [ipFilter(new IpList(rule, "rule"))]));
    return made;
  }
}
