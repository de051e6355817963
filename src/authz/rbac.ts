// Who may do what: the policies of one configuration, compiled, and the decisions they make.
import type { Identity } from "../core/identity.ts";
import { Bindings, type ReadClaim } from "./bindings.ts";
import { Decisions } from "./decisions.ts";
import { withInherited } from "./inheritance.ts";
import { PermissionSet } from "./permission-set.ts";
import type { Principal } from "./principal.ts";
import type { PolicySettings, RbacSettings, RoleSettings } from "./settings.ts";

/** A role with all that it inherits. */
export interface Role {
  readonly policy: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: PermissionSet;
}

/** What is known of an identity. */
export interface Holder {
  /** "" = it has none of the kind that is asked for. */
  readonly subject: string;
  /** Different for different roles. */
  readonly key: string;
  readonly roles: readonly Role[];
}

/** Decides by roles. Belongs to one configuration: a reload begins with an empty memory. */
export class Rbac {
  readonly #roles: readonly Role[];
  readonly #bindings: Bindings;
  /** null: the subject is the authenticated one. */
  readonly #subject: ReadClaim | null;
  /** What any role is given; null: what no role is given is denied. */
  readonly #spokenOf: PermissionSet | null;
  readonly #decisions: Decisions;
  readonly #holders = new WeakMap<Identity, Holder>();

  /** @param claimAt finds out how a claim is read by its name */
  constructor(settings: RbacSettings, claimAt: (name: string) => ReadClaim) {
    const { policies, defaultAllow, subjectKey, cacheSize, cacheMs } = settings;
    const roles: Role[] = [];
    const bindings = policies.flatMap((policy) => {
      const numbers = new Map(policy.roles.map(({ name }, i) => [name, roles.length + i]));
      roles.push(...rolesOf(policy));
      return policy.bindings.flatMap(({ principal, roles: names }) =>
        names.map((name) => ({ principal, role: numbers.get(name)! })),
      );
    });
    this.#roles = roles;
    this.#bindings = new Bindings(bindings, claimAt);
    this.#subject = subjectKey === "" ? null : claimAt(subjectKey);
    const granted = policies.flatMap((policy) => policy.roles.flatMap(({ permissions }) => permissions));
    this.#spokenOf = defaultAllow ? new PermissionSet(granted) : null;
    this.#decisions = new Decisions(cacheSize, cacheMs);
  }

  /** What is known of an identity, found out once for each. */
  holderOf(identity: Identity): Holder {
    let holder = this.#holders.get(identity);
    if (holder === undefined) {
      const subject = this.#subjectOf(identity);
      holder = this.#holder(subject, this.#bindings.rolesOf(identity, subject));
      this.#holders.set(identity, holder);
    }
    return holder;
  }

  /** As {@link holderOf} for whoever these principals are. */
  holderOfAll(subject: string, principals: readonly Principal[]): Holder {
    return this.#holder(subject, this.#bindings.rolesOfAll(principals));
  }

  /** Whether a holder of roles has a permission. @param now monotonic ms */
  allows(holder: Holder, permission: string, now: number): boolean {
    const key = `${holder.key}|${permission}`;
    const known = this.#decisions.get(key, now);
    if (known !== undefined) return known;
    const allowed = this.grantFor(holder, permission) !== null || this.passesUnspoken(permission);
    this.#decisions.set(key, allowed, now);
    return allowed;
  }

  /** The first role that has a permission, and what it is given; null: none has. */
  grantFor({ roles }: Holder, permission: string): { readonly role: Role; readonly grant: string } | null {
    for (const role of roles) {
      const grant = role.permissions.find(permission);
      if (grant !== null) return { role, grant };
    }
    return null;
  }

  /** Whether a permission passes because no role is given it. */
  passesUnspoken(permission: string): boolean {
    return this.#spokenOf !== null && this.#spokenOf.find(permission) === null;
  }

  #subjectOf(identity: Identity): string {
    if (this.#subject === null) return identity.subject;
    const value = this.#subject(identity.claims);
    return typeof value === "string" ? value : "";
  }

  #holder(subject: string, numbers: readonly number[]): Holder {
    return { subject, key: numbers.join(), roles: numbers.map((number) => this.#roles[number]!) };
  }
}

function rolesOf({ name: policy, roles }: PolicySettings): readonly Role[] {
  const byName = new Map<string, RoleSettings>(roles.map((role) => [role.name, role]));
  return roles.map(({ name, description }) => {
    const all = withInherited(name, byName).flatMap((each) => byName.get(each)!.permissions);
    return { policy, name, description, permissions: new PermissionSet(all) };
  });
}
