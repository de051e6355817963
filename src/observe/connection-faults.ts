// Failed connections of one listener: counted by cause, and logged at a bounded rate, since any client can cause them.
import type { Log } from "../core/log.ts";

/** Between two lines of the same cause, ms. */
const QUIET_MS = 60_000;

/** Kept for the life of the process. */
export class ConnectionFaults<Fault extends string> {
  readonly listener: string;
  readonly failures = new Map<Fault, number>();
  readonly #words: string;
  readonly #log: Log;
  readonly #now: () => number;
  /** When the last line of a cause was written, and how many there had been by then. */
  readonly #said = new Map<Fault, { readonly at: number; readonly count: number }>();

  /** @param words what the log says @param now monotonic, ms */
  constructor(words: string, listener: string, log: Log, now: () => number) {
    this.#words = words;
    this.listener = listener;
    this.#log = log;
    this.#now = now;
  }

  /** @param detail for the log @param client address of the peer; "" = it has none */
  failed(fault: Fault, detail: string, client: string): void {
    const count = (this.failures.get(fault) ?? 0) + 1;
    this.failures.set(fault, count);
    const facts = { listener: this.listener, reason: fault, detail, ...(client === "" ? {} : { client }) };
    // Checks of a port and closed browsers do that all the time.
    if (fault === "closed") return this.#log.debug?.(this.#words, facts);
    const said = this.#said.get(fault);
    const now = this.#now();
    if (said !== undefined && now - said.at < QUIET_MS) return;
    const unsaid = count - 1 - (said?.count ?? 0);
    this.#said.set(fault, { at: now, count });
    this.#log.warn(this.#words, unsaid > 0 ? { ...facts, unsaid } : facts);
  }
}
