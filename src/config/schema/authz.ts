// `authz`: what clients may do.
import type { Infer } from "./field.ts";
import { listOf, mapOf, object } from "./fields.ts";
import { orSwitch } from "./or-switch.ts";
import { bool, dur, free, int, oneOf, str, strings } from "./scalars.ts";

const role = object("One role", {
  name: str("the name again; it must be the same", ""),
  description: str("what it is for, in words; `gateway explain` shows it", ""),
  permissions: strings("what it may do, such as `orders:read`; `*` stands for any run of characters"),
  inherits: strings("roles of the same policy whose permissions it has, too"),
  metadata: free("free, for people"),
});

const policy = object("Roles, and who has them", {
  name: str("unique; shown by `gateway explain`; default `policy-<n>`", ""),
  description: str("what it is for, in words", ""),
  roles: mapOf("name → role", role),
  bindings: mapOf(
    "who → roles: a subject, or `user:` `service:` `device:` `group:` `role:` `scope:` `apikey:` and a name, `apikey:name:<name>`, `claim:<name>=<value>`, `oauth2:<provider>:<subject>`",
    strings("names of roles of the policy"),
  ),
});

const rbac = object("", {
  enabled: bool("ask for permissions", false),
  enforcementMode: oneOf(
    "`permissive` logs what would be denied, and lets it pass",
    ["enforce", "permissive"],
    "enforce",
  ),
  defaultAllow: bool("let clients do what no role of any policy is given", false),
  subjectKey: str(
    "attribute that names the subject, such as `email`; default the authenticated subject",
    "auth_subject",
  ),
  skipPaths: strings(
    "paths, with all below, that need no permission: `/health`, `/public/*`; a rule's own `requiredPermissions` win",
  ),
  cacheSize: int("decisions that are remembered; 0 = none", 1000, 0, 1_000_000),
  cacheTTL: dur("how long each is; 0 = until the configuration changes", 300_000),
  policies: listOf("roles, and who has them", policy),
});

/** `authz`. */
export const authz = object("Authorisation of clients", {
  rbac: orSwitch(rbac, "Permissions by role (RBAC): true, false or a block, which is on unless it says otherwise"),
});

/** Keys of a rule. */
export const ruleAuthz = {
  requiredPermissions: strings(
    "permissions that clients of the rule need, such as `orders:{id}:{action}`; implies `authRequired`; default `{path}:{action}`",
  ),
  requireAllPermissions: bool("false: any of `requiredPermissions` is enough", true),
};

/** `authz.rbac` as read. */
export type RbacSection = Infer<typeof rbac>;
