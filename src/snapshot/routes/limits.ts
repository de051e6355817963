// Limits of rules → filters: keys, stores, counts that outlive a reload, and meters.
import type { ConcurrencyConfig, RuleConfig } from "../../config/config.ts";
import type { Filter } from "../../core/filter.ts";
import type { LimitView } from "../../core/limit-view.ts";
import { concurrencyLimit, type UnderWay } from "../../limits/concurrency.ts";
import { isShared, keyBy, needsIdentity } from "../../limits/keys.ts";
import type { LimitMeter } from "../../limits/limit.ts";
import { rateLimits } from "../../limits/rate.ts";
import { type LimitLabels, LimitMeterCells } from "../../observe/limit-meters.ts";
import type { Build } from "../runtime.ts";
import { limitStores } from "./limit-stores.ts";
import { LimitViews } from "./limit-views.ts";

/** Makes the filters of one configuration. */
export class LimitFilters {
  readonly #build: Build;
  readonly #rates: LimitViews;

  constructor(build: Build) {
    this.#build = build;
    this.#rates = new LimitViews(build.config, limitStores(build));
  }

  /** The rate limits of all rules so far. */
  get views(): readonly LimitView[] {
    return this.#rates.views;
  }

  /** The limits of a rule, in their order within a phase; none when it has none. */
  filtersFor(rule: RuleConfig): readonly Filter[] {
    const rules = rule.rateLimits.map((limit) => ({
      ...this.#rates.open(limit, limit.overall ? "" : rule.path),
      keyOf: keyBy(limit.key),
      needsIdentity: needsIdentity(limit.key),
      costField: limit.costField,
      meter: this.#meter({ route: rule.id, limit: limit.limit.id, kind: limit.kind }),
    }));
    const rates = rateLimits(rules, Date.now);
    // Before the rate limits, so that a request refused for concurrency is not charged to them.
    return rule.concurrency === null ? rates : [this.#concurrency(rule, rule.concurrency), ...rates];
  }

  #concurrency({ id }: RuleConfig, { max, key }: ConcurrencyConfig): Filter {
    const underWay = this.#build.leases.lease<UnderWay>(
      `concurrency|${id}|${JSON.stringify(key)}`,
      () => new Map(),
      () => undefined,
    );
    return concurrencyLimit({
      max,
      keyOf: keyBy(key),
      shared: isShared(key),
      needsIdentity: needsIdentity(key),
      underWay,
      meter: this.#meter({ route: id, limit: id, kind: "concurrency" }),
    });
  }

  #meter(labels: LimitLabels): LimitMeter | null {
    if (!this.#build.config.metrics.enabled) return null;
    const { limits } = this.#build.runtime.meters;
    return this.#build.leases.lease(
      `limit-meter|${labels.route}|${labels.limit}|${labels.kind}`,
      () => {
        const meter = new LimitMeterCells(labels);
        limits.add(meter);
        return meter;
      },
      (meter) => limits.delete(meter),
    );
  }
}
