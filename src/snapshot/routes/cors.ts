// `cors` of rules → their policies, which rules of equal settings share.
import type { RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";
import type { PreflightRule } from "../../core/route.ts";
import { corsFilter, preflightOf } from "../../shaping/cors.ts";
import { CorsPolicy } from "../../shaping/cors-policy.ts";

interface Compiled {
  readonly filters: readonly Filter[];
  readonly preflight: PreflightRule | null;
}

const OFF: Compiled = { filters: [], preflight: null };

/** CORS of one configuration. */
export class CorsRules {
  readonly #made = new Map<string, Compiled>();

  filtersFor(rule: RuleConfig): readonly Filter[] {
    return this.#of(rule).filters;
  }

  /** null: preflights are requests like any other. */
  preflightFor(rule: RuleConfig): PreflightRule | null {
    return this.#of(rule).preflight;
  }

  #of({ cors }: RuleConfig): Compiled {
    if (cors === null) return OFF;
    const key = JSON.stringify(cors);
    let compiled = this.#made.get(key);
    if (compiled === undefined) {
      const policy = new CorsPolicy(cors);
      compiled = { filters: [corsFilter(policy)], preflight: preflightOf(policy) };
      this.#made.set(key, compiled);
    }
    return compiled;
  }
}
