// What a rule lets clients do, as it takes effect.
import type { Template } from "../../authz/template.ts";
import type { Pattern } from "../../routing/pattern.ts";

/** The permissions that a rule requires. */
export interface RuleAuthzConfig {
  /** At least one. */
  readonly permissions: readonly Template[];
  /** Whether all of them are needed, or any. */
  readonly requireAll: boolean;
  /** Paths that are exempt. */
  readonly skipPaths: readonly Pick<Pattern, "segments" | "rest">[];
}
