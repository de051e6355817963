// `gateway`: runs until a signal ends it.

import { boundText } from "../adapters/listener.ts";
import type { RunningGateway } from "../boot.ts";
import type { PortMoves } from "../config/text/move-ports.ts";
import { LOG_LEVELS, type LogLevel } from "../core/log.ts";
import type { Backends } from "../demo/backends.ts";
import { VERSION } from "../version.ts";
import { check } from "./check.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";
import { EarlySignals } from "./early-signals.ts";
import { flagOn, type Parsed } from "./flags.ts";

/**
 * A repetition within this time is the same signal, ms: make, npm and other parents pass on what the whole process group
 * has received already.
 */
const SAME_SIGNAL_MS = 200;

/** Longest wait for what a library still has open once all is closed, such as a sentinel that hangs, ms. */
const LAST_WAIT_MS = 500;

/** What `gateway demo` adds. */
interface Demo {
  /** Servers in the same process, which the caller ends. */
  readonly backends: Backends;
  /** A path that the configuration is known to serve, to be named to the user; "" = none. */
  readonly tryPath: string;
  readonly moves: PortMoves;
  /** The folder of its certificates; null: it has none. */
  readonly certificates: string | null;
}

/** Runs the gateway. */
export const run: Command = {
  name: "run",
  summary: "run the gateway (the default command)",
  operands: "",
  flags: { ...CONFIG_FLAGS, "log-level": "text", "hot-reload": "bool", validate: "bool", version: "bool" },
  help: {
    ...CONFIG_HELP,
    "log-level": "debug, info, warn or error",
    "hot-reload": "reload when a configuration file changes (default true)",
    validate: "check the configuration and exit",
    version: "print the version and exit",
  },
  async run(parsed, env) {
    if (flagOn(parsed, "version", false)) {
      process.stdout.write(`gateway ${VERSION}\n`);
      return 0;
    }
    if (flagOn(parsed, "validate", false)) return check.run(parsed, env);
    return runUntilSignal(parsed, env);
  },
};

/**
 * Starts, announces the address, and waits for the signal that ends it.
 * @returns exit code
 */
export async function runUntilSignal(
  parsed: Parsed,
  env: NodeJS.ProcessEnv,
  demo: Demo | null = null,
): Promise<number> {
  const load = { ...loadOptions(parsed, env), ...(demo === null ? {} : { moves: demo.moves }) };
  const early = new EarlySignals();
  const { boot } = await import("../boot.ts"); // other commands do not pay for it
  const gateway = await boot({ load, logLevel: logLevel(parsed, env), hotReload: flagOn(parsed, "hot-reload", true) });
  for (const address of gateway.addresses()) {
    const { name: listener, port } = address;
    gateway.log.info(`Listening on ${boundText(address)}`, {
      listener,
      ...(port === 0 ? {} : { port }),
      version: VERSION,
    });
  }
  if (load.zero) gateway.log.info("No configuration file found: serving the welcome page; see gateway -h");
  const level = parsed.values.get("log-level") ?? "";
  if (level !== "" && logLevel(parsed, env) !== level.toLowerCase())
    gateway.log.warn(`Unknown log level "${level}": using info`);
  const http = gateway.addresses().find((a) => a.name === "http");
  for (const { title, url } of demo?.backends.servers ?? []) gateway.log.info(`Demo: ${title} on ${url}`);
  if (demo !== null && demo.certificates !== null)
    gateway.log.info(`Demo: certificates in ${demo.certificates}; clients trust them by its ca.pem`);
  if (demo !== null && demo.tryPath !== "")
    gateway.log.info(`Try: curl -i http://localhost:${http?.port}${demo.tryPath}`);
  return untilStopped(gateway, demo?.backends ?? null, early);
}

function untilStopped(gateway: RunningGateway, demo: Backends | null, early: EarlySignals): Promise<number> {
  // SIGHUP from a terminal that is closed ends a demo; a service is reloaded by the same signal.
  const hangupStops = demo !== null && process.stdout.isTTY === true;
  return new Promise((resolve) => {
    let first = "";
    let stoppedAt = 0;
    const stop = (signal: string) => {
      if (signal === first && performance.now() - stoppedAt < SAME_SIGNAL_MS) return;
      if (first !== "") {
        gateway.log.warn("Forced to stop by a second signal", { signal });
        gateway.flushSync();
        process.exit(1);
      }
      first = signal;
      stoppedAt = performance.now();
      gateway.log.info("Stopping", { signal });
      // An endless demo stream would hold up the drain.
      void demo?.endStreams();
      const end = (code: number) => {
        setTimeout(() => process.exit(code), LAST_WAIT_MS).unref();
        resolve(code);
      };
      gateway.stop().then(
        () => end(0),
        () => end(1),
      );
    };
    process.on("SIGTERM", () => stop("SIGTERM"));
    process.on("SIGINT", () => stop("SIGINT"));
    process.on("SIGHUP", () => (hangupStops ? stop("SIGHUP") : void gateway.reload("SIGHUP")));
    process.on("SIGUSR1", () => gateway.reopenLogs());
    // A defect must not end all other requests with it: it is logged with its stack, and the process goes on.
    process.on("uncaughtException", (error) => gateway.log.error("uncaught exception", { stack: error.stack }));
    process.on("unhandledRejection", (error) => {
      gateway.log.error("unhandled rejection", { stack: error instanceof Error ? error.stack : String(error) });
    });
    process.on("exit", () => gateway.flushSync());
    early.repeat();
  });
}

function logLevel(parsed: Parsed, env: NodeJS.ProcessEnv): LogLevel | null {
  const text = parsed.values.get("log-level") ?? env.GATEWAY_LOG_LEVEL ?? env.LOG_LEVEL;
  if (text === undefined || text === "") return null;
  return LOG_LEVELS.find((level) => level === text.toLowerCase()) ?? "info";
}
