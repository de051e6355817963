// Composition root: one control plane and one data plane in this process, in the order in which they start.
import type { ListenerAddress } from "./adapters/listeners.ts";
import type { LoadOptions } from "./config/load.ts";
import { oneLine } from "./config/text/problem.ts";
import { SourceFiles } from "./config/text/source-files.ts";
import { ControlPlane } from "./control/control-plane.ts";
import type { Outcome } from "./control/reconciler.ts";
import type { LogLevel } from "./core/log.ts";
import { LocalDataPlane } from "./data/local-data-plane.ts";
import { processFacts } from "./data/process-facts.ts";
import { ProcessLogs } from "./data/process-logs.ts";
import type { AppLog } from "./observe/app-log.ts";
import { Meters } from "./observe/meters.ts";
import { loadChecked } from "./snapshot/check/checked.ts";
import type { Extensions } from "./snapshot/extensions.ts";
import { VERSION } from "./version.ts";

/** How to start. */
export interface BootOptions {
  readonly load: LoadOptions;
  /** Overrides `telemetry.logging.level`. */
  readonly logLevel: LogLevel | null;
  readonly hotReload: boolean;
  /** Kinds that the program which starts the gateway brings. */
  readonly extensions?: Extensions;
}

/** A running gateway. */
export interface RunningGateway {
  readonly log: AppLog;
  /** Ports bound, by name. */
  addresses(): readonly ListenerAddress[];
  reload(reason: string): Promise<Outcome>;
  reopenLogs(): void;
  /** Stops gracefully; resolves when everything is closed. */
  stop(): Promise<void>;
  /** Writes out what the logs hold, without the event loop: last act before a forced end. */
  flushSync(): void;
}

/**
 * Starts a gateway.
 * @throws ConfigError when the configuration is refused, or the system's error when a port cannot be bound
 */
export async function boot(options: BootOptions): Promise<RunningGateway> {
  const files = new SourceFiles();
  const { config, warnings } = loadChecked(options.load, files);
  const facts = processFacts(VERSION);
  const logs = new ProcessLogs(config, options.logLevel, facts.terminal);
  for (const warning of warnings) logs.app.warn(oneLine(warning));
  const meters = new Meters();
  const data = new LocalDataPlane(facts, logs, meters, options.extensions ?? {});
  const control = new ControlPlane({
    load: options.load,
    hotReload: options.hotReload,
    planes: [data],
    version: VERSION,
    log: logs.app,
    handshakes: () => meters.handshakesOf("management", logs.app),
    applied: (next) => logs.follow(next),
  });
  await control.start(config, warnings.map(oneLine), files.stamps);
  return {
    log: logs.app,
    addresses: () => [...data.addresses, ...control.addresses],
    reload: (reason) => control.reload(reason),
    reopenLogs: () => logs.reopen(),
    async stop() {
      await control.stop();
      logs.app.info("Stopped");
      await logs.flushed();
    },
    flushSync: () => logs.flushSync(),
  };
}
