// Runs the load generator wrk for a bounded time and reads its report.
import type { BenchCase } from "./cases.ts";
import type { Processes } from "./processes.ts";

export interface LoadResult {
  /** Answered with a 2xx or 3xx status; an error answer is never counted as work done. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

const connections = 64;

/** Sends the requests of a case to a server for some seconds, on the given core. */
export async function runWrk(
  processes: Processes,
  core: number | undefined,
  { port, secure }: { readonly port: number; readonly secure: boolean },
  one: BenchCase,
  seconds: number,
): Promise<LoadResult> {
  const args = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "--timeout",
    "5s",
    ...one.wrkArgs,
    `${secure ? "https" : "http"}://127.0.0.1:${port}${one.path}`,
  ];
  return parseWrk(await processes.output("wrk", { command: "wrk", args }, core));
}

/** Reads the text wrk prints at its end. */
export function parseWrk(text: string): LoadResult {
  const total = /(\d+) requests in/.exec(text);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text);
  if (!total || !rate) throw new Error(`wrk said something unexpected: ${text}`);
  const socket = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const refused = Number(/Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? 0);
  const answered = Number(total[1]);
  const good = answered - refused;
  return {
    requests: good,
    requestsPerSecond: answered > 0 ? Number(rate[1]) * (good / answered) : 0,
    p50Ms: percentile(text, 50),
    p99Ms: percentile(text, 99),
    errors: socket.reduce((sum, count) => sum + Number(count), refused),
  };
}

function percentile(text: string, which: number): number {
  const found = new RegExp(`^\\s+${which}%\\s+([\\d.]+)(us|ms|s|m)$`, "m").exec(text);
  if (!found) return Number.NaN;
  const scale = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[found[2] as "us" | "ms" | "s" | "m"];
  return Number(found[1]) * scale;
}
