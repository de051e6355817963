// A pending decision of Redis: its request is decided exactly once, by Redis or locally.
import type { Decision, Limit, Refused } from "../limit.ts";
import type { Waiting } from "./budget.ts";

/** One decision in progress. */
export class PendingDecision implements Waiting {
  readonly limit: Limit;
  readonly key: string;
  readonly cost: number;
  readonly #resolve: (decision: Decision | Refused) => void;
  readonly expire: () => void;
  settled = false;
  passed = false;

  constructor(
    limit: Limit,
    key: string,
    cost: number,
    resolve: (decision: Decision | Refused) => void,
    expire: () => void,
  ) {
    this.limit = limit;
    this.key = key;
    this.cost = cost;
    this.#resolve = resolve;
    this.expire = expire;
  }

  settle(decision: Decision | Refused): void {
    this.settled = true;
    this.passed = decision !== "unavailable" && decision.allowed;
    this.#resolve(decision);
  }
}
