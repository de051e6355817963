// The services of a configuration without ports, checks and snapshots: for commands that ask backends themselves.
import type { Config } from "../config/config.ts";
import type { ProcessFacts } from "../core/data-plane.ts";
import type { Service } from "../core/service.ts";
import { Meters } from "../observe/meters.ts";
import { ServiceBuilder } from "../snapshot/services/service-builder.ts";
import { ProcessLogs } from "./process-logs.ts";
import { makeRuntime } from "./runtime.ts";

/** Services by name; to be closed. */
export interface ServicesAlone {
  named(name: string): Service;
  close(): void;
}

/** Builds them on demand. Warnings and errors of connections go to standard error. */
export function servicesAlone(config: Config, facts: ProcessFacts): ServicesAlone {
  const quiet: Config = {
    ...config,
    logging: { ...config.logging, applicationOutput: "stderr" },
    metrics: { ...config.metrics, enabled: false },
  };
  const logs = new ProcessLogs(quiet, "error", facts.terminal);
  const runtime = makeRuntime(
    facts,
    logs,
    new Meters(),
    {},
    { current: null },
    {
      services: () => [],
      overload: () => null,
      labels: () => ({ path: false, method: false, status: false }),
      certificates: () => [],
      orders: () => [],
      reload: { ok: true, at: 0, hash: "" },
    },
  );
  const leases = runtime.leases.holder();
  const builder = new ServiceBuilder({ config: quiet, runtime, leases });
  return {
    named: (name) => builder.service(name, config.defaultBalancing.loadBalance, null, null),
    close() {
      leases.release();
      runtime.pools.close();
      runtime.http2Pools.close();
    },
  };
}
