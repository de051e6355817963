// The effective authorization settings of a rule.
import type { Template } from "../../authz/template.ts";
import type { Pattern } from "../../routing/pattern.ts";

/** What a rule requires. */
export interface RuleAuthzConfig {
  /** At least one. */
  readonly permissions: readonly Template[];
  /** Whether all of them are required, or any one. */
  readonly requireAll: boolean;
  /** Paths that are exempt. */
  readonly skipPaths: readonly Pick<Pattern, "segments" | "rest">[];
}
