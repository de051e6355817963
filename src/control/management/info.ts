// `/info`, `/stats`, `/metrics`: what runs, and how much it does.
import { CallError, json } from "./answer.ts";
import { type GatewayView, timestamp, uptime } from "./gateway-view.ts";
import type { Operation } from "./operation.ts";

/** Operations of the groups `health` and `metrics`. */
export function infoOperations(backstage: GatewayView): readonly Operation[] {
  const { runtime } = backstage;
  return [
    {
      method: "GET",
      path: "/info",
      group: "health",
      run: () =>
        json({
          version: runtime.version,
          startTime: timestamp(backstage.startedAt),
          uptime: uptime(backstage),
          runtime: `node ${process.version}`,
          configHash: backstage.snapshot().hash,
          lastReload: lastReload(backstage),
        }),
    },
    { method: "GET", path: "/stats", group: "metrics", run: () => json(statistics(backstage)) },
    {
      method: "GET",
      path: "/metrics",
      group: "metrics",
      run: async () => {
        if (!backstage.snapshot().config.metrics.enabled) throw new CallError(404, "metrics.enabled is false");
        const page = await runtime.exposition();
        return { status: 200, contentType: page.contentType, body: await page.text() };
      },
    },
  ];
}

/** How the last load went. */
export function lastReload(backstage: GatewayView): Readonly<Record<string, unknown>> {
  const { at, ok, problems } = backstage.lastLoad();
  return { time: timestamp(at), ok, ...(ok ? {} : { error: problems.join("\n") }) };
}

function statistics(backstage: GatewayView): unknown {
  const { active, total } = backstage.requests();
  const { services, routes } = backstage.snapshot();
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage();
  const { streams } = backstage.runtime;
  return {
    uptime: uptime(backstage),
    requestCount: total,
    activeRequests: active,
    serviceCount: services.size,
    routeCount: routes.length,
    memory: { rss, heapTotal, heapUsed, external },
    connections: {
      http: backstage.connections("http"),
      websocket: streams.count("websocket"),
      sse: streams.count("sse"),
      grpc: backstage.connections("grpc"),
    },
  };
}
