// What every compilation is handed, without ports, logs or a process around it.
import type { Config } from "../../src/config/config.ts";
import { PoolSet } from "../../src/connectors/http/pools.ts";
import { Http2PoolSet } from "../../src/connectors/http2/pools.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { ProcessFacts } from "../../src/core/data-plane.ts";
import { type LeaseHolder, LeaseTable } from "../../src/core/lease.ts";
import { OpenStreams } from "../../src/core/streams.ts";
import { Meters } from "../../src/observe/meters.ts";
import { HealthChecks } from "../../src/resilience/health-check.ts";
import { ProbeSlots } from "../../src/resilience/probe-slots.ts";
import type { Build, Runtime } from "../../src/snapshot/runtime.ts";
import { IssuedCertificates } from "../../src/tls/issued-certificates.ts";
import { anyClients } from "./clients.ts";
import { watchOf } from "./credentials.ts";
import { NO_LOG, testNetwork } from "./network.ts";

/** What a process tells its data plane, here that of a test. */
export const TEST_FACTS: ProcessFacts = {
  version: "0",
  instanceId: "test",
  memberId: "member",
  sessionSecret: "secret",
  share: 1,
  openFiles: 0,
  terminal: false,
};

/** A runtime that logs nothing; a configuration that wants an access log cannot be compiled with it. */
export function quietRuntime(): Runtime & { readonly pools: PoolSet } {
  const network = testNetwork();
  return {
    clients: anyClients(),
    issued: new IssuedCertificates(),
    network,
    leases: new LeaseTable(),
    pools: new PoolSet(network, () => performance.now()),
    http2Pools: new Http2PoolSet(network, () => performance.now()),
    streams: new OpenStreams(() => 0),
    credentials: watchOf(),
    healthChecks: new HealthChecks({ clock: systemClock, random: Math.random, slots: new ProbeSlots(1) }),
    meters: new Meters(),
    breakers: new Set(),
    transcoding: null,
    llm: null,
    redis: null,
    redisSessions: null,
    leaseSink: () => {
      throw new Error("no log here");
    },
    exposition: () => Promise.reject(new Error("no scrape here")),
    extensions: {},
    log: NO_LOG,
    live: { current: null },
    ...TEST_FACTS,
  };
}

/** One compilation of `config`, which takes its leases from `leases`. */
export function buildOf(config: Config, leases: LeaseHolder, runtime: Runtime = quietRuntime()): Build {
  return { config, runtime, leases };
}
