// `rules[].strategy.allow`: which clients may use which models.
import type { Principal } from "../../../authz/principal.ts";
import { isOpenName } from "../../../llm/models/open-names.ts";
import type { LlmRule } from "../../../llm/settings.ts";
import { matchesGlob } from "../../../wire/glob.ts";
import type { RuleConfig } from "../../config.ts";
import { didYouMeanOf } from "../../text/suggest.ts";
import type { AuthConfig } from "../auth-config.ts";
import { type Draft, placeOfKey } from "../draft.ts";
import { PrincipalReader } from "../principals.ts";
import type { ModelGrant } from "./strategy-config.ts";

/** The rules with the grants of their strategies. @param auth in which clients may be known */
export function withGrants(draft: Draft, rules: readonly RuleConfig[], auth: AuthConfig): readonly RuleConfig[] {
  if (!rules.some(({ strategy }) => strategy !== null)) return rules;
  return rules.map((rule) => {
    const { strategy } = rule;
    return strategy === null
      ? rule
      : { ...rule, strategy: { ...strategy, allow: grantsOf(draft, rule, strategy, auth) } };
  });
}

function grantsOf(draft: Draft, rule: RuleConfig, { models }: LlmRule, auth: AuthConfig): readonly ModelGrant[] | null {
  const { written } = draft;
  const place = [...placeOfKey(rule.key), "strategy", "allow"];
  const index = place[2] as number;
  const allow = written.router.rules[index]!.strategy!.allow;
  if (allow === null) return null;
  const reader = new PrincipalReader(draft, auth, subjectKeyOf(draft));
  const names = models.map(({ model }) => model);
  const grants = Object.entries(allow).flatMap(([who, globs]) => {
    const at = [...place, who];
    for (const [i, glob] of globs.entries()) {
      if (names.some((name) => mayMeet(name, glob))) continue;
      const hint = didYouMeanOf(glob, names, "it lists");
      draft.error([...at, i], `rule "${rule.id}": strategy.allow: "${glob}" is no model of the strategy${hint}`);
    }
    const principals: readonly (Principal | null)[] = who === "*" ? [null] : reader.read(who, at);
    return principals.map((principal) => ({ principal, models: globs }));
  });
  if (rule.auth === null && !grants.some(({ principal }) => principal === null))
    draft.warn(
      place,
      `rule "${rule.id}": without authentication, strategy.allow rejects all requests; set authRequired: true`,
    );
  return grants;
}

/** Whether a model may be meant by both, either of which may have `*`. */
function mayMeet(name: string, glob: string): boolean {
  if (!isOpenName(name)) return matchesGlob(name, glob);
  const [a, b] = [name, glob].map((text) => text.split("*")[0]!);
  return isOpenName(glob) ? a!.startsWith(b!) || b!.startsWith(a!) : matchesGlob(glob, name);
}

/** Subjects are those of `authz.rbac`, so that the same text means the same client in both. */
function subjectKeyOf({ written }: Draft): string {
  const { enabled, subjectKey } = written.authz.rbac;
  return enabled && subjectKey !== "auth_subject" ? subjectKey : "";
}
