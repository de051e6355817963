// The bodies of calls: small JSON objects with known keys.
import type { IncomingMessage } from "node:http";
import { gather } from "../../wire/gathered.ts";
import { CallError } from "./answer.ts";

/** Largest body, bytes. */
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Reads a body as JSON.
 * @returns undefined when there is none
 * @throws CallError 400, 413 or 415; Error when the client went away
 */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  if (Number(request.headers["content-length"] ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  const body = await gather(request, MAX_BODY_BYTES, tooLarge);
  if (body.length === 0) return undefined;
  if (!/^application\/json *(;|$)/i.test(request.headers["content-type"] ?? "")) {
    throw new CallError(415, "The body must be application/json");
  }
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new CallError(400, "The body is not valid JSON");
  }
}

/** What each key of a body must be. */
export type Checks<T> = {
  readonly [K in keyof T]-?: { readonly expects: string; is(value: unknown): value is T[K] };
};

/**
 * The keys of a body, each checked, before anything is done with any of them.
 * @throws CallError 400
 */
export function readFields<T extends object>(body: unknown, checks: Checks<T>): Partial<T> {
  if (body === undefined) return {};
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw new CallError(400, "The body must be a JSON object");
  }
  for (const [key, value] of Object.entries(body)) {
    const check = Object.hasOwn(checks, key) ? checks[key as keyof T] : undefined;
    if (check === undefined) throw new CallError(400, `Unknown key "${key.slice(0, 64)}"${known(checks)}`);
    if (!check.is(value)) throw new CallError(400, `${key}: expected ${check.expects}`);
  }
  return body as Partial<T>;
}

function known(checks: object): string {
  const keys = Object.keys(checks);
  return keys.length === 0 ? "; this call has no keys" : `; known keys are ${keys.join(", ")}`;
}

function tooLarge(): CallError {
  return new CallError(413, "The body is larger than 64 KiB");
}
