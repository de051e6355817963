// `gateway version`.
import { VERSION } from "../version.ts";
import type { Command } from "./command.ts";

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
