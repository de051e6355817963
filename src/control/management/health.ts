// `/health`: how the gateway is, for people and for orchestrators.

import type { ServiceReport } from "../../core/questions.ts";
import { json, text } from "./answer.ts";
import { type GatewayView, timestamp, uptime } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the group. */
export function healthOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/health",
      group: "health",
      run: async () => {
        const services = (await view.ask("services", null)).map((s) => [s.name, stateOf(s)] as const);
        const status = services.some(([, state]) => state === "unhealthy") ? "degraded" : "healthy";
        return json({
          status,
          timestamp: timestamp(view.now()),
          uptime: uptime(view),
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
      run: async () => ((await view.ask("status", null)).ready ? text("OK") : text("Not Ready", 503)),
    },
  ];
}

/** `healthy`, `degraded` when some instances are out, `unhealthy` when none is left. */
function stateOf({ instances }: ServiceReport): "healthy" | "degraded" | "unhealthy" {
  const healthy = instances.filter((instance) => instance.healthy).length;
  if (healthy === 0) return "unhealthy";
  return healthy === instances.length ? "healthy" : "degraded";
}
