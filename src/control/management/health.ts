// `/health`: how the gateway is, for people and for orchestrators.

import { isWell } from "../../core/endpoint.ts";
import type { Service } from "../../core/service.ts";
import { json, text } from "./answer.ts";
import { type GatewayView, timestamp, uptime } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group. */
export function healthOperations(backstage: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/health",
      group: "health",
      run: () => {
        const services = [...backstage.snapshot().services.values()].map((s) => [s.name, stateOf(s)] as const);
        const status = services.some(([, state]) => state === "unhealthy") ? "degraded" : "healthy";
        return json({
          status,
          timestamp: timestamp(backstage.now()),
          uptime: uptime(backstage),
          services: Object.fromEntries(services),
        });
      },
    },
    { method: "GET", path: "/health/live", group: "health", open: true, run: () => text("OK") },
    {
      method: "GET",
      path: "/health/ready",
      group: "health",
      open: true,
      run: () => {
        const live = backstage.runtime.live.current;
        return live === null || live.draining ? text("Not Ready", 503) : text("OK");
      },
    },
  ];
}

/** `healthy`, `degraded` when some endpoints are out, `unhealthy` when none is left. */
function stateOf({ endpoints }: Service): "healthy" | "degraded" | "unhealthy" {
  const healthy = endpoints.filter(isWell).length;
  if (healthy === 0) return "unhealthy";
  return healthy === endpoints.length ? "healthy" : "degraded";
}
