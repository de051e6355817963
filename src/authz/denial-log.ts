// Logs denials that are not enforced, each distinct one once.

/** Most denials that are logged: clients can produce any number of distinct paths. */
const MAX_LOGGED = 1000;

/** One denial. */
export interface Denial {
  /** Id of the rule. */
  readonly route: string;
  /** "" if the client is not authenticated. */
  readonly subject: string;
  readonly why: string;
}

/** Belongs to one configuration, so a reload starts anew. */
export class DenialLog {
  readonly #write: (message: string, denial: Denial) => void;
  readonly #logged = new Set<string>();

  constructor(write: (message: string, denial: Denial) => void) {
    this.#write = write;
  }

  add(denial: Denial): void {
    if (this.#logged.size > MAX_LOGGED) return;
    const key = JSON.stringify([denial.route, denial.subject, denial.why]);
    if (this.#logged.has(key)) return;
    this.#logged.add(key);
    const last = this.#logged.size > MAX_LOGGED;
    this.#write(last ? "Further denials are only in the access log" : "A request would be denied", denial);
  }
}
