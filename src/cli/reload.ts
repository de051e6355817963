// `gateway reload`: makes the running gateway reload its configuration, through its management API.
import { loadConfig } from "../config/load.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";
import { askManagement, refusalOf } from "./management-client.ts";

/** Exit code 0 when the new configuration is in effect, 1 when it is not. */
export const reload: Command = {
  name: "reload",
  summary: "make the running gateway load its configuration again",
  operands: "",
  flags: { ...CONFIG_FLAGS, token: "text" },
  help: { ...CONFIG_HELP, token: "token of the management API, if the configuration has none" },
  async run(parsed, env) {
    const { config } = loadConfig(loadOptions(parsed, env));
    if (!config.management.enabled) {
      process.stderr.write("management is not enabled; send the signal HUP to the gateway instead\n");
      return 1;
    }
    try {
      const answer = await askManagement(config, "POST", "/config/reload", parsed.values.get("token") ?? null);
      const out = answer.status === 200 ? process.stdout : process.stderr;
      out.write(answer.status === 200 ? answer.text : `${refusalOf(answer)}\n`);
      return answer.status === 200 ? 0 : 1;
    } catch (error) {
      process.stderr.write(
        `no answer from the management API: ${(error as Error).message}; the signal HUP reloads, too\n`,
      );
      return 1;
    }
  },
};
