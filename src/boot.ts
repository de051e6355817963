// Composition root: everything a running gateway is made of, in the order it comes to life and the reverse of its end.
import { randomBytes } from "node:crypto";
import { setDefaultAutoSelectFamilyAttemptTimeout } from "node:net";
import { ClientConnections } from "./adapters/client-connections.ts";
import type { Config } from "./config/config.ts";
import type { LoadOptions } from "./config/load.ts";
import { certificateEnds } from "./config/meaning/tls-files.ts";
import { oneLine } from "./config/text/problem.ts";
import { SourceFiles } from "./config/text/source-files.ts";
import { PoolSet } from "./connectors/http/pools.ts";
import { Http2PoolSet } from "./connectors/http2/pools.ts";
import { drain } from "./control/drain.ts";
import { Listeners } from "./control/listeners.ts";
import { Loader } from "./control/loader.ts";
import { Management } from "./control/management/management.ts";
import { connectionLimit, openFileLimit } from "./control/open-files.ts";
import { type Outcome, Reconciler } from "./control/reconciler.ts";
import { FileWatch } from "./control/watch.ts";
import { systemClock } from "./core/clock.ts";
import { type LeaseHolder, LeaseTable } from "./core/lease.ts";
import type { LogLevel } from "./core/log.ts";
import type { CurrentSnapshot } from "./core/snapshot.ts";
import { OpenStreams } from "./core/streams.ts";
import { Pipeline } from "./gateway/handle.ts";
import { type AppLog, createLog } from "./observe/app-log.ts";
import type { Exposition, LabelChoice } from "./observe/exposition.ts";
import { LineSink } from "./observe/line-sink.ts";
import { Meters } from "./observe/meters.ts";
import { toldLookup } from "./observe/told-lookup.ts";
import { HealthChecks } from "./resilience/health-check.ts";
import { ProbeSlots } from "./resilience/probe-slots.ts";
import { loadChecked } from "./snapshot/check/checked.ts";
import { compile } from "./snapshot/compile.ts";
import type { Extensions } from "./snapshot/extensions.ts";
import { applicationOutput, loggingFormat } from "./snapshot/logging.ts";
import { prepare } from "./snapshot/prepare.ts";
import type { Runtime } from "./snapshot/runtime.ts";
import { VERSION } from "./version.ts";
import type { Network } from "./wire/dial.ts";
import { Names } from "./wire/names/names.ts";
import { Resolver } from "./wire/resolver.ts";
import { Shortage } from "./wire/shortage.ts";

/** Longest wait for the last log lines to get out, ms. */
const LAST_LINES_MS = 1000;

/** Most health probes under way at once. */
const MAX_PROBES = 50;

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
  addresses(): { name: string; host: string; port: number }[];
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
  const readAt = Date.now();
  const files = new SourceFiles();
  const loaded = loadChecked(options.load, files);
  const { config } = loaded;
  let current = config;
  const { logging } = config;
  const terminal = process.stdout.isTTY === true;
  const leases = new LeaseTable();
  const sinks = new Set<LineSink>();
  const leaseSink = (output: string, holder: LeaseHolder): LineSink =>
    holder.lease(
      `sink|${output}`,
      () => {
        const sink = new LineSink(output);
        sinks.add(sink);
        return sink;
      },
      (sink) => {
        sinks.delete(sink);
        void sink.close();
      },
    );
  const level = options.logLevel ?? logging.level;
  // The application log holds its output until a reload names another; the access log may share it.
  let logLease = leases.holder();
  const isText = (of: Config) => loggingFormat(of, applicationOutput(of), terminal) === "text";
  const log = createLog(leaseSink(applicationOutput(config), logLease), level, isText(config));
  for (const warning of loaded.warnings) log.warn(oneLine(warning));

  // What libraries dial by themselves, Redis above all: an address has time to lose a packet (RFC 6298 §2.1: 1 s).
  setDefaultAutoSelectFamilyAttemptTimeout(1500);
  const now = () => performance.now();
  const network: Network = {
    resolver: new Resolver(toldLookup(new Names().lookUp, log), now),
    log,
    shortage: new Shortage(log, systemClock),
    spare: () => runtime.pools.spare(),
  };
  const clients = new ClientConnections(log, systemClock);
  const openFiles = openFileLimit();
  const limitClients = ({ frontend }: Config) => {
    clients.max = connectionLimit(frontend.http.maxConnections, openFiles, (message) => log.warn(message));
  };
  limitClients(config);
  const meters = new Meters();
  const reload = { ok: true, at: Date.now() / 1000, hash: config.hash };
  const holder: { current: CurrentSnapshot | null } = { current: null };
  let exposition: Promise<Exposition> | null = null;
  const runtime: Runtime = {
    leases,
    clients,
    network,
    pools: new PoolSet(network, now),
    http2Pools: new Http2PoolSet(network, now),
    streams: new OpenStreams(now),
    healthChecks: new HealthChecks({ clock: systemClock, random: Math.random, slots: new ProbeSlots(MAX_PROBES) }),
    meters,
    breakers: new Set(),
    reload,
    transcoding: null,
    redis: null,
    leaseSink,
    exposition: () => {
      exposition ??= import("./observe/exposition.ts").then(
        (m) =>
          new m.Exposition({
            meters,
            breakers: runtime.breakers,
            overload: () => holder.current?.snapshot.overload ?? null,
            services: () => holder.current?.snapshot.services.values() ?? [],
            labels: () => runtime.labels,
            reload,
            certificates: () => certificateEnds(current),
            healthChecks: runtime.healthChecks,
            clients,
            shortages: network.shortage.counts,
            droppedLines: () => [...sinks].reduce((sum, sink) => sum + sink.dropped, 0),
          }),
      );
      return exposition;
    },
    labels: labelsOf(config),
    log,
    extensions: options.extensions ?? {},
    instanceId: randomBytes(6).toString("hex"),
    version: VERSION,
    live: holder,
    terminal,
  };
  runtime.pools.maxIdle = config.backend.http.maxIdleConns;
  await prepare(config, runtime);
  const first = compile(config, runtime);
  await runtime.redis?.reached();
  const live: CurrentSnapshot = { snapshot: first, draining: false };
  const pipeline = new Pipeline(live, log);
  const management = new Management(
    {
      runtime,
      startedAt: readAt,
      now: Date.now,
      snapshot: () => reconciler.snapshot,
      lastLoad: () => reconciler.lastLoad,
      warnings: () => reconciler.warnings,
      reload: (reason) => reconciler.reload(reason),
      requests: () => pipeline,
      connections: (name) => listeners.connectionsOf(name),
      setLogLevel: (next) => log.setLevel(next),
    },
    (line) => process.stderr.write(`${line}\n`),
  );
  const listeners = new Listeners(pipeline, runtime, (settings) => management.open(settings));
  const loader = new Loader();
  const load = (known: string) => loader.load(options.load, known);
  const reconciler = new Reconciler(load, runtime, live, listeners, first, loaded.warnings.map(oneLine));
  try {
    const prepared = await listeners.prepare(config);
    await first.begin(null);
    prepared.commit();
  } catch (error) {
    runtime.redis?.close(); // its connections would keep the process alive
    throw error;
  }
  holder.current = live;
  // Not waited for, and not left to the first scrape: that may come when no file can be opened.
  const loadExposition = ({ metrics }: Config) => {
    if (metrics.enabled) runtime.exposition().catch(() => undefined);
  };
  loadExposition(config);

  const watch = options.hotReload ? new FileWatch(() => void reconciler.reload("file"), systemClock) : null;
  watch?.follow(files.stamps);
  reconciler.onLoaded = (stamps) => watch?.follow(stamps);
  reconciler.onApplied = (next) => {
    limitClients(next);
    loadExposition(next);
    runtime.labels = labelsOf(next);
    runtime.pools.maxIdle = next.backend.http.maxIdleConns;
    const before = logLease;
    logLease = leases.holder();
    log.writeTo(leaseSink(applicationOutput(next), logLease), isText(next));
    before.release();
    if (options.logLevel === null) log.setLevel(next.logging.level);
    current = next;
  };

  return {
    log,
    addresses: () => listeners.addresses(),
    reload: (reason) => reconciler.reload(reason),
    reopenLogs: () => {
      for (const sink of sinks) {
        try {
          sink.reopen();
        } catch (error) {
          log.error("Log file cannot be opened again", { output: sink.output, reason: (error as Error).message });
        }
      }
      log.info("Log files opened again");
    },
    async stop() {
      reconciler.close();
      watch?.close();
      loader.close();
      const { delay, timeout } = current.shutdown;
      const times = { delayMs: delay, timeoutMs: timeout };
      await drain(live, listeners, runtime.streams, () => pipeline.active, times, log);
      runtime.healthChecks.close();
      runtime.pools.close();
      runtime.http2Pools.close();
      runtime.redis?.close();
      log.info("Stopped");
      // A reader that does not read must not keep the process alive.
      const flushed = Promise.all([...sinks].map((sink) => sink.flushed()));
      await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, LAST_LINES_MS).unref())]);
    },
    flushSync: () => {
      for (const sink of sinks) sink.flushSync();
    },
  };
}

function labelsOf(config: Config): LabelChoice {
  const { includePathLabel, includeMethodLabel, includeStatusLabel } = config.metrics;
  return { path: includePathLabel, method: includeMethodLabel, status: includeStatusLabel };
}
