// Lines of YAML that may hold a secret, told by the keys around them: what is wrong with a file may show before its keys are read.
import { isSecretPath, namesSecret } from "../schema/secret-keys.ts";

const KEY = /(?:^|[\s{[,-])["']?([\w.-]+)["']?\s*:(?=\s|$|["'{[])/g;
/** Longest way up from a line, lines. */
const MAX_ABOVE = 10_000;

/** Whether a line, or a block that it lies in, has a key of a secret. @param number of the line, from 1 */
export function mayHoldSecret(lines: readonly string[], number: number): boolean {
  const line = lines[number - 1] ?? "";
  if (namesSecret(line)) return true;
  const path = [...keysAbove(lines, number - 1), ...keysIn(line)];
  return isSecretPath(path.join(".").replace(/^gateway\./, ""));
}

/** A message about a line that may hold a secret, unless it quotes any of it. */
export function withoutQuote(message: string, line: string): string {
  const quoted = line.split(/\W+/).some((word) => word.length > 2 && message.includes(word));
  return quoted ? "this is not valid YAML; put the secret in quotes" : message;
}

/** Keys of the blocks around a line, the outermost first: they begin further left. @param index of the line, from 0 */
function keysAbove(lines: readonly string[], index: number): string[] {
  const keys: string[] = [];
  let inside = contentOf(lines[index] ?? "");
  for (let i = index - 1; i >= Math.max(0, index - MAX_ABOVE); i--) {
    const line = lines[i]!;
    const column = contentOf(line);
    if (/^\s*(#|$)/.test(line) || !(column < inside)) continue;
    keys.unshift(...keysIn(line).slice(-1));
    inside = column;
  }
  return keys;
}

/** Column of what a line holds, behind the dash of an entry; a dash may stand below the first letter of its key. */
function contentOf(line: string): number {
  const start = line.search(/\S|$/);
  return line[start] === "-" ? start + 0.5 : start;
}

function keysIn(line: string): string[] {
  return [...line.matchAll(KEY)].map(([, key]) => key!);
}
