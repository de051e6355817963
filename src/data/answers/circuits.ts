// What the data plane says of its circuits, and how they are closed.
import type { Breaker } from "../../core/breaker.ts";
import type { CircuitReport, CircuitReset } from "../../core/questions.ts";

/** All circuits. */
export function reportCircuits(breakers: Iterable<Breaker>): readonly CircuitReport[] {
  return [...breakers].map(({ name, state, facts, retryAfterMs }) => {
    const { failures, successes, lastFailureAt, lastChangeAt } = facts;
    return { name, state, failures, successes, lastFailureAt, lastChangeAt, retryAfterMs };
  });
}

/** @param name of those that are wanted; null: all */
export function resetCircuits(breakers: Iterable<Breaker>, name: string | null): readonly CircuitReset[] {
  const wanted = [...breakers].filter((breaker) => name === null || breaker.name === name);
  return wanted.map((breaker) => {
    const before = breaker.state;
    breaker.reset();
    return { name: breaker.name, before, after: breaker.state };
  });
}
