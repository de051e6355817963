// `authz`: authorization of clients.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, free, int, oneOf, str, strings } from "./scalars.ts";

const role = object("One role", {
  name: str("the name once more, if at all; must equal the key", ""),
  description: str("shown by `gateway explain`", ""),
  permissions: strings("what it permits, such as `orders:read`; `*` matches any sequence of characters"),
  inherits: strings("roles of the same policy whose permissions it includes"),
  metadata: free("any annotations; not interpreted"),
});

const policy = object("Roles and their bindings", {
  name: str("unique name, shown by `gateway explain`; default `policy-<n>`", ""),
  description: str("an annotation; not interpreted", ""),
  roles: mapOf("name → role", role),
  bindings: mapOf(
    "principal → names of its roles; a principal is a subject, one of `user:` `service:` `device:` `group:` `role:` `scope:` `apikey:` with a name, `apikey:name:<name>`, `claim:<name>=<value>` or `oauth2:<provider>:<subject>`",
    strings("names of roles of the policy"),
  ),
});

const rbac = object("", {
  enabled: bool("require permissions", false),
  enforcementMode: oneOf("`permissive` only logs denials", ["enforce", "permissive"], "enforce"),
  defaultAllow: bool("allow authenticated clients what no role of any policy grants", false),
  subjectKey: str(
    "attribute that contains the subject, such as `email`; `auth_subject` = the authenticated subject",
    "auth_subject",
  ),
  skipPaths: strings(
    "paths, including everything below, without permission checks: `/health`, `/public/*`; `requiredPermissions` of a rule take precedence",
  ),
  cacheSize: int("number of cached decisions; 0 = no cache", 1000, 0, 1_000_000),
  cacheTTL: dur("lifetime of a cached decision; 0 = until the next reload", 300_000),
  policies: listOf("roles and their bindings", policy),
});

/** `authz`. */
export const authz = object("Authorization of clients", {
  rbac: orSwitch(rbac, "Role-based access control: true, false or a block, which is enabled unless it says otherwise"),
});

/** Keys of a rule. */
export const ruleAuthz = {
  requiredPermissions: strings(
    "permissions that clients need, such as `orders:{id}:{action}`; implies `authRequired`; default `{path}:{action}` with `authz.rbac`",
  ),
  requireAllPermissions: bool("false: any one of `requiredPermissions` is sufficient", true),
};

/** `authz.rbac` as read. */
export type RbacSection = Infer<typeof rbac>;
