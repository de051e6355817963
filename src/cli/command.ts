// The interface of commands, and what they share.
import { existsSync, readFileSync } from "node:fs";
import type { LoadOptions } from "../config/load.ts";
import type { FlagSpec, Parsed } from "./flags.ts";

/** A subcommand. */
export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Arguments after the flags, as shown in the usage. */
  readonly operands: string;
  readonly flags: FlagSpec;
  /** Flag → what it does, for `-h`. */
  readonly help: Readonly<Record<string, string>>;
  /** @returns the exit code. */
  run(parsed: Parsed, env: NodeJS.ProcessEnv): Promise<number>;
}

/** Flag of every command that reads a configuration. */
export const CONFIG_FLAGS = { config: "text", c: "text" } as const satisfies FlagSpec;
/** Help of {@link CONFIG_FLAGS}. */
export const CONFIG_HELP = {
  config: "configuration file, `-` = standard input (default configs/gateway.yaml)",
  c: "the same",
};

/** Path used when nothing names a file. */
const DEFAULT_PATH = "configs/gateway.yaml";

/** Configuration used when there is no file at all. */
const ZERO_CONFIG = `gateway:
  frontend: { http: { host: 127.0.0.1 } }
  router: { rules: [ { id: welcome, path: "/{$}", serviceName: _internal } ] }
`;

/** Where to load from: flag, then environment, then the default path, then the built-in configuration. */
export function loadOptions(parsed: Parsed, env: NodeJS.ProcessEnv): LoadOptions & { readonly zero: boolean } {
  const flag = parsed.values.get("config") ?? parsed.values.get("c");
  const named = [flag, env.GATEWAY_CONFIG, env.GATEWAY_CONFIG_PATH, env.CONFIG_FILE].find(
    (n) => n !== undefined && n !== "",
  );
  if (named === "-") return { file: named, text: readFileSync(0, "utf8"), env, zero: false };
  if (named !== undefined) return { file: named, env, zero: false };
  if (existsSync(DEFAULT_PATH)) return { file: DEFAULT_PATH, env, zero: false };
  return { file: "built-in configuration", text: ZERO_CONFIG, env, zero: true };
}
