// `gateway check`: reports all problems of a configuration at once, and runs the tests in it.
import { ConfigError, withSource } from "../config/text/problem.ts";
import { loadChecked } from "../snapshot/check/checked.ts";
import { transcodingProblems } from "../snapshot/translators/translators.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "./command.ts";

/** Checks a configuration without starting anything. */
export const check: Command = {
  name: "check",
  summary: "check a configuration and run the tests in it",
  operands: "",
  flags: CONFIG_FLAGS,
  help: CONFIG_HELP,
  async run(parsed, env) {
    const options = loadOptions(parsed, env);
    const { config, warnings, sources } = loadChecked(options);
    const found = await transcodingProblems(config);
    if (found.some(({ severity }) => severity === "error")) throw new ConfigError([...warnings, ...found], sources);
    for (const warning of [...warnings, ...found]) process.stderr.write(`${withSource(warning, sources)}\n`);
    const { rules, services, tests } = config;
    const count = (n: number, what: string) => `${n} ${what}${n === 1 ? "" : "s"}`;
    const counts = [count(rules.length, "route"), count(services.length, "service"), count(tests.length, "test")].join(
      ", ",
    );
    process.stdout.write(`${options.file}: valid (${counts})\n`);
    return 0;
  },
};
