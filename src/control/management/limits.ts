// `/rate-limits`: the limits in use; an operator may change one until the next reload.
import type { LimitView } from "../../core/limit-view.ts";
import { CallError, json } from "./answer.ts";
import { type Checks, readFields } from "./body.ts";
import type { GatewayView } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Largest rate and burst. */
const MAX = 1e9;

interface LimitChange {
  readonly rate: number;
  readonly burst: number;
}

const CHECKS: Checks<LimitChange> = {
  rate: { expects: "a number above 0", is: (v): v is number => typeof v === "number" && v > 0 && v <= MAX },
  burst: {
    expects: "a whole number of at least 1",
    is: (v): v is number => Number.isInteger(v) && (v as number) >= 1 && (v as number) <= MAX,
  },
};

/** Operations of the group. */
export function limitOperations(backstage: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/rate-limits",
      group: "routes",
      run: () => json({ limits: backstage.snapshot().limits.map(describe) }),
    },
    {
      method: "PUT",
      path: "/rate-limits/{id}",
      group: "routes",
      run: ({ params: [id], body }) => {
        const found = backstage.snapshot().limits.find((l) => l.id === id);
        if (found === undefined) throw new CallError(404, "Rate limit not found");
        const { rate, burst } = readFields(body, CHECKS);
        if (rate === undefined) throw new CallError(400, "Say rate");
        if (found.type === "sliding_window") checkWindow(rate, burst);
        found.set(rate, burst ?? Math.max(1, Math.ceil(rate)));
        return json(describe(found));
      },
    },
  ];
}

/** As in the configuration, what has no effect is refused. */
function checkWindow(rate: number, burst: number | undefined): void {
  if (burst !== undefined) throw new CallError(400, "burst has no effect with sliding_window");
  if (rate < 1) throw new CallError(400, "Nothing would pass a sliding_window with a rate below 1");
}

function describe(view: LimitView): unknown {
  const { id, path, limit, burst, windowMs, type, store, degraded, currentUsage } = view;
  return { id, path, limit, burst, window: windowMs / 1000, type, store, degraded, currentUsage };
}
