// Role-based access control: the compiled policies of one configuration and the decisions made by them.
import { createHash } from "node:crypto";
import type { Identity } from "../core/identity.ts";
import { Bindings, type ReadClaim } from "./bindings.ts";
import { Decisions } from "./decisions.ts";
import { withInherited } from "./inheritance.ts";
import { PermissionSet } from "./permission-set.ts";
import type { PolicySettings, RbacSettings, RoleSettings } from "./settings.ts";

/** Longest list of role numbers that is a key itself, characters. */
const MAX_PLAIN_KEY = 64;

/** A role with everything it inherits. */
export interface Role {
  readonly policy: string;
  readonly name: string;
  readonly description: string;
  readonly permissions: PermissionSet;
}

/** The roles of an identity. */
export interface Assignment {
  /** The subject as `subjectKey` selects it; "" if the identity has no such attribute. */
  readonly subject: string;
  /** Identifies the set of roles. */
  readonly key: string;
  readonly roles: readonly Role[];
}

/** Makes decisions. An instance belongs to one configuration, so a reload starts with empty caches. */
export class Rbac {
  readonly #roles: readonly Role[];
  readonly #bindings: Bindings;
  /** null: the authenticated subject. */
  readonly #subject: ReadClaim | null;
  /** The permissions of all roles, for `defaultAllow`; null if that is off. */
  readonly #granted: PermissionSet | null;
  readonly #decisions: Decisions;
  readonly #assignments = new WeakMap<Identity, Assignment>();

  /** @param claimAt makes the reader of a claim from its name */
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
    this.#granted = defaultAllow ? new PermissionSet(granted) : null;
    this.#decisions = new Decisions(cacheSize, cacheMs);
  }

  /** The roles of an identity, determined once per identity object. */
  assignmentOf(identity: Identity): Assignment {
    let assignment = this.#assignments.get(identity);
    if (assignment === undefined) this.#assignments.set(identity, (assignment = this.#assign(identity)));
    return assignment;
  }

  /** Whether a permission is allowed. @param now monotonic ms */
  allows(assignment: Assignment, permission: string, now: number): boolean {
    // Keys of assignments contain no `|`, so different pairs have different keys.
    const key = `${assignment.key}|${permission}`;
    const cached = this.#decisions.get(key, now);
    if (cached !== undefined) return cached;
    const allowed = this.grantFor(assignment, permission) !== null || this.allowsByDefault(permission);
    this.#decisions.set(key, allowed, now);
    return allowed;
  }

  /** The first role that grants a permission, and its grant that matches; null if none does. */
  grantFor({ roles }: Assignment, permission: string): { readonly role: Role; readonly grant: string } | null {
    for (const role of roles) {
      const grant = role.permissions.find(permission);
      if (grant !== null) return { role, grant };
    }
    return null;
  }

  /** Whether `defaultAllow` allows a permission, because no role grants it. */
  allowsByDefault(permission: string): boolean {
    return this.#granted !== null && this.#granted.find(permission) === null;
  }

  #assign(identity: Identity): Assignment {
    const subject = this.#subjectOf(identity);
    const numbers = this.#bindings.rolesOf(identity, subject);
    return { subject, key: keyOf(numbers), roles: numbers.map((number) => this.#roles[number]!) };
  }

  #subjectOf(identity: Identity): string {
    if (this.#subject === null) return identity.subject;
    const value = this.#subject(identity.claims);
    return typeof value === "string" ? value : "";
  }
}

/** Role numbers, digested when there are many: decisions with long keys are not cached. */
function keyOf(numbers: readonly number[]): string {
  const text = numbers.join();
  return text.length > MAX_PLAIN_KEY ? createHash("sha256").update(text).digest("base64") : text;
}

function rolesOf({ name: policy, roles }: PolicySettings): readonly Role[] {
  const byName = new Map<string, RoleSettings>(roles.map((role) => [role.name, role]));
  return roles.map(({ name, description }) => {
    const all = withInherited(name, byName).flatMap((each) => byName.get(each)!.permissions);
    return { policy, name, description, permissions: new PermissionSet(all) };
  });
}
