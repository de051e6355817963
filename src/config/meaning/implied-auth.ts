// Authentication that permission checks imply, since permissions belong to authenticated clients.
import type { AuthNeed } from "../schema/auth.ts";
import type { RuleSection } from "../schema/router.ts";
import type { Draft } from "./draft.ts";

/** Whether a flag in `metadata` is set. */
export function isSet(value: unknown): boolean {
  return /^(true|yes|on)$/i.test(String(value));
}

/** What `auth` requires of a rule without settings of its own. */
export function ownNeed({ written: { auth } }: Draft, section: RuleSection): AuthNeed {
  // If `required` is not set, only oauth2 requires authentication, and a rule may disable oauth2.
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
