// Finds the command, parses its flags, and maps its exceptions to an exit code.
import { ConfigError } from "../config/text/problem.ts";
import { didYouMeanOf } from "../config/text/suggest.ts";
import { check } from "./check.ts";
import type { Command } from "./command.ts";
import { demo } from "./demo.ts";
import { explain } from "./explain.ts";
import { flagOn, parseFlags, UsageError } from "./flags.ts";
import { hashKey } from "./hash-key.ts";
import { healthcheck } from "./healthcheck.ts";
import { llmChat } from "./llm/chat.ts";
import { llmCheck } from "./llm/check.ts";
import { llmModels } from "./llm/models.ts";
import { printConfig, schema, version } from "./print.ts";
import { reload } from "./reload.ts";
import { run } from "./run.ts";

/** Every command; `run` is the default. */
export const COMMANDS: readonly Command[] = [
  run,
  check,
  printConfig,
  explain,
  schema,
  reload,
  healthcheck,
  hashKey,
  llmModels,
  llmChat,
  llmCheck,
  demo,
  version,
];

/** First words of commands of two words. */
const FAMILIES: ReadonlySet<string> = new Set(
  COMMANDS.flatMap(({ name }) => (name.includes(" ") ? name.split(" ")[0]! : [])),
);

/** Runs a command line. @returns exit code: 0 fine, 1 failed, 2 not understood */
export async function main(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const first = args[0] ?? "";
  if (first === "help") return main(["-h"], env);
  const words = FAMILIES.has(first) ? args.slice(0, 2) : [first === "validate" ? "check" : first];
  const named = COMMANDS.find((c) => c.name === words.join(" "));
  const command = named ?? run;
  try {
    if (named === undefined && FAMILIES.has(first) && /^(--?)?h(elp)?$/.test(args[1] ?? "")) {
      process.stderr.write(`Commands:\n${listed(COMMANDS.filter(({ name }) => name.startsWith(`${first} `)))}\n`);
      return 0;
    }
    if (named === undefined && first !== "" && !first.startsWith("-")) {
      throw new UsageError(`unknown command "${words.join(" ")}"${unknownMeant(words)}`);
    }
    const parsed = parseFlags(named === undefined ? args : args.slice(words.length), {
      ...command.flags,
      h: "bool",
      help: "bool",
    });
    if (flagOn(parsed, "h", false) || flagOn(parsed, "help", false)) {
      process.stderr.write(usage(command));
      return 0;
    }
    if (command.operands === "" && parsed.rest.length > 0) {
      throw new UsageError(`unexpected "${parsed.rest[0]}"${strayMeant(parsed.rest[0]!, command)}`);
    }
    return await command.run(parsed, env);
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${usage(command)}\ngateway: ${error.message}\n`);
      return 2;
    }
    const text = error instanceof ConfigError ? error.text : `gateway: ${(error as Error).message}`;
    process.stderr.write(`${text}\n`);
    return 1;
  }
}

function unknownMeant([word = "", ...more]: readonly string[]): string {
  const names = COMMANDS.map((c) => c.name);
  if (FAMILIES.has(word)) {
    const family = names.filter((name) => name.startsWith(`${word} `));
    return didYouMeanOf([word, ...more].join(" "), family, "there are");
  }
  if (/[./]/.test(word)) return `; set the file with -config: gateway -config ${word}`;
  return didYouMeanOf(word, names, "there are");
}

/** What an argument was meant to be where the command takes none. */
function strayMeant(word: string, { name, flags }: Command): string {
  if (COMMANDS.some((c) => c.name === word)) return `; the command comes first: gateway ${word} …`;
  if (/^(true|false)$/.test(word)) return `; write the value of a boolean flag with "=": -hot-reload=${word}`;
  return "config" in flags ? `; set the file with -config: gateway ${name} -config ${word}` : "";
}

function usage(command: Command): string {
  const flags = Object.entries(command.help).map(([flag, text]) => `  -${flag.padEnd(14)} ${text}`);
  const name = command.name === "run" ? "[command]" : command.name;
  const operands = command.operands === "" ? "" : ` ${command.operands}`;
  const list = command.name === "run" ? `\nCommands:\n${listed(COMMANDS)}\n` : "";
  return `Usage: gateway ${name} [flags]${operands}\n\n${command.summary}\n\nFlags:\n${flags.join("\n")}\n  -h              show this text\n${list}`;
}

function listed(commands: readonly Command[]): string {
  return commands.map((c) => `  ${c.name.padEnd(15)} ${c.summary}`).join("\n");
}
