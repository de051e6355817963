// A gateway in the process of a command, on a UNIX socket that nobody else can open.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { ListenerConfig } from "../../config/meaning/listeners.ts";
import { LocalDataPlane } from "../../data/local-data-plane.ts";
import { processFacts } from "../../data/process-facts.ts";
import { ProcessLogs } from "../../data/process-logs.ts";
import { Meters } from "../../observe/meters.ts";
import { VERSION } from "../../version.ts";
import type { OwnListener } from "../own-listener.ts";

/** Longest wait for requests in progress at the end, ms. */
const DRAIN_MS = 1000;

/**
 * Serves the rules with language models of a configuration while `use` runs.
 * @param as listener that requests seem to come to
 */
export async function withGateway<T>(
  config: Config,
  as: ListenerConfig,
  use: (to: OwnListener) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "gateway-llm-"));
  const socket = join(folder, "socket");
  const own = alone(config, { ...as, ...SOCKET, socket });
  const plane = new LocalDataPlane(processFacts(VERSION), new ProcessLogs(own, "error", false), new Meters(), {});
  try {
    await plane.prepare(own);
    await plane.commit();
    return await use({ listener: null, origin: "http://localhost", socketPath: socket });
  } finally {
    await plane.drain({ delayMs: 0, timeoutMs: DRAIN_MS });
    rmSync(folder, { recursive: true, force: true });
  }
}

const SOCKET = {
  host: "",
  port: 0,
  socketMode: 0o600,
  http1: true,
  http2: false,
  redirect: null,
  tls: null,
  hsts: "",
  allowedIPs: [],
  deniedIPs: [],
} as const;

/** The configuration without what would open ports, write logs, or ask backends of other rules. */
function alone(config: Config, listener: ListenerConfig): Config {
  return {
    ...config,
    listeners: [{ ...listener, proxyProtocol: { ...listener.proxyProtocol, trustedPeers: [] } }],
    rules: config.rules.filter(({ strategy }) => strategy !== null),
    logging: { ...config.logging, enabled: false, applicationOutput: "stderr" },
    metrics: { ...config.metrics, enabled: false },
  };
}
