// Inheritance of roles.
import type { RoleSettings } from "./settings.ts";

type Inheriting = Pick<RoleSettings, "inherits">;

/** A role and all roles it inherits from, itself first, without duplicates. Unknown names are skipped. */
export function withInherited(name: string, roles: ReadonlyMap<string, Inheriting>): readonly string[] {
  const found = new Set<string>(roles.has(name) ? [name] : []);
  // Iterating over a set includes elements that are added meanwhile.
  for (const each of found) for (const above of roles.get(each)!.inherits) if (roles.has(above)) found.add(above);
  return [...found];
}

/** A cycle as `a → b → a`; null if there is none. */
export function cycleIn(roles: ReadonlyMap<string, Inheriting>): string | null {
  const cleared = new Set<string>();
  for (const start of roles.keys()) {
    const cycle = cycleFrom(start, roles, cleared);
    if (cycle !== null) return cycle.join(" → ");
  }
  return null;
}

/** Iterative, because chains of roles can be long. @param cleared roles known not to lead to a cycle */
function cycleFrom(start: string, roles: ReadonlyMap<string, Inheriting>, cleared: Set<string>): string[] | null {
  const trail: { readonly name: string; readonly left: string[] }[] = [];
  const on = new Set<string>();
  const enter = (name: string) => {
    trail.push({ name, left: [...(roles.get(name)?.inherits ?? [])] });
    on.add(name);
  };
  if (!cleared.has(start)) enter(start);
  while (trail.length > 0) {
    const { name, left } = trail[trail.length - 1]!;
    const next = left.pop();
    if (next === undefined) {
      cleared.add(name);
      on.delete(name);
      trail.pop();
    } else if (on.has(next)) {
      const names = trail.map((step) => step.name);
      return [...names.slice(names.indexOf(next)), next];
    } else if (!cleared.has(next)) enter(next);
  }
  return null;
}
