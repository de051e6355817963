// Learns which method suits the service best: round robin, requests in progress, or latency.
import type { RequestContext } from "../core/context.ts";
import type { Endpoint } from "../core/endpoint.ts";
import type { Balancer, Picker } from "../core/service.ts";
import { leastConnections, responseTime } from "./least.ts";
import { CHANCES, type RandomInt } from "./random-int.ts";
import { roundRobin } from "./round-robin.ts";
import type { BalancerSettings } from "./settings.ts";

/** Results between two lessons. */
const LESSON = 100;
const SUCCESS_PART = 0.7;
const LATENCY_PART = 0.3;
/** The measured marks of the three ways lie close together; raising them to this power makes the difference count. */
const SHARPNESS = 4;
/** Least share of requests that each way of choosing gets, so that it goes on being measured. */
const LEAST_PART = 0.05;

/**
 * Starts with a third of the requests for each method; the shares are recomputed after every {@link LESSON} results.
 */
export function adaptive(settings: BalancerSettings): Balancer {
  const ways = [roundRobin(), leastConnections(settings), responseTime(settings)];
  const lessons = new Lessons(ways.length);
  return {
    over: (endpoints) =>
      new AdaptivePicker(
        ways.map((way) => way.over(endpoints)),
        lessons,
        settings.randomInt,
      ),
  };
}

/** What was learned of the ways. */
export class Lessons {
  /** Part of the requests each way gets; they add up to 1. */
  readonly parts: Float64Array;
  readonly #marks: Float64Array;
  readonly #good: Float64Array;
  readonly #bad: Float64Array;
  readonly #goodMs: Float64Array;
  #results = 0;

  constructor(ways: number) {
    this.parts = new Float64Array(ways).fill(1 / ways);
    this.#marks = new Float64Array(ways).fill(1);
    this.#good = new Float64Array(ways);
    this.#bad = new Float64Array(ways);
    this.#goodMs = new Float64Array(ways);
  }

  /** @param randomInt below {@link CHANCES} */
  choose(randomInt: number): number {
    let rest = randomInt / CHANCES;
    for (let way = 0; way < this.parts.length - 1; way++) if ((rest -= this.parts[way]!) < 0) return way;
    return this.parts.length - 1;
  }

  /** @param ms to the response head */
  note(way: number, ok: boolean, ms: number): void {
    if (ok) {
      this.#good[way]!++;
      this.#goodMs[way]! += ms;
    } else this.#bad[way]!++;
    if (++this.#results >= LESSON) this.#learn();
  }

  /** A way of choosing that no request took keeps its mark. */
  #learn(): void {
    const means = this.#goodMs.map((ms, way) =>
      this.#good[way] === 0 ? Number.POSITIVE_INFINITY : ms / this.#good[way]!,
    );
    const best = Math.max(Math.min(...means), Number.MIN_VALUE);
    for (let way = 0; way < this.#marks.length; way++) {
      const taken = this.#good[way]! + this.#bad[way]!;
      if (taken === 0) continue;
      const speed = means[way]! <= best ? 1 : best / means[way]!;
      this.#marks[way] = SUCCESS_PART * (this.#good[way]! / taken) + (this.#good[way] === 0 ? 0 : LATENCY_PART * speed);
    }
    const sharp = this.#marks.map((mark) => mark ** SHARPNESS);
    const sum = sharp.reduce((a, b) => a + b, 0) || 1;
    const floored = sharp.map((mark) => Math.max(LEAST_PART, mark / sum));
    const whole = floored.reduce((a, b) => a + b, 0);
    for (let way = 0; way < this.parts.length; way++) this.parts[way] = floored[way]! / whole;
    for (const counts of [this.#good, this.#bad, this.#goodMs]) counts.fill(0);
    this.#results = 0;
  }
}

class AdaptivePicker implements Picker {
  readonly #pickers: readonly Picker[];
  readonly #lessons: Lessons;
  readonly #randomInt: RandomInt;

  constructor(pickers: readonly Picker[], lessons: Lessons, randomInt: RandomInt) {
    this.#pickers = pickers;
    this.#lessons = lessons;
    this.#randomInt = randomInt;
  }

  pick(ctx: RequestContext, exclude: readonly Endpoint[]): Endpoint | null {
    const way = this.#lessons.choose(this.#randomInt());
    ctx.pickedBy = way + 1;
    return this.#pickers[way]!.pick(ctx, exclude);
  }

  observe(ctx: RequestContext, _endpoint: Endpoint, ok: boolean, ms: number): void {
    if (ctx.pickedBy > 0 && ctx.pickedBy <= this.#pickers.length) this.#lessons.note(ctx.pickedBy - 1, ok, ms);
  }
}
