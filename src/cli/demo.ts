// `gateway demo`: the gateway on its own example configuration, with the backends it needs in the same process.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { loadConfig } from "../config/load.ts";
import type { Backends } from "../demo/backends.ts";
import { demoPorts, MAX_OFFSET, movesBy } from "../demo/ports.ts";
import type { LlmSettings } from "../llm/settings.ts";
import { packageFile } from "../package-file.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";
import { type Parsed, UsageError } from "./flags.ts";
import { runUntilSignal } from "./run.ts";

/** The example configuration that ships with the package. */
const DEMO_CONFIG = fileURLToPath(packageFile("gateway.yaml"));

/** Runs the gateway with demo backends. */
export const demo: Command = {
  name: "demo",
  summary: "run the gateway with embedded demo backends; needs no network",
  operands: "",
  flags: { ...CONFIG_FLAGS, "log-level": "text", "hot-reload": "bool", "port-offset": "text", certificates: "text" },
  help: {
    ...CONFIG_HELP,
    config: "configuration file (default the gateway.yaml that ships with the gateway)",
    "log-level": "debug, info, warn or error",
    "hot-reload": "reload when a configuration file changes (default true)",
    "port-offset": "added to every port of the gateway and of the demo backends (default 0)",
    certificates:
      "folder for the demo certificates (default demo-certificates, created if the configuration file refers to it)",
  },
  async run(parsed, env) {
    // Here and not above: no other command needs what the demo servers are made of.
    const { startBackends } = await import("../demo/backends.ts");
    const { mockProviders, providerPorts } = await import("../demo/llm/configured.ts");
    const offset = offsetOf(parsed);
    const named = parsed.values.has("config") || parsed.values.has("c");
    const values = named ? parsed.values : new Map([...parsed.values, ["config", DEMO_CONFIG]]);
    let backends: Backends | null = null;
    try {
      const certificates = await certificatesFor(parsed);
      const llm = modelsOf({ ...parsed, values }, env);
      backends = await startBackends(
        demoPorts(offset),
        mockProviders(llm, (port) => port + offset),
      );
      return await runUntilSignal({ ...parsed, values }, env, {
        backends,
        tryPath: named ? "" : "/hello",
        moves: movesBy(offset, providerPorts(llm)),
        certificates,
      });
    } catch (error) {
      if (error instanceof Error && error.message.endsWith("the port is in use"))
        error.message += "; -port-offset 10000 moves all ports of the demo";
      throw error;
    } finally {
      await backends?.close();
    }
  },
};

/** The language models of the configuration; null: it has none, or is read from standard input. */
function modelsOf(parsed: Parsed, env: NodeJS.ProcessEnv): LlmSettings | null {
  if ([parsed.values.get("config"), parsed.values.get("c")].includes("-")) return null;
  try {
    return loadConfig(loadOptions(parsed, env)).config.llm;
  } catch {
    return null; // starting the gateway reports the error
  }
}

/** Makes certificates if the flag or the configuration file names a folder. @returns the folder, or null */
async function certificatesFor({ values }: Parsed): Promise<string | null> {
  const { DEMO_CERTIFICATES, makeDemoCertificates } = await import("../demo/certificates.ts");
  const file = values.get("config") ?? values.get("c") ?? DEMO_CONFIG;
  const folder = values.get("certificates") ?? (names(file, DEMO_CERTIFICATES) ? DEMO_CERTIFICATES : null);
  if (folder !== null) await makeDemoCertificates(folder);
  return folder;
}

function names(file: string, folder: string): boolean {
  try {
    return file !== "-" && readFileSync(file, "utf8").includes(`${folder}/`);
  } catch {
    return false; // loading the file reports the error
  }
}

function offsetOf(parsed: Parsed): number {
  const text = parsed.values.get("port-offset") ?? "0";
  const offset = Number(text);
  if (/^\d+$/.test(text) && offset <= MAX_OFFSET) return offset;
  throw new UsageError(`-port-offset takes a whole number from 0 to ${MAX_OFFSET}, not "${text}"`);
}
