// Infers one rate limit, and checks that its keys fit together.
import { longestMs } from "../../limits/arithmetic.ts";
import type { KeySource } from "../../limits/keys.ts";
import type { Limit } from "../../limits/limit.ts";
import type { RateConfig } from "../config.ts";
import type { RateSection } from "../schema/limits.ts";
import type { RuleSection } from "../schema/router.ts";
import { Claims } from "../text/claims.ts";
import { didYouMean } from "../text/suggest.ts";
import type { Draft, Place } from "./draft.ts";
import { readCost, readKey } from "./limit-key.ts";
import { storeNames } from "./stores.ts";

/** A limit of a rule, whichever of its keys says it. */
export interface GivenLimit {
  readonly id: string;
  /** What messages call it, such as `rule "api"`. */
  readonly what: string;
  readonly section: RateSection;
  /** That of the section or of another key; null: by default. */
  readonly burst: number | null;
  readonly place: Place;
}

const BY_IP: readonly KeySource[] = [{ kind: "ip", field: "" }];
const BY_ROUTE: readonly KeySource[] = [{ kind: "route", field: "" }];

/** Reads the rate limits of one configuration, whose names must differ. */
export class RateLimitReader {
  readonly #draft: Draft;
  readonly #stores: ReadonlySet<string>;
  readonly #ids: Claims;

  constructor(draft: Draft) {
    this.#draft = draft;
    this.#stores = storeNames(draft.written);
    this.#ids = new Claims(draft.problems);
  }

  /** A limit of every rule, of `middleware.ratelimit`; null when it is off. */
  ofAll(id: "global" | "perIP"): RateConfig | null {
    const { algorithm, [id]: section } = this.#draft.written.middleware.ratelimit;
    const { enabled, rate, burst, period: periodMs } = section;
    if (!enabled) return null;
    const place = ["middleware", "ratelimit", id];
    const limit = this.#limit({ id, algorithm, rate, periodMs, burst, keepMs: null }, place);
    const key = id === "global" ? BY_ROUTE : BY_IP;
    return limit && { limit, key, store: "default", costField: "", kind: id, overall: true };
  }

  /** A limit of a rule; null when it is none. @param rulePlace of the rule */
  ofRule({ id, what, section, burst, place }: GivenLimit, rule: RuleSection, rulePlace: Place): RateConfig | null {
    const draft = this.#draft;
    if (section.rate !== null && section.requestsPerSecond !== null) {
      draft.error(place, `${what}: rate and requestsPerSecond are mutually exclusive`);
    }
    if (section.requestsPerSecond !== null && section.period !== null) {
      draft.error([...place, "period"], `${what}: requestsPerSecond cannot have a period; write rate`);
    }
    const rate = section.rate ?? section.requestsPerSecond;
    if (rate === null) {
      draft.error(place, `${what}: a limit needs a rate`);
      return null;
    }
    const key = readKey(draft, section.key, what, [...place, "key"]);
    const costField = readCost(draft, section.cost, what, [...place, "cost"]);
    const store = section.storage || rule.rateLimitStorage || "default";
    if (!this.#stores.has(store)) {
      const at = section.storage === "" ? [...rulePlace, "rateLimitStorage"] : [...place, "storage"];
      draft.error(at, `${what}: unknown store "${store}"${didYouMean(store, this.#stores)}`);
    }
    const algorithm = section.algorithm ?? draft.written.middleware.ratelimit.algorithm;
    const values = { id, algorithm, rate, periodMs: section.period ?? 1_000, burst, keepMs: rule.rateLimitExpiration };
    const limit = this.#limit(values, place);
    if (limit === null) return null;
    if (algorithm === "leaky_bucket" && rule.timeout > 0 && longestMs(limit) > rule.timeout) {
      draft.warn(place, `${what}: the last request in the queue waits longer than the rule's timeout`);
    }
    const kind = section.key.map((k) => k.replace(/^header:.*/, "header")).join("+");
    return { limit, key, store, costField, kind, overall: false };
  }

  /** What is counted; null when nothing is bounded. @param given null: by default */
  #limit(
    given: Omit<Limit, "burst" | "keepMs"> & { readonly burst: number | null; readonly keepMs: number | null },
    place: Place,
  ): Limit | null {
    const { id, algorithm, rate, periodMs, burst, keepMs } = given;
    if (rate === 0) return null;
    const draft = this.#draft;
    if (periodMs === 0) draft.error(place, `limit "${id}": the period must not be 0`);
    if (algorithm === "sliding_window" && rate < 1) {
      draft.error(place, `limit "${id}": no request would be admitted; write a rate of 1 and a longer period`);
    }
    if (algorithm === "sliding_window" && burst !== null) {
      draft.warn(place, `limit "${id}": burst has no effect with sliding_window`);
    }
    if (algorithm === "token_bucket" && burst !== null && burst < 1) {
      draft.error(place, `limit "${id}": no request would be admitted with a burst below 1`);
    }
    this.#ids.claim(id, draft.at(place), `limit "${id}"`);
    const limit = { id, algorithm, rate, periodMs, burst: burst ?? Math.ceil(rate), keepMs: keepMs ?? 0 };
    if (keepMs !== null && keepMs < longestMs(limit)) {
      draft.warn(place, `limit "${id}": keys are kept longer than rateLimitExpiration, as long as they have an effect`);
    }
    return limit;
  }
}
