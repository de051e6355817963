// Finds the limits of a rule: those of all rules, and its own, which can be written in several keys.
import type { ConcurrencyConfig, RateConfig } from "../config.ts";
import { UNSAID_RATE } from "../schema/limits.ts";
import type { RuleSection } from "../schema/router.ts";
import type { Draft, Place } from "./draft.ts";
import { readKey } from "./limit-key.ts";
import { type GivenLimit, RateLimitReader } from "./rate-limit.ts";

/** What {@link LimitReader} finds of a rule. */
interface RuleLimits {
  readonly rateLimits: readonly RateConfig[];
  readonly concurrency: ConcurrencyConfig | null;
}

/** Reads the limits of the rules of one configuration. */
export class LimitReader {
  readonly #draft: Draft;
  readonly #rates: RateLimitReader;
  readonly #overall: readonly RateConfig[];

  constructor(draft: Draft) {
    this.#draft = draft;
    this.#rates = new RateLimitReader(draft);
    const { enabled } = draft.written.middleware.ratelimit;
    this.#overall = enabled ? (["global", "perIP"] as const).flatMap((id) => this.#rates.ofAll(id) ?? []) : [];
  }

  /** Limits of a rule. @param place of the rule */
  read(section: RuleSection, id: string, place: Place): RuleLimits {
    const own = this.#own(section, id, place);
    const skips = isTrue(section.metadata.skipRateLimit);
    if (skips && own.length > 0) {
      this.#draft.warn(place, `rule "${id}": metadata.skipRateLimit disables its own limits`);
    }
    const { concurrency } = section;
    return {
      rateLimits: skips ? [] : [...this.#overall, ...own],
      concurrency: concurrency && {
        max: concurrency.max,
        key: readKey(this.#draft, concurrency.key, `rule "${id}"`, [...place, "concurrency", "key"]),
      },
    };
  }

  #own(section: RuleSection, id: string, place: Place): RateConfig[] {
    const several = section.rateLimits.map((limit, i): GivenLimit => {
      const name = `${id}.${limit.id === "" ? i + 1 : limit.id}`;
      return {
        id: name,
        what: `limit "${name}"`,
        section: limit,
        burst: limit.burst,
        place: [...place, "rateLimits", i],
      };
    });
    const given = [this.#single(section, id, place), ...several].filter((limit) => limit !== null);
    const own = given.flatMap((limit) => this.#rates.ofRule(limit, section, place) ?? []);
    if (own.length === 0 && section.rateLimitBurst !== null) {
      this.#draft.warn([...place, "rateLimitBurst"], `rule "${id}": rateLimitBurst has no effect without a rateLimit`);
    }
    return own;
  }

  /** The limit called like the rule: `rateLimit`, else `metadata.rateLimit`, else what `perRoute` says. */
  #single(section: RuleSection, id: string, place: Place): GivenLimit | null {
    const what = `rule "${id}"`;
    const { rateLimit, rateLimitBurst } = section;
    const { enabled, perRoute } = this.#draft.written.middleware.ratelimit;
    const byDefault = enabled && perRoute.enabled;
    const label = this.#label(section, id, place);
    if (rateLimit !== null) {
      const rate = rateLimit.rate ?? rateLimit.requestsPerSecond;
      const { burst } = rateLimit;
      if (label !== null && label !== rate) {
        this.#draft.error([...place, "metadata", "rateLimit"], `${what}: rateLimit and metadata.rateLimit differ`);
      }
      if (rate !== null && burst !== null && rateLimitBurst !== null && burst !== rateLimitBurst) {
        this.#draft.error([...place, "rateLimit", "burst"], `${what}: burst and rateLimitBurst differ`);
      }
      return { id, what, section: rateLimit, burst: burst ?? rateLimitBurst, place: [...place, "rateLimit"] };
    }
    if (label !== null) {
      const period = byDefault ? perRoute.defaultPeriod : 1_000;
      const limit = { ...UNSAID_RATE, rate: label, period };
      return { id, what, section: limit, burst: rateLimitBurst, place: [...place, "metadata", "rateLimit"] };
    }
    if (!byDefault || section.rateLimits.length > 0) return null;
    const limit = { ...UNSAID_RATE, rate: perRoute.defaultRate, period: perRoute.defaultPeriod };
    const burst = rateLimitBurst ?? perRoute.defaultBurst;
    const inFragment = this.#draft.at(place).fragment !== undefined; // what is wrong then is wrong with its rule
    return { id, what, section: limit, burst, place: inFragment ? place : ["middleware", "ratelimit", "perRoute"] };
  }

  /** `metadata.rateLimit`: requests per second, or per period of `perRoute`. */
  #label({ metadata: { rateLimit: label } }: RuleSection, id: string, place: Place): number | null {
    if (label === undefined || label === null) return null;
    const rate = typeof label === "string" && label !== "" ? Number(label) : label;
    if (typeof rate === "number" && rate >= 0 && Number.isFinite(rate)) return rate;
    this.#draft.error([...place, "metadata", "rateLimit"], `rule "${id}": metadata.rateLimit must be a number`);
    return null;
  }
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(true|yes|on)$/i.test(value));
}
