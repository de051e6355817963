// Finds the current settings of the method that accepted a request.
import type { AuthConfig, RuleAuthConfig } from "../../config/meaning/auth-config.ts";
import type { Admission } from "../../core/identity.ts";
import { isTokenMethod, type TokenRule, tokenRuleOf } from "./tokens.ts";

/** The settings of a rule that determine the variants of its methods. */
export type MethodRule = TokenRule & Pick<RuleAuthConfig, "service">;

/** Substitutes the rule, which may no longer exist; null: the method or its variant is no longer configured. */
export function admittedBy({ method, variant }: Admission, auth: AuthConfig): MethodRule | null {
  const none = { methods: [], jwt: "", oauth2: null, service: variant };
  if (isTokenMethod(method)) {
    const rule = tokenRuleOf(variant, auth);
    return rule && { ...none, ...rule };
  }
  const settings = auth[method];
  return settings !== null && (method !== "forward" || Object.hasOwn(settings, variant)) ? none : null;
}
