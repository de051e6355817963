// Old forms of a policy: `roles` as a list, and `subjects`, `roles` and `permissions` side by side instead of bindings.
import type { Problems } from "../text/problem.ts";
import { type Entry, emptyMap, type MapNode, type Node, textOf } from "../text/tree.ts";

/** Converts each policy to `roles` by name and `bindings`, in place. */
export function rewritePolicies(policies: readonly MapNode[], problems: Problems): void {
  for (const policy of policies) {
    const roles = givenAt(policy, "roles");
    const permissions = givenAt(policy, "permissions");
    const subjects = givenAt(policy, "subjects");
    if (roles !== undefined && roles.value.kind !== "map") listToRoles(policy, roles, permissions, problems);
    else if (permissions !== undefined) permissionsToRole(policy, roles, permissions, problems);
    if (subjects !== undefined) bindSubjects(policy, subjects, problems);
  }
}

/** Each role of a list is a block with a name, or a name to which the permissions of the policy belong. */
function listToRoles(policy: MapNode, roles: Entry, permissions: Entry | undefined, problems: Problems): void {
  const byName = emptyMap(roles.keyAt);
  for (const item of itemsOf(roles.value)) {
    const name = item.kind === "map" ? item.entries.get("name")?.value : item;
    if (name?.kind !== "scalar" || name.value === null) {
      problems.error(item.at, "authz.rbac.policies[].roles: expected a name, or a block with a name");
      continue;
    }
    if (item.kind !== "map" && permissions === undefined)
      problems.error(item.at, `authz.rbac.policies[].roles: role "${textOf(name)}" has no permissions`);
    const block = item.kind === "map" ? item : roleWith(permissions, item.at);
    if (byName.entries.has(textOf(name))) problems.error(item.at, `role "${textOf(name)}" occurs twice`);
    byName.entries.set(textOf(name), { keyAt: item.at, value: block });
  }
  if (permissions !== undefined && itemsOf(roles.value).some(({ kind }) => kind === "map"))
    problems.error(permissions.keyAt, "authz.rbac.policies[].permissions: move them to a role");
  policy.entries.set("roles", { ...roles, value: byName });
  policy.entries.delete("permissions");
  problems.warn(roles.keyAt, '"authz.rbac.policies[].roles" as a list is an old spelling of a mapping by name');
}

/** Permissions without a role become a role with the name of the policy. */
function permissionsToRole(policy: MapNode, roles: Entry | undefined, permissions: Entry, problems: Problems): void {
  policy.entries.delete("permissions");
  if (roles !== undefined)
    return problems.error(permissions.keyAt, "authz.rbac.policies[].permissions: move them to a role");
  const name = policy.entries.get("name")?.value;
  const byName = emptyMap(permissions.keyAt);
  const role = { keyAt: permissions.keyAt, value: roleWith(permissions, permissions.keyAt) };
  byName.entries.set(name?.kind === "scalar" && name.value !== null ? textOf(name) : "all", role);
  policy.entries.set("roles", { keyAt: permissions.keyAt, value: byName });
  problems.warn(permissions.keyAt, '"authz.rbac.policies[].permissions" is an old spelling of those of a role');
}

/** Subjects are bound to all roles of their policy. */
function bindSubjects(policy: MapNode, subjects: Entry, problems: Problems): void {
  policy.entries.delete("subjects");
  problems.warn(
    subjects.keyAt,
    '"authz.rbac.policies[].subjects" is an old spelling of "authz.rbac.policies[].bindings"',
  );
  const roles = policy.entries.get("roles")?.value;
  const names = roles?.kind === "map" ? [...roles.entries.keys()] : [];
  const known = policy.entries.get("bindings");
  if (known !== undefined)
    return problems.error(subjects.keyAt, "authz.rbac.policies[]: subjects and bindings exclude each other");
  const bindings = emptyMap(subjects.keyAt);
  for (const item of itemsOf(subjects.value)) {
    if (item.kind !== "scalar" || item.value === null) {
      problems.error(item.at, "authz.rbac.policies[].subjects: expected text");
      continue;
    }
    const held: Node = {
      kind: "list",
      at: item.at,
      items: names.map((value) => ({ kind: "scalar", at: item.at, value })),
    };
    bindings.entries.set(textOf(item), { keyAt: item.at, value: held });
  }
  policy.entries.set("bindings", { keyAt: subjects.keyAt, value: bindings });
}

function roleWith(permissions: Entry | undefined, at: Node["at"]): MapNode {
  const role = emptyMap(at);
  if (permissions !== undefined) role.entries.set("permissions", permissions);
  return role;
}

/** The value of a key; null counts as absent, and its key is removed. */
function givenAt({ entries }: MapNode, key: string): Entry | undefined {
  const entry = entries.get(key);
  if (entry?.value.kind !== "scalar" || entry.value.value !== null) return entry;
  entries.delete(key);
  return undefined;
}

/** A single value counts as a list of one. */
function itemsOf(node: Node): readonly Node[] {
  return node.kind === "list" ? node.items : [node];
}
