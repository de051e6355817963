// `-H`: request headers on the command line, or in a file where nobody else sees them.
import { readFileSync } from "node:fs";
import { type Parsed, UsageError } from "./flags.ts";

/** Help of the flag. */
export const HEADER_HELP =
  "request header `Name: value`, or `@` and a file with one on each line, which other users of the machine do not see; may be repeated";

/** The headers, flat. @throws UsageError for what is none */
export function headersOf({ all }: Parsed): string[] {
  return (all.get("H") ?? [])
    .flatMap((text) => (text.startsWith("@") ? linesOf(text.slice(1)) : [text]))
    .flatMap(split);
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .filter((line) => line.trim() !== "");
  } catch (error) {
    throw new UsageError(`-H: ${(error as Error).message}`);
  }
}

function split(text: string): string[] {
  const colon = text.indexOf(":");
  if (colon <= 0) throw new UsageError(`-H takes "Name: value", not "${text}"`);
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
}
