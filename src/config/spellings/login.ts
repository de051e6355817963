// The old spelling of one management user: `username` and `password` beside each other mean one entry of `users`.
import type { Problems } from "../text/problem.ts";
import { emptyMap, type MapNode, plain, textOf } from "../text/tree.ts";

/** Moves `management.auth.username` and `password` into `users`, in place. */
export function rewriteLogin(gateway: MapNode, problems: Problems): void {
  const section = gateway.entries.get("management")?.value;
  const auth = section?.kind === "map" ? section.entries.get("auth")?.value : undefined;
  if (auth?.kind !== "map") return;
  const name = auth.entries.get("username");
  const password = auth.entries.get("password");
  if (name === undefined && password === undefined) return;
  auth.entries.delete("username");
  auth.entries.delete("password");
  if (name?.value.kind !== "scalar" || password === undefined) {
    const at = (name ?? password)!.keyAt;
    return problems.error(
      at,
      '"management.auth.username" and "password" must be set together; write them below "users"',
    );
  }
  problems.warn(name.keyAt, '"management.auth.username" and "password" are an old spelling of "management.auth.users"');
  let users = auth.entries.get("users");
  if (users?.value.kind !== "map") {
    users = { keyAt: name.keyAt, value: emptyMap(name.keyAt) };
    auth.entries.set("users", users);
  }
  const known = (users.value as MapNode).entries;
  const user = textOf(name.value);
  const present = known.get(user);
  if (present === undefined) known.set(user, { keyAt: name.keyAt, value: password.value });
  else if (plain(present.value) !== plain(password.value)) {
    problems.error(password.keyAt, `"management.auth.password" and "management.auth.users" have different values`);
  }
}
