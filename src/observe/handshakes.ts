// TLS handshakes on one listener: failures are counted and logged, the others logged at `debug` alone.
import type { HandshakeFault, HandshakeWatch } from "../core/handshake.ts";
import type { Log } from "../core/log.ts";
import { ConnectionFaults } from "./connection-faults.ts";

/** Kept for the life of the process. */
export class Handshakes extends ConnectionFaults<HandshakeFault> implements HandshakeWatch {
  readonly #succeeded: (facts: () => Readonly<Record<string, unknown>>) => void;

  /** @param now monotonic, ms */
  constructor(listener: string, log: Log, now: () => number) {
    super("TLS handshake failed", listener, log, now);
    this.#succeeded = (facts) => log.debug?.("TLS handshake", { listener, ...facts() });
  }

  succeeded(facts: () => Readonly<Record<string, unknown>>): void {
    this.#succeeded(facts);
  }
}
