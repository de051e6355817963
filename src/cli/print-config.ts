// `gateway print-config`: the effective configuration, each value with the place it came from.
import { loadConfig } from "../config/load.ts";
import { printConfiguration } from "../config/show/print.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Prints the effective configuration as YAML. */
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
