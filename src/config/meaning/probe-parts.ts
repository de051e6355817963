// Parts of the checks of instances and of the gateway itself: statuses, programs, and requests that could not be sent.
import { isAbsolute } from "node:path";
import type { StatusRange } from "../../resilience/probe.ts";
import type { Position, Problems } from "../text/problem.ts";
import type { Draft } from "./draft.ts";

const ANY_SUCCESS: StatusRange = [200, 299];
/** Shortest interval accepted, ms. Shorter ones are usually a wrong unit. */
const LEAST_MS = 10;

/** `["204", "300-399"]` → ranges; nothing written: any success. */
export function rangesOf(texts: readonly string[]): readonly StatusRange[] {
  if (texts.length === 0) return [ANY_SUCCESS];
  return texts.map((text) => {
    const [from = "", to = from] = text.split("-");
    return [Number(from), Number(to)] as const;
  });
}

/** Requires an absolute path that `health.execAllow` lists, since programs run with the rights of the gateway. */
export function requireAllowed(command: string, at: Position, { written, problems }: Draft): void {
  if (command === "") problems.error(at, "an exec probe needs a command");
  else if (!isAbsolute(command)) problems.error(at, `exec probe: "${command}" is not an absolute path`);
  else if (!written.health.execAllow.includes(command)) {
    problems.error(at, `exec probe: "${command}" is not in health.execAllow, so it may not be run`);
  }
}

/** @param what names the key */
export function requireLeast(ms: number | null, what: string, at: Position, problems: Problems): void {
  if (ms !== null && ms < LEAST_MS) problems.error(at, `${what}: at least ${LEAST_MS}ms`);
}

/** Refuses requests that `node:http` would refuse at every probe. */
export function requirePath(path: string | null, at: Position, problems: Problems): void {
  if (path === null || /^\/[\x21-\x7e]*$/.test(path)) return;
  const cure = /^[a-z]+:\/\//i.test(path) ? "; host and port are those of the instance" : `: "/${path.trim()}"`;
  problems.error(at, `health: "${path}" is not a path; a path begins with "/" and contains no spaces${cure}`);
}

/** Fields that cannot be sent, and those that would change the framing of the request. */
export function requireHeaders(headers: Readonly<Record<string, string>>, at: Position, problems: Problems): void {
  for (const [name, value] of Object.entries(headers)) {
    const fine = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(name) && /^[\t\x20-\x7e]*$/.test(value);
    const framing =
      /^(content-length|transfer-encoding|(proxy-)?connection|keep-alive|http2-settings|te|upgrade|expect)$/i.test(
        name,
      );
    if (!fine || framing) problems.error(at, `health: "${name}" cannot be sent by a probe`);
  }
}
