// What rules require of clients: whether any rule does, and whether a path could be interpreted as one of a rule with other
// requirements.
import { hasIpLists } from "../../auth/ip-list.ts";
import { guardPath } from "../../authz/path-guard.ts";
import { hasSegments } from "../../authz/template.ts";
import type { Config, RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";
import type { RouteTree } from "../../routing/tree.ts";

/** Whether access to any rule is restricted to some clients. */
export function isRestricted({ rules, rbac }: Pick<Config, "rules" | "rbac">): boolean {
  return rules.some(({ auth, authz }) => auth?.optional === false || (authz !== null && rbac?.enforces === true));
}

/** The filter that all routes share; see {@link guardPath}. @param ruleOf the rule of what the tree finds */
export function pathGuard<T extends object>(tree: RouteTree<T>, ruleOf: (found: T) => RuleConfig): Filter {
  return guardPath((ctx) => {
    const found = tree.match(ctx);
    return "allow" in found ? null : requirementsOf(ruleOf(found as T));
  });
}

/** The requirements as text. Permissions that contain path segments are only comparable within one rule. */
function requirementsOf(rule: RuleConfig): string {
  const { auth, authz } = rule;
  const own = authz?.permissions.some(hasSegments) ? rule.key : "";
  const lists = hasIpLists(rule) ? [rule.allowedIPs, rule.deniedIPs] : [];
  return JSON.stringify([auth, authz, own, lists]);
}
