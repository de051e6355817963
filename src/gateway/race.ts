// The attempts of a request in progress: one, or two until either has answered, and one whose answer is discarded.
import type { Attempt } from "./attempt.ts";

/** The events of at most one of them are used. */
export class Race {
  /** The one whose response goes to the client, or may. */
  first: Attempt | null = null;
  /** The hedge. */
  second: Attempt | null = null;
  #unwanted: Attempt | null = null;

  /** A second attempt joins. */
  join(attempt: Attempt): void {
    this.second = attempt;
  }

  /** This one answers; the other is given up. */
  win(attempt: Attempt): void {
    const other = attempt === this.first ? this.second : this.first;
    this.first = attempt;
    this.second = null;
    other?.abandon();
  }

  /** One has ended or failed. @returns whether the other is still in progress */
  lose(attempt: Attempt): boolean {
    if (this.second === null) return false;
    if (attempt !== this.second) this.first = this.second;
    this.second = null;
    return true;
  }

  /** The answer of this one is not wanted. @param length bytes of its body; -1 unknown */
  discard(attempt: Attempt, length: number, requestComplete: boolean): void {
    this.#unwanted?.abandon();
    this.#unwanted = attempt;
    attempt.discard(length, requestComplete);
  }

  /** The endpoints took too long. See {@link Attempt.timeOut}. @returns why, as the first has it */
  timeOut(fairMs: number, detail: string): string {
    const reason = this.first?.timeOut(fairMs, detail) ?? detail;
    this.second?.timeOut(fairMs, detail);
    this.second = null;
    return reason;
  }

  /** The response is complete. */
  end(): void {
    this.#unwanted?.abandon();
  }

  abandon(): void {
    this.first?.abandon();
    this.second?.abandon();
  }
}
