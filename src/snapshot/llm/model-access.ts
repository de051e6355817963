// `strategy.allow`: which clients may use which models.
import { claimAt } from "../../auth/jwt/claim-path.ts";
import { Bindings, type ReadClaim } from "../../authz/bindings.ts";
import type { RbacSettings } from "../../authz/settings.ts";
import type { ModelGrant } from "../../config/meaning/llm/strategy-config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Identity } from "../../core/identity.ts";
import type { ModelAccess } from "../../llm/exchange/candidates/model-access.ts";
import { matchesGlob } from "../../wire/glob.ts";

/** The grants of one rule. */
export class GrantedModels implements ModelAccess {
  readonly #grants: readonly ModelGrant[];
  /** Those of everyone. */
  readonly #open: readonly ModelGrant[];
  readonly #bindings: Bindings;
  /** null: the authenticated subject. */
  readonly #subject: ReadClaim | null;
  readonly #byIdentity = new WeakMap<Identity, readonly ModelGrant[]>();

  /** @param rbac names the attribute that contains the subject, as for roles; null: off */
  constructor(grants: readonly ModelGrant[], rbac: RbacSettings | null) {
    this.#grants = grants;
    this.#open = grants.filter(({ principal }) => principal === null);
    const bindings = grants.flatMap(({ principal }, role) => (principal === null ? [] : [{ principal, role }]));
    this.#bindings = new Bindings(bindings, claimAt);
    this.#subject = rbac === null || rbac.subjectKey === "" ? null : claimAt(rbac.subjectKey);
  }

  allows({ identity }: Pick<RequestContext, "identity">, id: string): boolean {
    return this.#of(identity).some(({ models }) => models.some((glob) => matchesGlob(id, glob)));
  }

  #of(identity: Identity | null): readonly ModelGrant[] {
    if (identity === null) return this.#open;
    let own = this.#byIdentity.get(identity);
    if (own === undefined) {
      const subject = this.#subject === null ? identity.subject : this.#subject(identity.claims);
      const numbers = this.#bindings.rolesOf(identity, typeof subject === "string" ? subject : "");
      own = [...this.#open, ...numbers.map((number) => this.#grants[number]!)];
      this.#byIdentity.set(identity, own);
    }
    return own;
  }
}
