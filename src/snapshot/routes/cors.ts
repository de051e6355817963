// `cors` of rules → their policies, which rules of equal settings share.
import type { RuleConfig } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
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

  /** null: preflights are requests like any other. @param first filters that refuse preflights, too */
  preflightFor(rule: RuleConfig, first: readonly Filter[]): PreflightRule | null {
    const { preflight } = this.#of(rule);
    if (preflight === null || first.length === 0) return preflight;
    const passes = (ctx: RequestContext) => first.every((filter) => filter.onRequest!(ctx) === undefined);
    return { answer: (ctx) => (passes(ctx) ? preflight.answer(ctx) : null) }; // null: then refused by the filter
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
