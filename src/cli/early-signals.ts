// Handles signals during the start, which would otherwise end the process or be lost.

const NOTED = ["SIGHUP", "SIGUSR1"] as const;

/** Notes the signals that ask a running gateway for something, from its making until {@link repeat}. */
export class EarlySignals {
  readonly #seen = new Set<NodeJS.Signals>();
  readonly #note = (signal: NodeJS.Signals) => void this.#seen.add(signal);

  constructor() {
    for (const signal of NOTED) process.on(signal, this.#note);
  }

  /** Hands each that came, once, to the handlers installed meanwhile. */
  repeat(): void {
    for (const signal of NOTED) process.off(signal, this.#note);
    for (const signal of this.#seen) process.emit(signal, signal);
  }
}
