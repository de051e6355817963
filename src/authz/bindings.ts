// From an identity to the roles that are bound to it.
import type { Identity } from "../core/identity.ts";
import { type Principal, principalKey, principalsOf } from "./principal.ts";

/** Reads a claim by its name or path; undefined when absent. */
export type ReadClaim = (claims: Readonly<Record<string, unknown>>) => unknown;

/** A principal and the number of a role it has. */
export interface Binding {
  readonly principal: Principal;
  readonly role: number;
}

/** The bindings of all policies. */
export class Bindings {
  /** By key of the principal. */
  readonly #roles = new Map<string, number[]>();
  /** The claims that are bound. */
  readonly #claims: readonly (readonly [name: string, read: ReadClaim])[];

  /** @param claimAt finds out how a claim is read */
  constructor(bindings: readonly Binding[], claimAt: (name: string) => ReadClaim) {
    for (const { principal, role } of bindings) {
      const key = principalKey(principal);
      this.#roles.set(key, [...(this.#roles.get(key) ?? []), role]);
    }
    const names = bindings.flatMap(({ principal }) => (principal.kind === "claim" ? [principal.name] : []));
    this.#claims = [...new Set(names)].map((name) => [name, claimAt(name)]);
  }

  /** Roles by number, in order, each once. @param subject "" = the identity has none of the kind that is asked for */
  rolesOf(identity: Identity, subject: string): readonly number[] {
    return this.rolesOfAll([...principalsOf(identity, subject), ...this.#claimsOf(identity)]);
  }

  /** As {@link rolesOf}. */
  rolesOfAll(principals: readonly Principal[]): readonly number[] {
    const found = new Set(principals.flatMap((principal) => this.#roles.get(principalKey(principal)) ?? []));
    return [...found].sort((a, b) => a - b);
  }

  #claimsOf({ claims }: Identity): readonly Principal[] {
    return this.#claims.flatMap(([name, read]) =>
      textsOf(read(claims)).map((value) => ({ kind: "claim" as const, name, value })),
    );
  }
}

/** A claim as texts: one, or those of a list. */
function textsOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((each) => (Array.isArray(each) ? [] : textsOf(each)));
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
}
