// Circuits of several data planes as one: open where any is, with the results of all.
import type { BreakerState } from "../../core/breaker.ts";
import type { CircuitReport, CircuitReset } from "../../core/questions.ts";
import { mergeByKey, mostOf, sumOf, worstOf } from "./by-key.ts";

const WORST_FIRST: readonly BreakerState[] = ["open", "half_open", "closed"];

/** Circuits by name. */
export function mergeCircuits(answers: readonly (readonly CircuitReport[])[]): readonly CircuitReport[] {
  return mergeByKey(
    answers,
    ({ name }) => name,
    (circuits) => ({
      name: circuits[0]!.name,
      state: worstState(circuits.map(({ state }) => state)),
      failures: sumOf(circuits, ({ failures }) => failures),
      successes: sumOf(circuits, ({ successes }) => successes),
      lastFailureAt: mostOf(circuits, ({ lastFailureAt }) => lastFailureAt),
      lastChangeAt: mostOf(circuits, ({ lastChangeAt }) => lastChangeAt),
      retryAfterMs: mostOf(circuits, ({ retryAfterMs }) => retryAfterMs),
    }),
  );
}

/** What closing them did, by name. */
export function mergeResets(answers: readonly (readonly CircuitReset[])[]): readonly CircuitReset[] {
  return mergeByKey(
    answers,
    ({ name }) => name,
    (resets) => ({
      name: resets[0]!.name,
      before: worstState(resets.map(({ before }) => before)),
      after: worstState(resets.map(({ after }) => after)),
    }),
  );
}

function worstState(states: readonly BreakerState[]): BreakerState {
  return worstOf(states, WORST_FIRST);
}
