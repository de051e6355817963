// `/circuit-breakers`: the circuits and what they have seen; an operator may close them.
import type { BreakerState } from "../../core/breaker.ts";
import type { CircuitReport, CircuitReset } from "../../core/questions.ts";
import { CallError, json } from "./answer.ts";
import { readFields } from "./body.ts";
import { type GatewayView, timestamp } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group. */
export function breakerOperations({ ask }: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/circuit-breakers",
      group: "services",
      run: async () => json({ breakers: (await ask("circuits", null)).map(describe) }),
    },
    {
      method: "POST",
      path: "/circuit-breakers/reset",
      group: "services",
      run: async ({ body }) => {
        readFields(body, {});
        const resets = await ask("resetCircuits", null);
        return json({ status: "success", breakers: resets.map((reset) => ({ name: reset.name, ...changeOf(reset) })) });
      },
    },
    {
      method: "POST",
      path: "/circuit-breakers/{name}/reset",
      group: "services",
      run: async ({ params: [name], body }) => {
        readFields(body, {});
        // Over a reload, the circuit before and the one after may both be in use; the latter is shown.
        const last = (await ask("resetCircuits", name!)).at(-1);
        if (last === undefined) throw new CallError(404, "Circuit breaker not found");
        return json({ status: "success", ...changeOf(last) });
      },
    },
  ];
}

function changeOf({ before, after }: CircuitReset): { previousState: string; currentState: string } {
  return { previousState: shown(before), currentState: shown(after) };
}

function describe(circuit: CircuitReport): unknown {
  const { name, state, failures, successes, lastFailureAt, lastChangeAt, retryAfterMs } = circuit;
  const seen = failures + successes;
  return {
    name,
    state: shown(state),
    failures,
    successRate: seen === 0 ? null : successes / seen,
    lastFailure: timeOf(lastFailureAt),
    lastStateChange: timeOf(lastChangeAt),
    retryAfter: retryAfterMs / 1000,
  };
}

function shown(state: BreakerState): string {
  return state.replace("_", "-");
}

/** null for never. */
function timeOf(ms: number): string | null {
  return ms === 0 ? null : timestamp(ms);
}
