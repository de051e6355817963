// `/rate-limits`: the limits in use; an operator may change one until the next reload.
import type { LimitReport } from "../../core/questions.ts";
import { CallError, json } from "./answer.ts";
import { type Checks, readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Largest rate and burst. */
const MAX = 1e9;

interface Change {
  readonly rate: number;
  readonly burst: number;
}

const CHECKS: Checks<Change> = {
  rate: { expects: "a number above 0", is: (v): v is number => typeof v === "number" && v > 0 && v <= MAX },
  burst: {
    expects: "a whole number of at least 1",
    is: (v): v is number => Number.isInteger(v) && (v as number) >= 1 && (v as number) <= MAX,
  },
};

/** Operations of the group. */
export function limitOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/rate-limits",
      group: "routes",
      run: async () => json({ limits: (await view.ask("limits", null)).map(describe) }),
    },
    {
      method: "PUT",
      path: "/rate-limits/{id}",
      group: "routes",
      run: async ({ params: [id], body }) => {
        const found = (await view.ask("limits", null)).find((limit) => limit.id === id);
        if (found === undefined) throw new CallError(404, "Rate limit not found");
        const { rate, burst } = readFields(body, CHECKS);
        if (rate === undefined) throw new CallError(400, "Missing rate");
        if (found.type === "sliding_window") checkWindow(rate, burst);
        const change = { id: found.id, rate, burst: burst ?? Math.max(1, Math.ceil(rate)) };
        return json(describe((await view.ask("changeLimit", change)) ?? found));
      },
    },
  ];
}

/** Refuses for a sliding window what the configuration refuses, and a burst, which would have no effect. */
function checkWindow(rate: number, burst: number | undefined): void {
  if (burst !== undefined) throw new CallError(400, "burst has no effect with sliding_window");
  if (rate < 1) throw new CallError(400, "A sliding_window with a rate below 1 would admit no request");
}

function describe(limit: LimitReport): unknown {
  const { windowMs, ...rest } = limit;
  return { ...rest, window: windowMs / 1000 };
}
