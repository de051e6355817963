// Fields before and behind a reply, in the shapes node:http takes them: early hints and trailers.
import type { ServerResponse } from "node:http";

/** Passes a 103 on, where Node lets it. */
export function writeHints(response: ServerResponse, fields: readonly string[]): void {
  const hints: Record<string, string[]> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    if (name !== "content-length") (hints[name] ??= []).push(fields[i + 1]!);
  }
  // Node requires a well-formed Link and throws otherwise; a hint is never worth a request.
  try {
    response.writeEarlyHints(hints as Record<string, string | string[]>);
  } catch {}
}

/** A flat list as pairs. */
export function pairsOf(flat: readonly string[]): [string, string][] {
  const list: [string, string][] = [];
  for (let i = 0; i < flat.length; i += 2) list.push([flat[i]!, flat[i + 1]!]);
  return list;
}
