// What routes demand of clients, compared: whether any does, and whether two demand the same.

import { hasIpLists } from "../../auth/ip-list.ts";
import { hasSegments } from "../../authz/template.ts";
import type { RuleConfig } from "../../config/config.ts";

/** Whether it matters to some rule who a client is, or what it asks for. */
export function anyDemands(rules: readonly RuleConfig[]): boolean {
  return rules.some(({ auth, authz }) => auth !== null || authz !== null);
}

/** The demands of a rule as text. Permissions with parts of the path are told only of the rule's own paths. */
export function demandsOf(rule: RuleConfig): string {
  const { auth, authz } = rule;
  const own = authz?.permissions.some(hasSegments) ? rule.key : "";
  const lists = hasIpLists(rule) ? [rule.allowedIPs, rule.deniedIPs] : [];
  return JSON.stringify([auth, authz, own, lists]);
}
