// `/info`, `/stats`, `/metrics`: version, uptime, and counters.
import { CallError, json } from "./answer.ts";
import { type GatewayView, timestamp, uptime } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the groups `health` and `metrics`. */
export function infoOperations(view: GatewayView): readonly Operation[] {
  return [
    {
      method: "GET",
      path: "/info",
      group: "health",
      run: () =>
        json({
          version: view.version,
          startTime: timestamp(view.startedAt),
          uptime: uptime(view),
          runtime: `node ${process.version}`,
          configHash: view.config().hash,
          lastReload: lastReload(view),
        }),
    },
    { method: "GET", path: "/stats", group: "metrics", run: async () => json(await statistics(view)) },
    {
      method: "GET",
      path: "/metrics",
      group: "metrics",
      run: async () => {
        if (!view.config().metrics.enabled) throw new CallError(404, "metrics.enabled is false");
        const { metricsText } = await import("../../observe/metrics-text.ts"); // its library is read only where it is wanted
        const { contentType, text } = await metricsText(await view.ask("metrics", null));
        return { status: 200, contentType, body: text };
      },
    },
  ];
}

/** How the last load went. */
export function lastReload(view: GatewayView): Readonly<Record<string, unknown>> {
  const { at, ok, problems } = view.lastLoad();
  return { time: timestamp(at), ok, ...(ok ? {} : { error: problems.join("\n") }) };
}

async function statistics(view: GatewayView): Promise<unknown> {
  const { requests, active, services, routes, memory, connections } = await view.ask("statistics", null);
  return {
    uptime: uptime(view),
    requestCount: requests,
    activeRequests: active,
    serviceCount: services,
    routeCount: routes,
    memory,
    connections,
  };
}
