// `/rate-limits`: the limits in use; an operator may change one until the next reload.
import type { LimitView } from "../../core/limit-view.ts";
import { CallError, json } from "./answer.ts";
import type { Backstage } from "./backstage.ts";
import { type Checks, readFields } from "./body.ts";
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
export function limitOperations({ runtime }: Backstage): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/rate-limits",
      group: "routes",
      run: () => json({ limits: [...runtime.limits].map(describe) }),
    },
    {
      method: "PUT",
      path: "/rate-limits/{id}",
      group: "routes",
      run: ({ params: [id], body }) => {
        const found = [...runtime.limits].filter((l) => l.id === id);
        if (found.length === 0) throw new CallError(404, "Rate limit not found");
        const { rate, burst } = readFields(body, CHECKS);
        if (rate === undefined) throw new CallError(400, "Say rate");
        for (const limit of found) limit.set(rate, burst ?? Math.max(1, Math.ceil(rate)));
        return json(describe(found[found.length - 1]!));
      },
    },
  ];
}

function describe(limit: LimitView): unknown {
  const { id, path, windowMs, type, store, degraded, currentUsage } = limit;
  return { id, path, limit: limit.limit, window: windowMs / 1000, type, store, degraded, currentUsage };
}
