// The strategy of a rule, as it takes effect.
import type { Principal } from "../../../authz/principal.ts";
import type { LlmRule } from "../../../llm/settings.ts";

/** Models that some clients may use. */
export interface ModelGrant {
  /** null: everyone, also without a credential. */
  readonly principal: Principal | null;
  /** Names of models as the rule lists them, in which `*` matches any sequence of characters. */
  readonly models: readonly string[];
}

/** A strategy, and who may use which of its models. */
export interface StrategyConfig extends LlmRule {
  /** null: everyone may use all of them. */
  readonly allow: readonly ModelGrant[] | null;
}
