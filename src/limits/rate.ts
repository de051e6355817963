// Rate limits of a route: every one of them must let a request pass, and it is charged to all or to none.
import type { Admission } from "../core/charge.ts";
import type { RequestContext } from "../core/context.ts";
import type { Filter, Phase } from "../core/filter.ts";
import type { Refusal, Verdict } from "../core/reply.ts";
import { getField } from "../wire/fields.ts";
import type { AdjustableLimit } from "./adjustable.ts";
import { capacityOf } from "./arithmetic.ts";
import type { KeyOf } from "./keys.ts";
import type { Decision, Limit, LimitStore, Refused } from "./limit.ts";
import type { LimitMeter } from "./limit.ts";
import { addRateFields, dropForeign, policyOf, quoted } from "./rate-fields.ts";

/** One limit of a route. */
export interface RateRule {
  readonly limit: AdjustableLimit;
  readonly store: LimitStore;
  readonly keyOf: KeyOf;
  /** Whether the key is told after authentication only. */
  readonly needsIdentity: boolean;
  /** Lower-case name of the header that says what a request costs; "" each costs 1. Believed of trusted proxies only. */
  readonly costField: string;
  /** null when metrics are off. */
  readonly meter: LimitMeter | null;
}

type Answer = Decision | Refused;

const UNAVAILABLE: Refusal = { code: "limits_unavailable" };

/**
 * The filters of a route: one before authentication, one behind it, where there are limits of that kind. What the first has
 * charged is given back when the second refuses.
 * @param wallMs time since 1970, ms
 */
export function rateLimits(rules: readonly RateRule[], wallMs: () => number): readonly Filter[] {
  const early = rules.filter((rule) => !rule.needsIdentity);
  const late = rules.filter((rule) => rule.needsIdentity);
  const filters = [];
  if (early.length > 0) filters.push(filterOf("edge", new RateSet(early, early, wallMs)));
  if (late.length > 0) filters.push(filterOf("limit", new RateSet(late, [...early, ...late], wallMs)));
  const last = filters.pop();
  return last === undefined ? [] : [...filters, { ...last, onReply: addLimitFields }];
}

function filterOf(phase: Phase, set: RateSet): Filter {
  return { name: "rate-limit", phase, onRequest: (ctx) => set.admit(ctx) };
}

function addLimitFields(ctx: RequestContext, _status: number, fields: string[]): void {
  if (ctx.admission === null) return;
  dropForeign(fields);
  ctx.admission.addTo(fields);
}

/** Limits that are asked at one moment of a request. */
class RateSet {
  readonly #rules: readonly RateRule[];
  readonly #wallMs: () => number;
  /** Those asked before and these, as the reply lists them. */
  readonly #limits: readonly Limit[];
  readonly #names: readonly string[];
  #policy: string;

  constructor(rules: readonly RateRule[], known: readonly RateRule[], wallMs: () => number) {
    this.#rules = rules;
    this.#wallMs = wallMs;
    this.#limits = known.map(({ limit }) => limit);
    this.#names = this.#limits.map(({ id }) => quoted(id));
    this.#policy = policyOf(this.#limits);
    for (const { limit } of known) {
      limit.onChange(() => {
        this.#policy = policyOf(this.#limits);
      });
    }
  }

  /** All stores are asked at once: those that are far away in one trip. */
  admit(ctx: RequestContext): Verdict | Promise<Verdict> {
    const rules = this.#rules;
    const answers = new Array<Answer | Promise<Answer>>(rules.length);
    let waits = false;
    for (let i = 0; i < rules.length; i++) {
      const rule = rules[i]!;
      const answer = rule.store.take(rule.limit, rule.keyOf(ctx), costOf(ctx, rule));
      answers[i] = answer;
      if (answer instanceof Promise) waits = true;
    }
    if (!waits) return this.#decide(ctx, answers as Answer[]);
    return Promise.all(answers).then((all) => this.#decide(ctx, all));
  }

  /** Undoes what was charged, and makes the answers say so. Keys and costs are what they were: they follow from the request. */
  giveBack(ctx: RequestContext, answers: Answer[]): void {
    for (let i = 0; i < answers.length; i++) {
      const answer = answers[i]!;
      if (answer === "unavailable" || !answer.allowed) continue;
      const rule = this.#rules[i]!;
      const cost = costOf(ctx, rule);
      rule.store.giveBack(rule.limit, rule.keyOf(ctx), cost);
      answers[i] = { ...answer, remaining: answer.remaining + cost };
    }
  }

  addTo(fields: string[], decisions: readonly Decision[]): void {
    addRateFields(fields, this.#policy, this.#names, this.#limits, decisions, this.#wallMs());
  }

  #decide(ctx: RequestContext, answers: Answer[]): Verdict | Promise<Verdict> {
    let known = true;
    let retryMs = 0;
    let waitMs = 0;
    for (let i = 0; i < answers.length; i++) {
      const answer = answers[i]!;
      count(this.#rules[i]!.meter, answer);
      if (answer === "unavailable") {
        known = false;
        continue;
      }
      if (answer.retryMs > retryMs) retryMs = answer.retryMs;
      if (answer.waitMs > waitMs) waitMs = answer.waitMs;
    }
    const charge = new Charge(this, answers, ctx.admission as Charge | null);
    if (known && retryMs === 0) {
      ctx.admission = charge;
      return waitMs > 0 ? held(ctx, waitMs) : undefined;
    }
    charge.giveBack(ctx);
    ctx.admission = null; // the refusal tells it itself, where there is anything to tell
    return known ? refusal(charge, retryMs) : UNAVAILABLE;
  }
}

/** What one request was charged. */
class Charge implements Admission {
  readonly #set: RateSet;
  readonly #answers: Answer[];
  /** Charged before authentication. */
  readonly #before: Charge | null;

  constructor(set: RateSet, answers: Answer[], before: Charge | null) {
    this.#set = set;
    this.#answers = answers;
    this.#before = before;
  }

  giveBack(ctx: RequestContext): void {
    this.#set.giveBack(ctx, this.#answers);
    this.#before?.giveBack(ctx);
  }

  /** Every store has decided, or there is nothing to tell. */
  addTo(fields: string[]): void {
    const own = this.#answers as Decision[];
    this.#set.addTo(fields, this.#before === null ? own : [...(this.#before.#answers as Decision[]), ...own]);
  }
}

function count(meter: LimitMeter | null, answer: Answer): void {
  if (meter === null) return;
  meter.hits++;
  if (answer === "unavailable") meter.rejected++;
  else {
    if (!answer.allowed) meter.rejected++;
    meter.degraded = answer.degraded !== null;
  }
}

function refusal(charge: Charge, retryMs: number): Refusal {
  const fields = ["Retry-After", String(Math.max(1, Math.ceil(retryMs / 1000)))];
  charge.addTo(fields);
  return { code: "rate_limited", fields };
}

/** A client that could name its own price would name the lowest, or use up what others share. */
function costOf(ctx: RequestContext, rule: RateRule): number {
  if (rule.costField === "" || !ctx.peerTrusted) return 1;
  const text = getField(ctx.fields, rule.costField);
  if (text === undefined || !/^\d+$/.test(text)) return 1;
  return Math.max(1, Math.min(Number(text), Math.floor(capacityOf(rule.limit))));
}

/** Longest wait a timer of Node takes, ms; asked for more, it rings at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Goes on when its turn has come; never when the client has left before. */
function held(ctx: RequestContext, ms: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS), undefined);
    ctx.onDone(() => clearTimeout(timer));
  });
}
