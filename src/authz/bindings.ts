// Maps identities to the roles that are bound to them.
import type { Identity } from "../core/identity.ts";
import { type Principal, principalKey, principalsOf } from "./principal.ts";

/** Reads a claim by its name or path; undefined if absent. */
export type ReadClaim = (claims: Readonly<Record<string, unknown>>) => unknown;

/** A principal and the number of a role that is bound to it. */
export interface Binding {
  readonly principal: Principal;
  readonly role: number;
}

/** The bindings of all policies. */
export class Bindings {
  /** By `principalKey`. */
  readonly #roles = new Map<string, number[]>();
  /** The claims that bindings name. */
  readonly #claims: readonly (readonly [name: string, read: ReadClaim])[];

  /** @param claimAt makes the reader of a claim from its name */
  constructor(bindings: readonly Binding[], claimAt: (name: string) => ReadClaim) {
    for (const { principal, role } of bindings) {
      const key = principalKey(principal);
      const roles = this.#roles.get(key);
      if (roles === undefined) this.#roles.set(key, [role]);
      else roles.push(role);
    }
    const names = bindings.flatMap(({ principal }) => (principal.kind === "claim" ? [principal.name] : []));
    this.#claims = [...new Set(names)].map((name) => [name, claimAt(name)]);
  }

  /** Numbers of roles in ascending order, without duplicates. @param subject "" if the identity has none */
  rolesOf(identity: Identity, subject: string): readonly number[] {
    const principals = [...principalsOf(identity, subject), ...this.#claimsOf(identity)];
    const found = new Set(principals.flatMap((principal) => this.#roles.get(principalKey(principal)) ?? []));
    return [...found].sort((a, b) => a - b);
  }

  #claimsOf({ claims }: Identity): readonly Principal[] {
    return this.#claims.flatMap(([name, read]) =>
      textsOf(read(claims)).map((value) => ({ kind: "claim" as const, name, value })),
    );
  }
}

/** The values of a claim, or of the elements of a list, as text. Nested values do not count. */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => (Array.isArray(each) ? [] : textsOf(each)));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}
