// `gateway llm check`: asks each provider for one token with each key of the operator.
import { loadConfig } from "../../config/load.ts";
import { durationMs } from "../../config/text/units.ts";
import { CONFIG_FLAGS, CONFIG_HELP, type Command, loadOptions } from "../command.ts";
import { flagOn, UsageError } from "../flags.ts";
import type { KeyCheck, KeyChecks } from "./check-keys.ts";
import { textTable } from "./text-table.ts";

/** Exit code 0 when all keys work, 1 when one does not, or there is none. */
export const llmCheck: Command = {
  name: "llm check",
  summary: "ask each provider of language models for one token with each key",
  operands: "",
  flags: { ...CONFIG_FLAGS, json: "bool", timeout: "text" },
  help: {
    ...CONFIG_HELP,
    json: "print JSON",
    timeout: "longest wait for an answer (default 60s)",
  },
  async run(parsed, env) {
    const timeoutMs = durationMs(parsed.values.get("timeout") ?? "60s");
    if (timeoutMs === null || timeoutMs === 0)
      throw new UsageError(`-timeout takes a duration such as 30s, not "${parsed.values.get("timeout")}"`);
    const { config } = loadConfig(loadOptions(parsed, env));
    if (config.llm === null) {
      process.stderr.write("no provider of language models is configured\n");
      return 1;
    }
    const { checkKeys } = await import("./check-keys.ts");
    const found = await checkKeys(config, timeoutMs);
    process.stdout.write(flagOn(parsed, "json", false) ? `${JSON.stringify(found, null, 2)}\n` : describe(found));
    const fine = found.checks.length > 0 && found.checks.every(({ problem }) => problem === null);
    return fine ? 0 : 1;
  },
};

const HEAD = ["provider", "key", "asked for", "result"];

function describe({ checks, withoutKey }: KeyChecks): string {
  const rows = checks.map((check) => [
    check.provider,
    check.key === null ? "none needed" : String(check.key),
    check.model ?? "its models",
    resultText(check),
  ]);
  const skipped = withoutKey.map((provider) => [
    provider,
    "none",
    "nothing",
    "not checked: clients bring keys of their own",
  ]);
  return textTable([HEAD, ...rows, ...skipped]);
}

function resultText({ status, ms, problem }: KeyCheck): string {
  if (problem === null) return `works, ${ms}ms`;
  return `failed${status === 0 ? "" : ` with ${status}`}, ${ms}ms: ${problem}`;
}
