// `gateway schema`: the JSON Schema of the configuration file.
import { configSchema } from "../config/show/json-schema.ts";
import type { Command } from "./command.ts";

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
