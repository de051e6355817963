// Holds requests back for a moment, so that their clients wait for an answer and open no new connection.

/** Open unless held. */
export class Gate {
  #held: (() => void)[] | null = null;

  /** What comes from now on waits. */
  hold(): void {
    this.#held ??= [];
  }

  /** What waits goes on, in order. */
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
