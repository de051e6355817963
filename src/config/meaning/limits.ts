// Limits as written → as meant: of a rule, of every rule, and what does not fit together in them.
import { longestMs } from "../../limits/arithmetic.ts";
import { type KeySource, needsIdentity, parseKeySource } from "../../limits/keys.ts";
import type { Limit } from "../../limits/limit.ts";
import type { ConcurrencyConfig, RateConfig } from "../config.ts";
import type { RateSection } from "../schema/limits.ts";
import type { Written } from "../schema/root.ts";
import type { RuleSection } from "../schema/router.ts";
import { placeOf } from "../text/position.ts";
import type { Position, Problems } from "../text/problem.ts";
import { didYouMean } from "../text/suggest.ts";
import type { MapNode } from "../text/tree.ts";
import { claim } from "./services.ts";
import { storeNames } from "./stores.ts";

/** What {@link LimitReader} finds of a rule. */
export interface RuleLimits {
  readonly rateLimits: readonly RateConfig[];
  readonly concurrency: ConcurrencyConfig | null;
}

type Path = readonly (string | number)[];
type Given = RateSection & { readonly id?: string };

const BY_IP: readonly KeySource[] = [{ kind: "ip", field: "" }];
const BY_ROUTE: readonly KeySource[] = [{ kind: "route", field: "" }];
const NO_RATE: RateSection = {
  rate: null,
  requestsPerSecond: null,
  period: null,
  burst: null,
  key: ["ip"],
  algorithm: null,
  storage: "",
  cost: "",
};

/** Reads the limits of one configuration. */
export class LimitReader {
  readonly #written: Written;
  readonly #tree: MapNode;
  readonly #problems: Problems;
  readonly #stores: ReadonlySet<string>;
  readonly #ids = new Map<string, Position>();
  readonly #overall: readonly RateConfig[];

  constructor(written: Written, tree: MapNode, problems: Problems) {
    this.#written = written;
    this.#tree = tree;
    this.#problems = problems;
    this.#stores = storeNames(written);
    this.#overall = this.#readOverall();
  }

  /** Limits of a rule. @param path where it is written */
  read(section: RuleSection, id: string, path: Path): RuleLimits {
    const own = this.#ownLimits(section, id, path);
    const skips = isTrue(section.metadata.skipRateLimit);
    if (skips && own.length > 0) this.#warn(path, `rule "${id}": metadata.skipRateLimit turns its own limits off`);
    const { concurrency } = section;
    return {
      rateLimits: skips ? [] : [...this.#overall, ...own],
      concurrency: concurrency && {
        max: concurrency.max,
        key: this.#key(concurrency.key, `rule "${id}"`, [...path, "concurrency", "key"]),
      },
    };
  }

  #ownLimits(section: RuleSection, id: string, path: Path): RateConfig[] {
    const single = this.#single(section, id, path);
    const several = section.rateLimits.map((given, i) => {
      const name = given.id === "" ? String(i + 1) : given.id;
      return this.#limit(given, `${id}.${name}`, section, [...path, "rateLimits", i]);
    });
    const own = [single, ...several].filter((limit) => limit !== null);
    if (own.length === 0 && section.rateLimitBurst !== null) {
      this.#warn([...path, "rateLimitBurst"], `rule "${id}": rateLimitBurst has no effect without a rateLimit`);
    }
    return own;
  }

  /** `rateLimit`, else `metadata.rateLimit`, else what `perRoute` says. */
  #single(section: RuleSection, id: string, path: Path): RateConfig | null {
    const { enabled, perRoute } = this.#written.middleware.ratelimit;
    const byDefault = enabled && perRoute.enabled;
    const labelled = this.#labelled(section, id, path);
    if (section.rateLimit !== null) {
      const { rate, requestsPerSecond } = section.rateLimit;
      if (labelled !== null && labelled !== (rate ?? requestsPerSecond)) {
        this.#error([...path, "metadata", "rateLimit"], `rule "${id}": rateLimit and metadata.rateLimit differ`);
      }
      return this.#limit(section.rateLimit, id, section, [...path, "rateLimit"]);
    }
    const period = byDefault ? perRoute.defaultPeriod : 1_000;
    if (labelled !== null) {
      return this.#limit({ ...NO_RATE, rate: labelled, period }, id, section, [...path, "metadata", "rateLimit"]);
    }
    if (!byDefault || section.rateLimits.length > 0) return null;
    const rate = perRoute.defaultRate;
    const given = { ...NO_RATE, rate, period, burst: section.rateLimitBurst ?? perRoute.defaultBurst };
    return this.#limit(given, id, section, ["middleware", "ratelimit", "perRoute"]);
  }

  #labelled(section: RuleSection, id: string, path: Path): number | null {
    const written = section.metadata.rateLimit;
    if (written === undefined || written === null) return null;
    const rate = typeof written === "string" && written !== "" ? Number(written) : written;
    if (typeof rate === "number" && rate >= 0 && Number.isFinite(rate)) return rate;
    this.#error([...path, "metadata", "rateLimit"], `rule "${id}": metadata.rateLimit must be a number`);
    return null;
  }

  #limit(given: Given, id: string, rule: RuleSection, path: Path): RateConfig | null {
    const what = `${path.includes("rateLimits") ? "limit" : "rule"} "${id}"`;
    if (given.rate !== null && given.requestsPerSecond !== null) {
      this.#error(path, `${what}: rate and requestsPerSecond exclude each other`);
    }
    if (given.requestsPerSecond !== null && given.period !== null) {
      this.#error([...path, "period"], `${what}: requestsPerSecond has no other period; write rate`);
    }
    const rate = given.rate ?? given.requestsPerSecond;
    if (rate === null) {
      this.#error(path, `${what}: a limit needs a rate`);
      return null;
    }
    const single = path.at(-1) === "rateLimit";
    if (single && given.burst !== null && rule.rateLimitBurst !== null && given.burst !== rule.rateLimitBurst) {
      this.#error([...path, "burst"], `${what}: burst and rateLimitBurst differ`);
    }
    const key = this.#key(given.key, what, [...path, "key"]);
    const costField = this.#costField(given.cost, what, [...path, "cost"]);
    const store = this.#store(given.storage, rule.rateLimitStorage, what, path);
    const algorithm = given.algorithm ?? this.#written.middleware.ratelimit.algorithm;
    const burst = given.burst ?? (path.includes("rateLimits") ? null : rule.rateLimitBurst);
    const limit = this.#checked(id, algorithm, rate, given.period ?? 1_000, burst, rule.rateLimitExpiration, path);
    if (limit === null) return null;
    if (algorithm === "leaky_bucket" && rule.timeout > 0 && longestMs(limit) > rule.timeout) {
      this.#warn(path, `${what}: the last in the queue waits longer than the timeout of the rule`);
    }
    const kind = given.key.map((k) => k.replace(/^header:.*/, "header")).join("+");
    return { limit, key, store, costField, kind, overall: false };
  }

  /** The limit, or null when it is none. */
  #checked(
    id: string,
    algorithm: Limit["algorithm"],
    rate: number,
    periodMs: number,
    burst: number | null,
    keepMs: number | null,
    path: Path,
  ): Limit | null {
    if (rate === 0) return null;
    const at = placeOf(this.#tree, path);
    if (periodMs === 0) this.#problems.error(at, `limit "${id}": the period must not be 0`);
    if (algorithm === "sliding_window" && rate < 1) {
      this.#problems.error(at, `limit "${id}": nothing would pass; write a rate of 1 and a longer period`);
    }
    if (algorithm === "sliding_window" && burst !== null) {
      this.#problems.warn(at, `limit "${id}": burst has no effect with sliding_window`);
    }
    if (algorithm === "token_bucket" && burst !== null && burst < 1) {
      this.#problems.error(at, `limit "${id}": nothing would pass with a burst below 1`);
    }
    claim(this.#ids, id, at, `limit "${id}"`, this.#problems);
    const limit = { id, algorithm, rate, periodMs, burst: burst ?? Math.ceil(rate), keepMs: keepMs ?? 0 };
    if (keepMs !== null && keepMs < longestMs(limit)) {
      this.#problems.warn(
        at,
        `limit "${id}": keys are kept longer than rateLimitExpiration, until they matter no more`,
      );
    }
    return limit;
  }

  #readOverall(): RateConfig[] {
    const { ratelimit } = this.#written.middleware;
    if (!ratelimit.enabled) return [];
    return (["global", "perIP"] as const).flatMap((id) => {
      const { enabled, rate, burst, period } = ratelimit[id];
      const path = ["middleware", "ratelimit", id];
      const limit = enabled ? this.#checked(id, ratelimit.algorithm, rate, period, burst, null, path) : null;
      const key = id === "global" ? BY_ROUTE : BY_IP;
      return limit === null ? [] : [{ limit, key, store: "default", costField: "", kind: id, overall: true }];
    });
  }

  #key(written: readonly string[], what: string, path: Path): readonly KeySource[] {
    if (written.length === 0) this.#error(path, `${what}: key is empty; write route to count all clients together`);
    if (new Set(written).size < written.length) this.#error(path, `${what}: key names the same twice`);
    const sources = written.flatMap((text, i) => {
      const source = parseKeySource(text);
      if (source === null) {
        const hint = didYouMean(text, ["ip", "subject", "apiKey", "route"]) || '; a header is written "header:<name>"';
        this.#error([...path, i], `${what}: "${text}" is not something to count by${hint}`);
      }
      return source ?? [];
    });
    // Nothing authenticates clients yet.
    if (needsIdentity(sources)) this.#warn(path, `${what}: no authentication is configured, so the key is the address`);
    return sources;
  }

  #costField(written: string, what: string, path: Path): string {
    if (written === "") return "";
    const source = parseKeySource(written);
    if (source?.kind !== "header") {
      this.#error(path, `${what}: cost must be "header:<name>"`);
      return "";
    }
    if (this.#written.frontend.http.trustedProxies.length === 0) {
      this.#warn(path, `${what}: cost is believed of frontend.http.trustedProxies only, and there are none`);
    }
    return source.field;
  }

  #store(own: string, ofRule: string, what: string, path: Path): string {
    const name = own || ofRule || "default";
    if (!this.#stores.has(name)) {
      const place = own === "" ? [...path.slice(0, 3), "rateLimitStorage"] : [...path, "storage"];
      this.#error(place, `${what}: unknown store "${name}"${didYouMean(name, this.#stores)}`);
    }
    return name;
  }

  #error(path: Path, message: string): void {
    this.#problems.error(placeOf(this.#tree, path), message);
  }

  #warn(path: Path, message: string): void {
    this.#problems.warn(placeOf(this.#tree, path), message);
  }
}

function isTrue(value: unknown): boolean {
  return value === true || (typeof value === "string" && /^(true|yes|on)$/i.test(value));
}
