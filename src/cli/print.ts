// The commands that only print: `gateway print-config`, `gateway schema`, `gateway version`.
import { loadConfig } from "../config/load.ts";
import { configSchema } from "../config/show/json-schema.ts";
import { printConfiguration } from "../config/show/print.ts";
import { VERSION } from "../version.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Prints the effective configuration as YAML, each value with the place it came from. */
export const printConfig: Command = {
  name: "print-config",
  summary: "print the effective configuration and where each value came from",
  operands: "",
  flags: CONFIG_FLAGS,
  help: CONFIG_HELP,
  async run(parsed, env) {
    process.stdout.write(printConfiguration(loadConfig(loadOptions(parsed, env)).config));
    return 0;
  },
};

/** Prints the JSON Schema. */
export const schema: Command = {
  name: "schema",
  summary: "print the JSON Schema of the configuration file",
  operands: "",
  flags: {},
  help: {},
  async run() {
    process.stdout.write(`${JSON.stringify(configSchema(), null, 2)}\n`);
    return 0;
  },
};

/** Prints the version of the gateway and of the runtime under it. */
export const version: Command = {
  name: "version",
  summary: "print the version",
  operands: "",
  flags: {},
  help: {},
  async run() {
    process.stdout.write(`gateway ${VERSION} (node ${process.version})\n`);
    return 0;
  },
};
