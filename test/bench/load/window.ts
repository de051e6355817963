// What every load generator of ours has in common: its orders, the window it measures in, and the report it ends with.
import { setTimeout as sleep } from "node:timers/promises";
import type { LlmOrders } from "../llm-orders.ts";
import { coreBusyNanoseconds, cpuNanoseconds, rssMegabytes } from "../proc.ts";

/** What a load generator is told, as one JSON argument. */
export interface Orders {
  readonly port: number;
  /** The process whose CPU time is read at both ends of the window; 0 none. */
  readonly pid: number;
  /** The core of that process; -1 when it is pinned to none. */
  readonly core: number;
  readonly connections: number;
  /** Size of one message; what it means is the generator's to say. */
  readonly bytes: number;
  readonly path: string;
  /** Load before the window, ms. */
  readonly warmMs: number;
  readonly seconds: number;
  /** For TLS alone. */
  readonly handshake?: HandshakeOrders;
  /** For language models alone. */
  readonly llm?: LlmOrders;
  /** Who is measured, and the port of the backend behind it. */
  readonly subject: string;
  readonly upstreamPort: number;
}

/** Which handshakes are made. */
export interface HandshakeOrders {
  readonly version: "TLSv1.2" | "TLSv1.3";
  readonly resumed: boolean;
  /** How many names are asked for in turn; 0: always the same one. */
  readonly names: number;
}

/** What it answers, as one JSON line. */
export interface LoadReport {
  readonly units: number;
  readonly unitsPerSecond: number;
  readonly cpuMicroseconds: number;
  readonly rssMb: number;
  /** By how much memory was above what it was before, at its peak; none when that was not measured. */
  readonly grownMb?: number;
  readonly errors: number;
  /** Of single units; none when nothing was timed. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly maxMs: number | null;
  /** Share of the subject's core, 0 to 1, that others used. */
  readonly foreignShare: number | null;
  /** Share of its time, 0 to 1, that the load generator was busy itself. */
  readonly loadShare: number;
}

const MAX_TIMES = 4_000_000;
const NOTHING: LoadReport = {
  ...{ units: 0, unitsPerSecond: 0, cpuMicroseconds: 0, rssMb: 0, errors: 0 },
  ...{ p50Ms: null, p99Ms: null, maxMs: null, foreignShare: null, loadShare: 0 },
};

/** Reads the orders from the command line. */
export function readOrders(): Orders {
  return JSON.parse(process.argv[2] ?? "{}") as Orders;
}

/** Counts what happens while it is open. */
export class Window {
  readonly #orders: Orders;
  readonly #times = new Float64Array(MAX_TIMES);
  #timed = 0;
  #open = false;
  #over = false;
  #units = 0;
  #errors = 0;

  constructor(orders: Orders) {
    this.#orders = orders;
  }

  /** `units` are done. @param ms how long the last of them took */
  done(units: number, ms: number): void {
    if (!this.#open) return;
    this.#units += units;
    if (this.#timed < MAX_TIMES) this.#times[this.#timed++] = ms;
  }

  /** Something went wrong, before the window or while it is open. */
  wrong(what: string): void {
    if (this.#over) return;
    if (this.#errors++ < 5) process.stderr.write(`${what}\n`);
  }

  /** Waits, measures, prints the report and ends the process. @param rest what is waited for behind the measurement */
  async run(rest: () => Promise<void> = () => Promise.resolve()): Promise<never> {
    const { pid, core, seconds, warmMs } = this.#orders;
    await sleep(warmMs);
    const busy = core >= 0 ? coreBusyNanoseconds(core) : 0;
    const used = pid > 0 ? cpuNanoseconds(pid) : 0;
    const own = process.cpuUsage();
    const begin = performance.now();
    this.#open = true;
    await sleep(seconds * 1000);
    this.#open = false;
    this.#over = true;
    const elapsed = performance.now() - begin;
    const { user, system } = process.cpuUsage(own);
    const cpu = pid > 0 ? cpuNanoseconds(pid) - used : 0;
    const foreign = core >= 0 ? Math.max(0, coreBusyNanoseconds(core) - busy - cpu) / (elapsed * 1e6) : null;
    const times = this.#times.subarray(0, this.#timed).sort();
    const at = (share: number) => (times.length === 0 ? null : times[Math.floor((times.length - 1) * share)]!);
    const rssMb = pid > 0 ? rssMegabytes(pid) : 0;
    await rest();
    this.end({
      units: this.#units,
      unitsPerSecond: (this.#units / elapsed) * 1000,
      cpuMicroseconds: cpu / 1000,
      rssMb,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      foreignShare: foreign,
      loadShare: (user + system) / 1000 / elapsed,
    });
    return new Promise<never>(() => undefined);
  }

  /** Prints a report and ends the process. @param measured what differs from a report of nothing */
  end(measured: Partial<LoadReport>): void {
    const report = { ...NOTHING, errors: this.#errors, ...measured };
    process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
  }
}

/** Ends the load generator; what it says becomes the reason why the subject is left out. */
export function giveUp(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
