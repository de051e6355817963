// `authz.rbac`: validated policies, with permissions and bindings in the form that is compared with requests.
import { cycleIn } from "../../authz/inheritance.ts";
import { readGrant } from "../../authz/permission.ts";
import type { BindingSettings, PolicySettings, RbacSettings, RoleSettings } from "../../authz/settings.ts";
import type { RbacSection } from "../schema/authz.ts";
import { Claims } from "../text/claims.ts";
import { didYouMeanOf } from "../text/suggest.ts";
import type { AuthConfig } from "./auth-config.ts";
import type { Draft, Place } from "./draft.ts";
import { PrincipalReader } from "./principals.ts";
import { checkSkipPaths } from "./skip-paths.ts";

type PolicySection = RbacSection["policies"][number];

const PLACE: Place = ["authz", "rbac"];

/** Reads and validates the section; null if it is off. @param auth null if that section could not be read */
export function readRbac(draft: Draft, auth: AuthConfig | null): RbacSettings | null {
  const { rbac } = draft.written.authz;
  const reader = new PolicyReader(draft, auth);
  const names = new Claims(draft.problems);
  const policies = rbac.policies.map((policy, i) => {
    const place = [...PLACE, "policies", i];
    const name = policy.name || `policy-${i + 1}`;
    names.claim(name, draft.at(place), `policy "${name}"`);
    return reader.read(policy, name, place);
  });
  checkSkipPaths(draft, rbac.skipPaths, [...PLACE, "skipPaths"]);
  if (!rbac.enabled) return null;
  const enforces = rbac.enforcementMode === "enforce";
  if (enforces) warnOfExempt(draft);
  warnOfEmptiness(draft, policies);
  return {
    enforces,
    defaultAllow: rbac.defaultAllow,
    subjectKey: subjectOf(rbac.subjectKey),
    cacheSize: rbac.cacheSize,
    cacheMs: rbac.cacheTTL,
    policies,
  };
}

function subjectOf(key: string): string {
  return key === "auth_subject" ? "" : key;
}

/** Requests without credential have no permission. */
function warnOfExempt(draft: Draft): void {
  const { auth, authz } = draft.written;
  for (const [i, path] of auth.skipPaths.entries()) {
    if (authz.rbac.skipPaths.includes(path)) continue;
    draft.warn(
      ["auth", "skipPaths", i],
      `auth.skipPaths: "${path}" requires no credential, but authz.rbac rejects unauthenticated requests; add it to authz.rbac.skipPaths`,
    );
  }
}

function warnOfEmptiness(draft: Draft, policies: readonly PolicySettings[]): void {
  const { defaultAllow, policies: written } = draft.written.authz.rbac;
  const all = policies
    .flatMap(({ roles }) => roles)
    .find(({ permissions }) => permissions.some((text) => /^\*(:\*)?$/.test(text)));
  if (defaultAllow && all !== undefined)
    draft.warn(
      [...PLACE, "defaultAllow"],
      `authz.rbac.defaultAllow has no effect: role "${all.name}" grants every permission`,
    );
  if (written.every(({ bindings }) => Object.keys(bindings).length === 0) && !defaultAllow)
    draft.warn(PLACE, "authz.rbac: there are no bindings, so every request is rejected");
}

/** Reads policies. */
class PolicyReader {
  readonly #draft: Draft;
  readonly #principals: PrincipalReader;

  constructor(draft: Draft, auth: AuthConfig | null) {
    this.#draft = draft;
    this.#principals = new PrincipalReader(draft, auth, subjectOf(draft.written.authz.rbac.subjectKey));
  }

  read({ roles: written, bindings }: PolicySection, name: string, place: Place): PolicySettings {
    const roles = Object.entries(written).map(([role, section]) =>
      this.#role(section, role, written, [...place, "roles", role]),
    );
    const cycle = cycleIn(new Map(roles.map((role) => [role.name, role])));
    if (cycle !== null)
      this.#fault([...place, "roles"], `policy "${name}": cycle in the inheritance of roles: ${cycle}`);
    const read = Object.entries(bindings).flatMap(([who, names]) =>
      this.#binding(who, names, written, [...place, "bindings", who]),
    );
    return { name, roles, bindings: read };
  }

  #role(
    section: PolicySection["roles"][string],
    name: string,
    roles: PolicySection["roles"],
    place: Place,
  ): RoleSettings {
    if (section.name !== "" && section.name !== name)
      this.#fault([...place, "name"], `role "${name}": its name says "${section.name}"`);
    this.#checkNames(section.inherits, roles, [...place, "inherits"], `role "${name}" inherits from`);
    const permissions = section.permissions.flatMap((text, i) => {
      try {
        return [readGrant(text)];
      } catch (error) {
        this.#fault([...place, "permissions", i], `role "${name}": permission "${text}": ${(error as Error).message}`);
        return [];
      }
    });
    const { description, inherits } = section;
    return { name, description, permissions, inherits };
  }

  #binding(who: string, names: readonly string[], roles: PolicySection["roles"], place: Place): BindingSettings[] {
    this.#checkNames(names, roles, place, `"${who}" has`);
    const principals = this.#principals.read(who, place);
    return principals.map((principal) => ({ principal, roles: names }));
  }

  #checkNames(names: readonly string[], roles: PolicySection["roles"], place: Place, what: string): void {
    for (const [i, name] of names.entries()) {
      if (Object.hasOwn(roles, name)) continue;
      this.#fault(
        [...place, i],
        `${what} role "${name}", which the policy does not have${didYouMeanOf(name, Object.keys(roles), "it has")}`,
      );
    }
  }

  #fault(place: Place, message: string): void {
    this.#draft.error(place, message);
  }
}
