// The services and rules of a configuration, which other sections name.
import type { RuleConfig, ServiceConfig } from "../config.ts";
import type { Position, Problems } from "../text/problem.ts";

/** What is known before the sections are checked that refer to it. */
export interface Known {
  readonly services: readonly ServiceConfig[];
  readonly serviceNames: ReadonlySet<string>;
  readonly rules: readonly RuleConfig[];
}

/** Notes that `key` is used at a place; a second use is an error. */
export function claim(
  seen: Map<string, Position>,
  key: string,
  at: Position,
  what: string,
  problems: Problems,
  cure = "; rename or remove one of them",
): void {
  const before = seen.get(key);
  if (before === undefined) seen.set(key, at);
  else problems.error(at, `duplicate ${what}; the first is at ${before.file}:${before.line}${cure}`);
}
