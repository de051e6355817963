// Authentication that permission checks imply: whoever holds a permission must be known.
import type { AuthNeed } from "../schema/auth.ts";
import type { RuleSection } from "../schema/router.ts";
import type { Draft } from "./draft.ts";

/** Whether a flag in `metadata` is set. */
export function isSet(value: unknown): boolean {
  return /^(true|yes|on)$/i.test(String(value));
}

/** What `auth` demands of a rule that says nothing itself. */
export function ownNeed({ written: { auth } }: Draft, section: RuleSection): AuthNeed {
  // Without `required`, oauth2 alone demands it, and a rule may switch that off for itself.
  return auth.required ?? (auth.oauth2.enabled && section.auth.oauth2?.enabled !== false);
}

/** What `authz.rbac` implies for a rule. In permissive mode, requests without credentials must keep passing. */
export function impliedNeed({ written }: Draft, { metadata }: RuleSection): AuthNeed {
  const { enabled, enforcementMode } = written.authz.rbac;
  if (!enabled || isSet(metadata.skipAuthz)) return false;
  return enforcementMode === "enforce" ? true : "optional";
}

/** Paths without authentication. Where only permissions require it, paths without permission checks are exempt, too. */
export function skippedPaths(draft: Draft, section: RuleSection): readonly string[] {
  const { auth, authz } = draft.written;
  const implied = ownNeed(draft, section) === false && impliedNeed(draft, section) === true;
  return implied ? [...auth.skipPaths, ...authz.rbac.skipPaths] : auth.skipPaths;
}
