// `gateway demo`: the gateway on its own example configuration, with the backends it needs in the same process.
import { fileURLToPath } from "node:url";
import { CONFIG_FLAGS, CONFIG_HELP, type Command } from "./command.ts";
import { runUntilSignal } from "./run.ts";

/** The example configuration that ships with the package. */
const DEMO_CONFIG = fileURLToPath(new URL("../../gateway.yaml", import.meta.url));

/** Runs the gateway with demo backends. */
export const demo: Command = {
  name: "demo",
  summary: "run the gateway with demo backends embedded; needs no network",
  operands: "",
  flags: { ...CONFIG_FLAGS, "log-level": "text", "hot-reload": "bool" },
  help: {
    ...CONFIG_HELP,
    config: "configuration file (default the gateway.yaml that ships with the gateway)",
    "log-level": "debug, info, warn or error",
    "hot-reload": "reload when a configuration file changes (default true)",
  },
  async run(parsed, env) {
    // Here and not above: no other command needs what the demo servers are made of.
    const { startBackends } = await import("../demo/backends.ts");
    const backends = await startBackends();
    const named = parsed.values.has("config") || parsed.values.has("c");
    const values = named ? parsed.values : new Map([...parsed.values, ["config", DEMO_CONFIG]]);
    try {
      return await runUntilSignal({ ...parsed, values }, env, backends, named ? "" : "/hello");
    } finally {
      await backends.close();
    }
  },
};
