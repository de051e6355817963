// What every load generator of ours has in common: its orders, the window it measures in, and the report it ends with.
import { setTimeout as sleep } from "node:timers/promises";
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

  /** Something went wrong, whenever it was. */
  wrong(what: string): void {
    if (this.#errors++ < 5) process.stderr.write(`${what}\n`);
  }

  /** Waits, measures, prints the report and ends the process. */
  async run(): Promise<never> {
    const { pid, core, seconds, warmMs } = this.#orders;
    await sleep(warmMs);
    const busy = core >= 0 ? coreBusyNanoseconds(core) : 0;
    const used = pid > 0 ? cpuNanoseconds(pid) : 0;
    const own = process.cpuUsage();
    const begin = performance.now();
    this.#open = true;
    await sleep(seconds * 1000);
    this.#open = false;
    const elapsed = performance.now() - begin;
    const { user, system } = process.cpuUsage(own);
    const cpu = pid > 0 ? cpuNanoseconds(pid) - used : 0;
    const foreign = core >= 0 ? Math.max(0, coreBusyNanoseconds(core) - busy - cpu) / (elapsed * 1e6) : null;
    const times = this.#times.subarray(0, this.#timed).sort();
    const at = (share: number) => (times.length === 0 ? null : times[Math.floor((times.length - 1) * share)]!);
    const report: LoadReport = {
      units: this.#units,
      unitsPerSecond: (this.#units / elapsed) * 1000,
      cpuMicroseconds: cpu / 1000,
      rssMb: pid > 0 ? rssMegabytes(pid) : 0,
      errors: this.#errors,
      p50Ms: at(0.5),
      p99Ms: at(0.99),
      maxMs: at(1),
      foreignShare: foreign,
      loadShare: (user + system) / 1000 / elapsed,
    };
    process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
    return new Promise<never>(() => undefined);
  }
}

/** Ends the load generator; what it says becomes the reason why the subject is left out. */
export function giveUp(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
