// Builds what every snapshot of the process shares: pools, checks, meters, streams, and the names of backends.
import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { ClientConnections } from "../adapters/client-connections.ts";
import { PoolSet } from "../connectors/http/pools.ts";
import { Http2PoolSet } from "../connectors/http2/pools.ts";
import type { Breaker } from "../core/breaker.ts";
import { systemClock } from "../core/clock.ts";
import { CredentialWatch } from "../core/credential-watch.ts";
import type { ProcessFacts } from "../core/data-plane.ts";
import { OpenStreams } from "../core/streams.ts";
import type { Exposition, Sources } from "../observe/exposition.ts";
import { loggedLookup } from "../observe/logged-lookup.ts";
import type { Meters } from "../observe/meters.ts";
import { HealthChecks } from "../resilience/health-check.ts";
import { ProbeSlots } from "../resilience/probe-slots.ts";
import type { Extensions } from "../snapshot/extensions.ts";
import type { Runtime } from "../snapshot/runtime.ts";
import { IssuedCertificates } from "../tls/issued-certificates.ts";
import type { Network } from "../wire/dial.ts";
import { Names } from "../wire/names/names.ts";
import { Resolver } from "../wire/resolver.ts";
import { Shortage } from "../wire/shortage.ts";
import type { ProcessLogs } from "./process-logs.ts";

/** Maximum concurrent health probes. */
const MAX_PROBES = 50;

/** What of the metrics follows from the configuration in effect. */
type ConfiguredSources = Pick<Sources, "services" | "overload" | "labels" | "certificates" | "orders" | "reload">;

/** Makes the runtime of a data plane. @param configured what its metrics show of the configuration in effect */
export function makeRuntime(
  facts: ProcessFacts,
  logs: ProcessLogs,
  meters: Meters,
  extensions: Extensions,
  live: Runtime["live"],
  configured: ConfiguredSources,
): Runtime {
  // What libraries dial by themselves, Redis above all: an address has time to lose a packet (RFC 6298 §2.1: 1 s).
  setDefaultAutoSelectFamilyAttemptTimeout(1500);
  const log = logs.app;
  const now = () => performance.now();
  const network: Network = {
    resolver: new Resolver(loggedLookup(new Names().lookUp, log), now),
    log,
    shortage: new Shortage(log, systemClock),
    spare: () => pools.spare(),
  };
  const pools: PoolSet = new PoolSet(network, now);
  const clients = new ClientConnections(log, systemClock);
  const breakers = new Set<Breaker>();
  const slots = new ProbeSlots(MAX_PROBES);
  const healthChecks = new HealthChecks({ clock: systemClock, random: Math.random, slots });
  const sources: Sources = {
    ...configured,
    meters,
    breakers,
    healthChecks,
    clients,
    shortages: network.shortage.counts,
    droppedLines: () => logs.dropped,
  };
  let exposition: Promise<Exposition> | null = null;
  return {
    ...facts,
    leases: logs.leases,
    clients,
    issued: new IssuedCertificates(),
    network,
    pools,
    http2Pools: new Http2PoolSet(network, now),
    streams: new OpenStreams(now),
    credentials: new CredentialWatch({
      clock: systemClock,
      wallClock: Date.now,
      standing: (ctx) => live.current?.snapshot.standing(ctx) ?? null,
      ended: (kind, reason) => meters.auth.streamEnded(kind, reason),
      log,
    }),
    healthChecks,
    meters,
    breakers,
    transcoding: null,
    llm: null,
    redis: null,
    redisSessions: null,
    extensions,
    leaseSink: (output, holder) => logs.lease(output, holder),
    exposition: () => (exposition ??= import("../observe/exposition.ts").then((m) => new m.Exposition(sources))),
    log,
    live,
  };
}
