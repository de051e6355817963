// `strategy.allow` → which models of a rule a client may use.
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { Bindings } from "../../authz/bindings.ts";
import type { Config } from "../../config/config.ts";
import type { StrategyConfig } from "../../config/meaning/llm/strategy-config.ts";
import type { Identity } from "../../core/identity.ts";
import { matchesGlob } from "../../wire/glob.ts";

/** Names of models that an identity, or a client without one, may use, of those that the rule lists. */
export type ModelAccess = (identity: Identity | null) => ReadonlySet<string>;

/** Access to the models of a strategy. The result for an identity is remembered as long as the identity. */
export function modelAccess({ models, allow }: StrategyConfig, { rbac }: Pick<Config, "rbac">): ModelAccess {
  const names = models.map(({ model }) => model);
  const all: ReadonlySet<string> = new Set(names);
  if (allow === null) return () => all;
  const fitting = (globs: readonly string[]) => names.filter((name) => globs.some((glob) => matchesGlob(name, glob)));
  const open = fitting(allow.flatMap((grant) => (grant.principal === null ? grant.models : [])));
  const everyone: ReadonlySet<string> = new Set(open);
  const bindings = new Bindings(
    allow.flatMap(({ principal }, role) => (principal === null ? [] : [{ principal, role }])),
    claimAt,
  );
  const subject = rbac === null || rbac.subjectKey === "" ? null : claimAt(rbac.subjectKey);
  const known = new WeakMap<Identity, ReadonlySet<string>>();
  return (identity) => {
    if (identity === null) return everyone;
    let own = known.get(identity);
    if (own === undefined) {
      const value = subject === null ? identity.subject : subject(identity.claims);
      const grants = bindings.rolesOf(identity, typeof value === "string" ? value : "");
      own = new Set([...open, ...grants.flatMap((grant) => fitting(allow[grant]!.models))]);
      known.set(identity, own);
    }
    return own;
  };
}
