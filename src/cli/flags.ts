// Command-line flags in the Go style: `-x v`, `-x=v`, and the same with two dashes.
import { didYouMean } from "../config/suggest.ts";

/** What a flag takes. */
export type FlagKind = "text" | "bool";

/** Declared flags: name → kind. */
export type FlagSpec = Readonly<Record<string, FlagKind>>;

/** A command line taken apart. */
export interface Parsed {
  /** Last value of each flag given. */
  readonly values: ReadonlyMap<string, string>;
  /** Every value of flags given more than once, in order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** What follows the flags. */
  readonly rest: readonly string[];
}

/** Thrown for a command line that cannot be understood; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/**
 * Parses flags up to `--` or the first argument that is none.
 * @throws UsageError
 */
export function parseFlags(args: readonly string[], spec: FlagSpec): Parsed {
  const all = new Map<string, string[]>();
  let i = 0;
  for (; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      i++;
      break;
    }
    if (!arg.startsWith("-") || arg === "-") break;
    const body = arg.replace(/^--?/, "");
    const eq = body.indexOf("=");
    const name = eq === -1 ? body : body.slice(0, eq);
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (kind === undefined) throw new UsageError(`unknown flag -${name}${didYouMean(name, Object.keys(spec))}`);
    let value = eq === -1 ? null : body.slice(eq + 1);
    if (kind === "bool") {
      value ??= "true";
      if (!TRUE.has(value) && !FALSE.has(value)) throw new UsageError(`-${name} takes true or false, not "${value}"`);
    } else if (value === null) {
      value = args[++i] ?? null;
      if (value === null) throw new UsageError(`-${name} needs a value`);
    }
    all.set(name, [...(all.get(name) ?? []), value]);
  }
  const values = new Map([...all].map(([name, list]) => [name, list[list.length - 1]!]));
  return { values, all, rest: args.slice(i) };
}

/** Value of a boolean flag. */
export function flagOn(parsed: Parsed, name: string, fallback: boolean): boolean {
  const value = parsed.values.get(name);
  return value === undefined ? fallback : TRUE.has(value);
}
