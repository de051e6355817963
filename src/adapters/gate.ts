// Delays requests for a moment, so that their clients wait for an answer and open no new connection.

/** A gate that requests pass at once, unless it is held. */
export class Gate {
  #held: (() => void)[] | null = null;

  /** Requests that come from now on wait. */
  hold(): void {
    this.#held ??= [];
  }

  /** Requests that wait go on, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const begin of held) begin();
  }

  /** Runs `begin` now, or at the release. */
  pass(begin: () => void): void {
    if (this.#held === null) begin();
    else this.#held.push(begin);
  }
}
