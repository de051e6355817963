// The gateway's own answers: health, readiness, echo, metrics, and the welcome of a gateway without a configuration.

import type { Config } from "../../config/config.ts";
import type { RequestContext } from "../../core/context.ts";
import { isWell } from "../../core/endpoint.ts";
import type { Reply } from "../../core/reply.ts";
import type { Builtin } from "../../core/snapshot.ts";
import { CheckCounter } from "../../resilience/check-status.ts";
import type { Runtime } from "../runtime.ts";
import { echo } from "./echo.ts";
import { builtinPaths } from "./paths.ts";

/** The three tables a snapshot looks built-in answers up in. */
export interface BuiltinTables {
  readonly internals: ReadonlyMap<string, Builtin>;
  readonly builtins: ReadonlyMap<string, Builtin>;
  readonly fallbacks: ReadonlyMap<string, Builtin>;
}

const JSON_FIELDS = ["Content-Type", "application/json; charset=utf-8", "Cache-Control", "no-store"];

/** Makes the tables of one configuration. */
export function builtinTables(config: Config, runtime: Runtime): BuiltinTables {
  const { health, metrics } = config;
  const ready = get(() => readiness(runtime));
  const live = get(() => json(200, { status: "ok", timestamp: now() }));
  const answers = new Map<string, Builtin>([
    ["/", get(() => welcome(runtime))],
    [health.healthPath, get(() => overall(runtime))],
    [health.readyPath, ready],
    [health.livePath, live],
    [metrics.path, metricsPage(runtime)],
    ["/_gateway/health", get(() => json(200, { status: "healthy", service: "gateway", timestamp: now() }))],
    ["/_gateway/ready", ready],
    ["/_gateway/live", live],
    ["/_gateway/echo", { any: true, answer: echo }],
  ]);
  const { first, last } = builtinPaths(config);
  const only = (paths: readonly string[]) => new Map(paths.map((path) => [path, answers.get(path)!]));
  const internal = ["/", health.healthPath, health.readyPath, health.livePath, ...first];
  return { internals: only(internal), builtins: only(first), fallbacks: only(last) };
}

/** The scrape endpoint. */
export function metricsPage(runtime: Runtime): Builtin {
  return {
    any: false,
    async answer(): Promise<Reply> {
      const exposition = await runtime.exposition();
      return { status: 200, fields: ["Content-Type", exposition.contentType], body: await exposition.text() };
    },
  };
}

function get(answer: (ctx: RequestContext) => Reply): Builtin {
  return { any: false, answer };
}

function json(status: number, body: unknown): Reply {
  return { status, fields: JSON_FIELDS, body: `${JSON.stringify(body)}\n` };
}

function now(): string {
  return new Date().toISOString();
}

function readiness(runtime: Runtime): Reply {
  const ready = runtime.live.current !== null && !runtime.live.current.draining;
  return json(ready ? 200 : 503, { ready, timestamp: now() });
}

function overall(runtime: Runtime): Reply {
  const services = [...(runtime.live.current?.snapshot.services.values() ?? [])];
  const dead = services.filter((s) => !s.endpoints.some(isWell));
  const registry = dead.length === 0 ? "healthy" : "degraded";
  const own = [...runtime.healthChecks.running].filter((check) => check.ofGateway);
  const failing = own.some(({ verdict }) => verdict?.status === "unhealthy");
  const status = runtime.live.current === null || failing ? "unhealthy" : registry;
  const checks = {
    ...Object.fromEntries(own.map(({ name, verdict }) => [name, facts(verdict)])),
    gateway: { status: "healthy", duration: 0 },
    registry: {
      status: registry,
      duration: 0,
      ...(dead.length > 0 ? { error: `services without a healthy instance: ${dead.length}` } : {}),
    },
  };
  const body = { status, timestamp: now(), checks, version: runtime.version, service_id: runtime.instanceId };
  return json(status === "unhealthy" ? 503 : 200, body);
}

/** What the health page says of a check; durations in ns. */
function facts(verdict: CheckCounter | null): Record<string, unknown> {
  const { status, failure, ms } = verdict ?? new CheckCounter();
  return { status, duration: Math.round(ms * 1e6), ...(failure === "" ? {} : { error: failure }) };
}

function welcome(runtime: Runtime): Reply {
  const body = `Gateway ${runtime.version} is running, and has no routes yet.

Write gateway.yaml:

  gateway:
    router:
      rules:
        - { path: "/*", serviceName: web }
    registry:
      static:
        services:
          - { name: web, instances: [ { address: 127.0.0.1, port: 3000 } ] }

and start it with:  gateway -config gateway.yaml
State of this gateway: /_gateway/health
`;
  return { status: 200, fields: ["Content-Type", "text/plain; charset=utf-8"], body };
}
