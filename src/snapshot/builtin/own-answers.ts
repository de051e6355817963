// The gateway's own answers: health, readiness, echo, metrics, and the welcome of a gateway without a configuration.

import type { RequestContext } from "../../core/context.ts";
import { isWell } from "../../core/endpoint.ts";
import type { Refusal, Reply } from "../../core/reply.ts";
import type { Responder } from "../../core/responder.ts";
import type { Service } from "../../core/service.ts";
import { CheckCounter } from "../../resilience/check-status.ts";
import type { IssuedCertificates } from "../../tls/issued-certificates.ts";
import { routedAccountPaths } from "../llm/account-paths.ts";
import { accountPages } from "../llm/user-accounts.ts";
import { loginOf } from "../routes/login.ts";
import type { Build, Runtime } from "../runtime.ts";
import { echo } from "./echo.ts";
import { healthCalls, isHealthCall } from "./grpc-health.ts";
import { httpsRedirects } from "./https-redirect.ts";
import { builtinPaths } from "./paths.ts";

/** Where authorities ask for the answer to HTTP-01 challenges. */
const VALIDATION = "/.well-known/acme-challenge/";
const SERVICE_HEALTH = "/_gateway/health/services/";
const JSON_TYPE = ["Content-Type", "application/json; charset=utf-8"];
const NOT_FOUND: Reply = { status: 404, fields: JSON_TYPE, body: '{"error":"not found"}\n' };
const NOTHING: Responder = { answer: () => NOT_FOUND };
const READ_ONLY: Refusal = { code: "method_not_allowed", fields: ["Allow", "GET, HEAD"] };
const JSON_FIELDS = ["Content-Type", "application/json; charset=utf-8", "Cache-Control", "no-store"];

/** What the gateway answers itself under one configuration. No filter of a route holds for it, unless a rule names it. */
export class OwnAnswers {
  readonly #first: ReadonlyMap<string, Responder>;
  readonly #last: ReadonlyMap<string, Responder>;
  readonly #health: Responder;
  readonly #serviceHealth = get((ctx) => this.#healthOf(ctx));
  readonly #services: ReadonlyMap<string, Service>;
  readonly #redirects: ReadonlyMap<string, Responder> | null;
  /** Pages of accounts that a rule with the service `_internal` answers, with its own filters. */
  readonly #routed: ReadonlySet<string>;
  readonly #issued: IssuedCertificates;

  constructor(build: Build, services: ReadonlyMap<string, Service>) {
    const { config, runtime } = build;
    const { first, last } = builtinPaths(config);
    const pages = pagesOf(build);
    this.#first = only(pages, first);
    this.#last = only(pages, last);
    this.#health = healthCalls(() => runtime.live.current!);
    this.#services = services;
    this.#redirects = httpsRedirects(config.listeners);
    this.#routed = routedAccountPaths(config);
    this.#issued = runtime.issued;
  }

  /** The answer at a path of the gateway's own, or null. Nothing below `/_gateway/` ever reaches a backend. */
  first({ path, peer }: RequestContext): Responder | null {
    if (this.#routed.size > 0 && this.#routed.has(path)) return null;
    const page = this.#first.get(path) ?? this.#below(path);
    return page === null && this.#redirects !== null ? (this.#redirects.get(peer.listener) ?? null) : page;
  }

  #below(path: string): Responder | null {
    if (!path.startsWith("/_gateway")) return null;
    if (path.startsWith(SERVICE_HEALTH)) return this.#serviceHealth;
    return path.length === 9 || path.charCodeAt(9) === 0x2f ? NOTHING : null;
  }

  /** The answer to an authority that validates a name over HTTP (RFC 8555 §8.3); see `Snapshot.validationAnswer`. */
  validation({ path, method }: RequestContext): Promise<Reply | null> | null {
    const { validation } = this.#issued;
    if (validation === null || !path.startsWith(VALIDATION) || method !== "GET") return null;
    return validation.httpAnswer(path.slice(VALIDATION.length)).then((body) => {
      return body === null ? null : { status: 200, fields: ["Content-Type", "application/octet-stream"], body };
    });
  }

  /** The answer where no route has the path, or null. */
  last(ctx: RequestContext): Responder | null {
    return this.#last.get(ctx.path) ?? (isHealthCall(ctx) ? this.#health : null);
  }

  /** `{"name","status","healthy":n,"total":n}`; 503 when no endpoint takes traffic and does its work. Names no address. */
  #healthOf(ctx: RequestContext): Reply {
    const raw = ctx.path.slice(SERVICE_HEALTH.length);
    const name = this.#services.has(raw) ? raw : decoded(raw);
    const service = this.#services.get(name);
    if (service === undefined) return NOT_FOUND;
    const healthy = service.endpoints.filter(isWell).length;
    const total = service.endpoints.length;
    const status = healthy === total ? "healthy" : healthy > 0 ? "degraded" : "unhealthy";
    const body = `${JSON.stringify({ name, status, healthy, total })}\n`;
    return { status: healthy > 0 ? 200 : 503, fields: JSON_TYPE, body };
  }
}

/** The answer of rules with the service `_internal`: the page at the path of the request. */
export function internalAnswer(build: Build): Responder {
  const { config } = build;
  const { health } = config;
  const paths = ["/", health.healthPath, health.readyPath, health.livePath, ...builtinPaths(config).first];
  const pages = only(pagesOf(build), paths);
  return { answer: (ctx) => pages.get(ctx.path)?.answer(ctx) ?? { code: "no_route" } };
}

/** Every page there can be, by canonical path. */
function pagesOf(build: Build): ReadonlyMap<string, Responder> {
  const { config, runtime } = build;
  const { health, metrics } = config;
  const ready = get(() => readiness(runtime));
  const live = get(() => json(200, { status: "ok", timestamp: now() }));
  return new Map<string, Responder>([
    ["/", get(() => welcome(runtime))],
    [health.healthPath, get(() => overall(runtime))],
    [health.readyPath, ready],
    [health.livePath, live],
    [metrics.path, metricsPage(runtime)],
    ["/_gateway/health", get(() => json(200, { status: "healthy", service: "gateway", timestamp: now() }))],
    ["/_gateway/ready", ready],
    ["/_gateway/live", live],
    ["/_gateway/echo", { answer: echo }],
    ...(loginOf(build)?.pages ?? []),
    ...accountPages(build),
  ]);
}

function only(pages: ReadonlyMap<string, Responder>, paths: readonly string[]): ReadonlyMap<string, Responder> {
  return new Map(paths.map((path) => [path, pages.get(path)!]));
}

/** The scrape endpoint. */
function metricsPage(runtime: Runtime): Responder {
  return get(async (): Promise<Reply> => {
    const exposition = await runtime.exposition();
    return { status: 200, fields: ["Content-Type", exposition.contentType], body: await exposition.text() };
  });
}

/** A page that is only read. */
function get(answer: (ctx: RequestContext) => Reply | Promise<Reply>): Responder {
  return { answer: (ctx) => (ctx.method === "GET" || ctx.method === "HEAD" ? answer(ctx) : READ_ONLY) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
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
