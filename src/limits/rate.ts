// Rate limits of a route: a request must be within all of them, and is charged to all or none.
import type { Charge } from "../core/charge.ts";
import type { RequestContext } from "../core/context.ts";
import type { Filter, Phase } from "../core/filter.ts";
import type { Refusal, Verdict } from "../core/reply.ts";
import { getField } from "../wire/fields.ts";
import type { AdjustableLimit } from "./adjustable.ts";
import { capacityOf } from "./arithmetic.ts";
import type { KeyOf } from "./keys.ts";
import type { Decision, LimitMeter, LimitStore, Refused } from "./limit.ts";
import { RateFields } from "./rate-fields.ts";

/** One limit of a route. */
export interface RateRule {
  readonly limit: AdjustableLimit;
  readonly store: LimitStore;
  readonly keyOf: KeyOf;
  /** Whether the key is known only after authentication. */
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
  return filters;
}

function filterOf(phase: Phase, set: RateSet): Filter {
  return { name: "rate-limit", phase, onRequest: (ctx) => set.admit(ctx) };
}

/** Limits that are asked at one moment of a request. */
class RateSet {
  readonly #rules: readonly RateRule[];
  /** Those asked by then, these included. */
  readonly #asked: readonly RateRule[];
  readonly #fields: RateFields;

  constructor(rules: readonly RateRule[], asked: readonly RateRule[], wallMs: () => number) {
    this.#rules = rules;
    this.#asked = asked;
    this.#fields = new RateFields(
      asked.map(({ limit }) => limit),
      wallMs,
    );
  }

  /** All stores are asked at once, so that those over the network cost one round trip. */
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
    this.#note(ctx, answers);
    if (known && retryMs === 0) return waitMs > 0 ? held(ctx, waitMs) : undefined;
    for (const charge of ctx.charges!) charge.undo();
    if (!known) return UNAVAILABLE;
    return { code: "rate_limited", fields: ["Retry-After", String(Math.max(1, Math.ceil(retryMs / 1000)))] };
  }

  /** Limits before and after authentication are reported together, so the second adds to the charge of the first. */
  #note(ctx: RequestContext, answers: Answer[]): void {
    const before = ctx.charges?.find((charge) => charge instanceof RateCharge);
    if (before === undefined) (ctx.charges ??= []).push(new RateCharge(ctx, this.#asked, this.#fields, answers));
    else before.extend(this.#asked, this.#fields, answers);
  }
}

/** What the rate limits of its route charged one request. Keys and costs are not kept: they follow from the request. */
class RateCharge implements Charge {
  readonly #ctx: RequestContext;
  #rules: readonly RateRule[];
  #fields: RateFields;
  /** In the order of the rules. */
  readonly #answers: Answer[];
  #undone = false;

  constructor(ctx: RequestContext, rules: readonly RateRule[], fields: RateFields, answers: Answer[]) {
    this.#ctx = ctx;
    this.#rules = rules;
    this.#fields = fields;
    this.#answers = answers;
  }

  /** Adds limits that were asked later. @param rules all of them, with those known already in front */
  extend(rules: readonly RateRule[], fields: RateFields, answers: readonly Answer[]): void {
    this.#rules = rules;
    this.#fields = fields;
    this.#answers.push(...answers);
  }

  undo(): void {
    this.#undone = true;
    for (const [i, rule] of this.#rules.entries()) {
      if (isCharged(this.#answers[i]!)) rule.store.giveBack(rule.limit, rule.keyOf(this.#ctx), costOf(this.#ctx, rule));
    }
  }

  settle(actual: number): void {
    if (this.#undone) return;
    for (const rule of this.#rules) {
      if (rule.costField === "") continue;
      const more = actual - costOf(this.#ctx, rule);
      if (more > 0) rule.store.charge(rule.limit, rule.keyOf(this.#ctx), more);
      else if (more < 0) rule.store.giveBack(rule.limit, rule.keyOf(this.#ctx), -more);
    }
  }

  /** After a revert, the remainder is reported without the request; nothing is reported if a store could not decide. */
  addTo(fields: string[]): void {
    const answers = this.#answers;
    if (!areDecided(answers)) return;
    this.#fields.addTo(fields, this.#undone ? answers.map((decision, i) => this.#withoutCharge(decision, i)) : answers);
  }

  #withoutCharge(decision: Decision, i: number): Decision {
    if (!decision.allowed) return decision;
    return { ...decision, remaining: decision.remaining + costOf(this.#ctx, this.#rules[i]!) };
  }
}

function areDecided(answers: Answer[]): answers is Decision[] {
  return !answers.includes("unavailable");
}

function isCharged(answer: Answer): boolean {
  return answer !== "unavailable" && answer.allowed;
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

/** The cost is taken from trusted proxies only: a client would name the lowest, or use up what others share. */
function costOf(ctx: RequestContext, rule: RateRule): number {
  if (rule.costField === "" || !ctx.peerTrusted) return 1;
  const text = getField(ctx.fields, rule.costField);
  if (text === undefined || !/^\d+$/.test(text)) return 1;
  return Math.max(1, Math.min(Number(text), Math.floor(capacityOf(rule.limit))));
}

/** Longest wait of a Node timer, ms; with a longer one it would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Resolves when the turn of the request has come; never when its client has left before. */
function held(ctx: RequestContext, ms: number): Promise<Verdict> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, MAX_TIMER_MS), undefined);
    ctx.onDone(() => clearTimeout(timer));
  });
}
