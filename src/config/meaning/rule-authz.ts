// The permissions that a rule requires, from its own keys and `authz.rbac`.
import { BY_PATH, parseTemplate, type Template } from "../../authz/template.ts";
import type { Pattern } from "../../routing/pattern.ts";
import type { RuleSection } from "../schema/router.ts";
import type { RuleAuthConfig } from "./auth-config.ts";
import type { RuleAuthzConfig } from "./authz-config.ts";
import type { Draft, Place } from "./draft.ts";
import { isSet } from "./implied-auth.ts";
import { skipPatterns } from "./skip-paths.ts";

/** The parts of the rule that are read before. */
interface KnownRule {
  readonly id: string;
  readonly pattern: Pattern;
  readonly auth: RuleAuthConfig | null;
}

/** The requirement of a rule; null if there is none. @param place of the rule */
export function readRuleAuthz(
  draft: Draft,
  section: RuleSection,
  place: Place,
  { id, pattern, auth }: KnownRule,
): RuleAuthzConfig | null {
  const { rbac } = draft.written.authz;
  const { requiredPermissions, requireAllPermissions, metadata } = section;
  const own = requiredPermissions.length > 0;
  const fault = (key: string, message: string) => draft.error([...place, key], `rule "${id}": ${message}`);
  const permissions = readPermissions(draft, section, place, id, pattern);
  if (isSet(metadata.skipAuthz)) {
    if (own) fault("metadata", "metadata.skipAuthz contradicts requiredPermissions");
    return null;
  }
  if (!rbac.enabled) {
    if (own && !draft.isGiven("authz.rbac"))
      fault("requiredPermissions", "requiredPermissions need roles, which are configured in authz.rbac");
    else if (own)
      draft.warn(
        [...place, "requiredPermissions"],
        `rule "${id}": requiredPermissions have no effect while authz.rbac is disabled`,
      );
    return null;
  }
  if (auth === null && rbac.enforcementMode === "enforce")
    draft.warn(
      place,
      `rule "${id}": without authentication, authz.rbac rejects all its requests; set metadata.skipAuthz to exempt it`,
    );
  return { permissions, requireAll: requireAllPermissions, skipPaths: own ? [] : skipPatterns(rbac.skipPaths) };
}

function readPermissions(
  draft: Draft,
  { requiredPermissions, metadata }: RuleSection,
  place: Place,
  id: string,
  { segments }: Pattern,
): readonly Template[] {
  const names = segments.map((segment) => (segment.kind === "any" ? segment.name : ""));
  const read = (text: string, at: Place): Template[] => {
    try {
      return [parseTemplate(text, names)];
    } catch (error) {
      draft.error(at, `rule "${id}": permission "${text}": ${(error as Error).message}`);
      return [];
    }
  };
  const prefix = metadata.resourcePrefix ?? null;
  const at = [...place, "metadata", "resourcePrefix"];
  if (requiredPermissions.length > 0) {
    if (prefix !== null)
      draft.warn(at, `rule "${id}": metadata.resourcePrefix has no effect beside requiredPermissions`);
    return requiredPermissions.flatMap((text, i) => read(text, [...place, "requiredPermissions", i]));
  }
  if (prefix === null) return [BY_PATH];
  if (typeof prefix === "string" && prefix !== "") return read(`${prefix}:{action}`, at);
  draft.error(at, `rule "${id}": metadata.resourcePrefix: expected text`);
  return [];
}
