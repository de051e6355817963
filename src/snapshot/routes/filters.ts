// The list of request and reply filters of rules: a new one is a file beside this and a line here.
import type { RuleConfig } from "../../config/config.ts";
import { type Filter, inPhaseOrder } from "../../core/filter.ts";
import { bodySize } from "../../limits/body-size.ts";
import { headSize } from "../../limits/head-size.ts";
import type { Build } from "../runtime.ts";
import { eventStreamFilters } from "./event-streams.ts";

/** Those that stand for themselves; rate limits and shedding, which are also seen from outside, are handed to {@link FilterLists}. */
const FILTERS: readonly ((build: Build) => (rule: RuleConfig) => readonly Filter[])[] = [
  eventStreamFilters,
  () => {
    const bySize = new Map<number, readonly Filter[]>();
    return ({ maxBodyBytes }) => {
      if (maxBodyBytes === 0) return [];
      let made = bySize.get(maxBodyBytes);
      if (made === undefined) bySize.set(maxBodyBytes, (made = [bodySize(maxBodyBytes)]));
      return made;
    };
  },
  () => {
    const bySize = new Map<string, readonly Filter[]>();
    return ({ maxHeaderSize, maxHeaders }) => {
      if (maxHeaderSize === null && maxHeaders === null) return [];
      const key = `${maxHeaderSize}|${maxHeaders}`;
      let made = bySize.get(key);
      if (made === undefined) bySize.set(key, (made = [headSize({ maxHeaderSize, maxHeaders })]));
      return made;
    };
  },
];

/** The filters of a rule in phase order. */
interface FilterList {
  /** Those with a request half. */
  readonly request: readonly Filter[];
  readonly all: readonly Filter[];
}

/** The filters of each rule. Rules with equal filters share one list: ten thousand of them stay small. */
export class FilterLists {
  readonly #makers: readonly ((rule: RuleConfig) => readonly Filter[])[];
  readonly #ids = new Map<Filter, number>();
  readonly #lists = new Map<string, FilterList>();

  /** @param first makers that come before the others of their phase */
  constructor(build: Build, first: readonly ((rule: RuleConfig) => readonly Filter[])[]) {
    const added = build.runtime.extensions.filters ?? [];
    this.#makers = [
      ...first,
      ...FILTERS.map((make) => make(build)),
      ...added.map((make) => make(build.config, build.leases)),
    ];
  }

  for(rule: RuleConfig): FilterList {
    const made = this.#makers.flatMap((make) => make(rule));
    const key = made.map((filter) => this.#id(filter)).join();
    let list = this.#lists.get(key);
    if (list === undefined) {
      const all = inPhaseOrder(made);
      list = { all, request: all.filter((filter) => filter.onRequest !== undefined) };
      this.#lists.set(key, list);
    }
    return list;
  }

  #id(filter: Filter): number {
    let id = this.#ids.get(filter);
    if (id === undefined) this.#ids.set(filter, (id = this.#ids.size));
    return id;
  }
}
