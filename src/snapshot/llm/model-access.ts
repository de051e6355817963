// `strategy.allow`: which models of a rule a client may use.
import { claimAt, type ReadClaim } from "../../auth/jwt/claim-path.ts";
import { type Principal, principalKey, principalsOf } from "../../authz/principal.ts";
import type { ModelGrant } from "../../config/meaning/llm/strategy-config.ts";
import type { RequestContext } from "../../core/context.ts";
import type { Identity } from "../../core/identity.ts";
import type { ModelAccess } from "../../llm/exchange/candidates/model-list.ts";
import { matchesGlob } from "../../wire/glob.ts";

interface Grant {
  readonly principal: Principal | null;
  readonly key: string;
  readonly models: readonly string[];
  /** Of a principal that is a claim. */
  readonly claim: ReadClaim | null;
}

/** The grants of one rule. */
export class GrantedModels implements ModelAccess {
  readonly #grants: readonly Grant[];

  constructor(grants: readonly ModelGrant[]) {
    this.#grants = grants.map(({ principal, models }) => ({
      principal,
      models,
      key: principal === null ? "" : principalKey(principal),
      claim: principal?.kind === "claim" ? claimAt(principal.name) : null,
    }));
  }

  allows({ identity }: RequestContext, id: string): boolean {
    return this.#grants.some(
      (grant) => grant.models.some((glob) => matchesGlob(id, glob)) && isGranted(grant, identity),
    );
  }
}

function isGranted({ principal, key, claim }: Grant, identity: Identity | null): boolean {
  if (principal === null) return true;
  if (identity === null) return false;
  if (claim !== null) {
    const value = claim(identity.claims);
    return Array.isArray(value) ? value.includes(principal.value) : value === principal.value;
  }
  return principalsOf(identity, identity.subject).some((each) => principalKey(each) === key);
}
