// Command-line flags in the Go style: `-x v`, `-x=v`, and the same with two dashes.
import { nearest } from "../config/text/suggest.ts";

/** What a flag takes. */
type FlagKind = "text" | "bool";

/** Declared flags: name → kind. */
export type FlagSpec = Readonly<Record<string, FlagKind>>;

/** A command line taken apart. */
export interface Parsed {
  /** Last value of each flag given. */
  readonly values: ReadonlyMap<string, string>;
  /** Every value of flags given more than once, in order. */
  readonly all: ReadonlyMap<string, readonly string[]>;
  /** What is no flag, wherever it stands. */
  readonly rest: readonly string[];
}

/** Thrown for a command line that cannot be understood; exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const TRUE = new Set(["1", "t", "T", "TRUE", "true", "True"]);
const FALSE = new Set(["0", "f", "F", "FALSE", "false", "False"]);

/**
 * Parses flags, before and behind other arguments, up to `--`.
 * @throws UsageError
 */
export function parseFlags(args: readonly string[], spec: FlagSpec): Parsed {
  const all = new Map<string, string[]>();
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      rest.push(...args.slice(i + 1));
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      rest.push(arg);
      continue;
    }
    const body = arg.replace(/^--?/, "");
    const eq = body.indexOf("=");
    const name = eq === -1 ? body : body.slice(0, eq);
    const kind = Object.hasOwn(spec, name) ? spec[name] : undefined;
    if (kind === undefined) throw new UsageError(`unknown flag -${name}${flagMeant(name, Object.keys(spec))}`);
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
  return { values, all, rest };
}

/** Value of a boolean flag. */
export function flagOn(parsed: Parsed, name: string, fallback: boolean): boolean {
  const value = parsed.values.get(name);
  return value === undefined ? fallback : TRUE.has(value);
}

function flagMeant(name: string, known: readonly string[]): string {
  if (/^(p|port|listen|host|bind)$/.test(name))
    return "; the address is set in frontend.http of the configuration, or with GATEWAY_PORT";
  const near = nearest(name, known);
  return near === null ? "; -h lists the flags" : `; did you mean -${near}?`;
}
