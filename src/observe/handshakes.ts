// TLS handshakes on one listener: failures are counted and logged, successes are logged at `debug`.
import type { HandshakeFault, HandshakeWatch } from "../core/handshake.ts";
import type { Log } from "../core/log.ts";
import { ConnectionFaults } from "./connection-faults.ts";

/** Kept for the life of the process. */
export class Handshakes extends ConnectionFaults<HandshakeFault> implements HandshakeWatch {
  readonly #log: Log;

  /** @param now monotonic, ms */
  constructor(listener: string, log: Log, now: () => number) {
    super("TLS handshake failed", listener, log, now);
    this.#log = log;
  }

  succeeded(facts: () => Readonly<Record<string, unknown>>): void {
    this.#log.debug?.("TLS handshake", { listener: this.listener, ...facts() });
  }
}
