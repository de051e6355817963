// `/circuit-breakers`: the circuits and what they have seen; an operator may close them.
import type { Breaker } from "../../core/breaker.ts";
import { CallError, json } from "./answer.ts";
import { readFields } from "./body.ts";
import { type GatewayView, timestamp } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group. */
export function breakerOperations({ runtime }: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/circuit-breakers",
      group: "services",
      run: () => json({ breakers: [...runtime.breakers].map(describe) }),
    },
    {
      method: "POST",
      path: "/circuit-breakers/reset",
      group: "services",
      run: ({ body }) => {
        readFields(body, {});
        return json({ status: "success", breakers: [...runtime.breakers].map((b) => ({ name: b.name, ...reset(b) })) });
      },
    },
    {
      method: "POST",
      path: "/circuit-breakers/{name}/reset",
      group: "services",
      run: ({ params: [name], body }) => {
        readFields(body, {});
        const found = [...runtime.breakers].filter((b) => b.name === name);
        if (found.length === 0) throw new CallError(404, "Circuit breaker not found");
        // Over a reload, the circuit before and the one after may both be in use.
        const results = found.map(reset);
        return json({ status: "success", ...results[results.length - 1] });
      },
    },
  ];
}

function reset(breaker: Breaker): { previousState: string; currentState: string } {
  const previousState = stateOf(breaker);
  breaker.reset();
  return { previousState, currentState: stateOf(breaker) };
}

function describe(breaker: Breaker): unknown {
  const { failures, successes, lastFailureAt, lastChangeAt } = breaker.facts;
  const seen = failures + successes;
  return {
    name: breaker.name,
    state: stateOf(breaker),
    failures,
    successRate: seen === 0 ? null : successes / seen,
    lastFailure: timeOf(lastFailureAt),
    lastStateChange: timeOf(lastChangeAt),
    retryAfter: breaker.retryAfterMs / 1000,
  };
}

function stateOf(breaker: Breaker): string {
  return breaker.state.replace("_", "-");
}

/** null for never. */
function timeOf(ms: number): string | null {
  return ms === 0 ? null : timestamp(ms);
}
