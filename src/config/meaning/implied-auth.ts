// Authentication that permission checks imply: whoever holds a permission must be known.
import type { AuthNeed } from "../schema/auth.ts";
import type { RuleSection } from "../schema/router.ts";
import type { Draft } from "./draft.ts";

/** Whether a flag in `metadata` is set. */
export function isSet(value: unknown): boolean {
  return /^(true|yes|on)$/i.test(String(value));
}

/** What `authz.rbac` implies for a rule. In permissive mode, requests without credentials must keep passing. */
export function impliedNeed({ written }: Draft, { metadata }: RuleSection): AuthNeed {
  const { enabled, enforcementMode } = written.authz.rbac;
  if (!enabled || isSet(metadata.skipAuthz)) return false;
  return enforcementMode === "enforce" ? true : "optional";
}

/** Paths without authentication. Where only permissions require it, paths without permission checks are exempt, too. */
export function skippedPaths({ written: { auth, authz } }: Draft): readonly string[] {
  return auth.required === false ? [...auth.skipPaths, ...authz.rbac.skipPaths] : auth.skipPaths;
}
