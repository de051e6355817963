// TLS handshakes that failed on one listener: counted by cause, and logged at a bounded rate, since any client can cause them.
import type { HandshakeFault, HandshakeWatch } from "../core/handshake.ts";
import type { Log } from "../core/log.ts";

/** Between two lines of the same cause, ms. */
const QUIET_MS = 60_000;

/** Kept for the life of the process. */
export class Handshakes implements HandshakeWatch {
  readonly listener: string;
  readonly failures = new Map<HandshakeFault, number>();
  readonly #log: Log;
  readonly #now: () => number;
  /** When the last line of a cause was written, and how many there had been by then. */
  readonly #said = new Map<HandshakeFault, { readonly at: number; readonly count: number }>();

  /** @param now monotonic, ms */
  constructor(listener: string, log: Log, now: () => number) {
    this.listener = listener;
    this.#log = log;
    this.#now = now;
  }

  failed(fault: HandshakeFault, detail: string, client: string): void {
    const count = (this.failures.get(fault) ?? 0) + 1;
    this.failures.set(fault, count);
    const facts = { listener: this.listener, reason: fault, detail, client };
    // Checks of a port and closed browsers do that all the time.
    if (fault === "closed") return this.#log.debug?.("TLS handshake failed", facts);
    const said = this.#said.get(fault);
    const now = this.#now();
    if (said !== undefined && now - said.at < QUIET_MS) return;
    const unsaid = count - 1 - (said?.count ?? 0);
    this.#said.set(fault, { at: now, count });
    this.#log.warn("TLS handshake failed", unsaid > 0 ? { ...facts, unsaid } : facts);
  }

  succeeded(facts: () => Readonly<Record<string, unknown>>): void {
    this.#log.debug?.("TLS handshake", { listener: this.listener, ...facts() });
  }
}
