// Configurations written as objects (JSON is YAML), and waiting for what only shows from outside a process.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { GatewayProcess, LogLine } from "./gateway.ts";

/** Any block of the configuration. */
export type Block = Readonly<Record<string, unknown>>;

/** What differs between the configurations of tests. */
export interface Setup {
  readonly rules: readonly Block[];
  /** Service → port on 127.0.0.1, or its instances. */
  readonly services: Readonly<Record<string, number | readonly Block[]>>;
  /** Keys of `frontend.http`. */
  readonly front?: Block;
  /** Keys of `backend.http`. */
  readonly back?: Block;
  /** Further sections. */
  readonly more?: Block;
}

/** Text of a configuration that listens on a free port of 127.0.0.1. */
export function configText(setup: Setup): string {
  const services = Object.entries(setup.services).map(([name, at]) => ({
    name,
    instances: typeof at === "number" ? [{ id: `${name}-1`, address: "127.0.0.1", port: at }] : at,
  }));
  const gateway = {
    frontend: { http: { host: "127.0.0.1", port: 0, ...setup.front } },
    backend: { http: { ...setup.back } },
    router: { rules: setup.rules },
    registry: { static: { services } },
    shutdown: { delay: "200ms", timeout: "5s" },
    ...setup.more,
  };
  return `${JSON.stringify({ gateway }, null, 2)}\n`;
}

/** Longest wait for anything in these tests, ms. Reaching it is a failure, never a result. */
export const PATIENCE_MS = 20_000;

/** Looks again and again until `check` holds. @throws Error naming `what` when it never does */
export async function eventually(what: string, check: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  // Most things have happened in a moment; the others are not asked for all the time.
  for (let pause = 1; !(await check()); pause = Math.min(2 * pause, 20)) {
    if (Date.now() > end) throw new Error(`never happened: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

/** Bounds a wait. @throws Error naming `what` when the promise does not settle */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`never happened: ${what}`)), PATIENCE_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for a log line that is not there yet. Call it before what causes the line. */
export function nextLine(gateway: GatewayProcess, what: string, matches: (line: LogLine) => boolean): Promise<LogLine> {
  const known = gateway.lines.length;
  const seen = new Set(gateway.lines.slice(0, known));
  return soon(
    gateway.line((line) => !seen.has(line) && matches(line)),
    what,
  );
}

/** Writes a configuration, has the gateway read it by SIGHUP, and waits until it is live. @throws AssertionError when it is refused */
export async function reload(gateway: GatewayProcess, text: string): Promise<void> {
  const outcome = nextLine(gateway, "a reload", (l) => /^Configuration (reloaded|rejected)/.test(String(l.msg)));
  writeFileSync(gateway.file, text);
  gateway.signal("SIGHUP");
  const { msg, problems } = await outcome;
  assert.equal(msg, "Configuration reloaded successfully", String(problems));
}

/** The access line of a request, found by its id. */
export function accessLine(gateway: GatewayProcess, requestId: string): Promise<LogLine> {
  return soon(
    gateway.line((line) => line.msg === "request" && line.requestId === requestId),
    `access line of ${requestId}`,
  );
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(found![1]) * 1024;
}
