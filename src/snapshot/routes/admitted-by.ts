// The method that has let a request in, as the configuration in effect has it.
import type { AuthConfig, RuleAuthConfig } from "../../config/meaning/auth-config.ts";
import type { Admission } from "../../core/identity.ts";
import { isTokenMethod, type TokenRule, tokenRuleOf } from "./tokens.ts";

/** What of a rule decides which variants of methods it has. */
export type MethodRule = TokenRule & Pick<RuleAuthConfig, "service">;

/** Stands for the rule that has let it in, which may be gone; null: the method is off, or not there in that variant. */
export function admittedBy({ method, variant }: Admission, auth: AuthConfig): MethodRule | null {
  const none = { methods: [], jwt: "", oauth2: null, service: variant };
  if (isTokenMethod(method)) {
    const rule = tokenRuleOf(variant, auth);
    return rule && { ...none, ...rule };
  }
  const settings = auth[method];
  return settings !== null && (method !== "forward" || Object.hasOwn(settings, variant)) ? none : null;
}
