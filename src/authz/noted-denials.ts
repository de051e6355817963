// What permissive rules would deny, each told once.

/** Different ones that are told; there may be as many as clients can make up paths. */
const MAX_TOLD = 1000;

/** One denial. */
export interface Denial {
  readonly route: string;
  /** "" = nobody. */
  readonly subject: string;
  readonly why: string;
}

/** Belongs to one configuration: a reload tells them again. */
export class NotedDenials {
  readonly #tell: (message: string, denial: Denial) => void;
  readonly #told = new Set<string>();

  constructor(tell: (message: string, denial: Denial) => void) {
    this.#tell = tell;
  }

  note(denial: Denial): void {
    if (this.#told.size > MAX_TOLD) return;
    const key = JSON.stringify([denial.route, denial.subject, denial.why]);
    if (this.#told.has(key)) return;
    this.#told.add(key);
    const last = this.#told.size > MAX_TOLD;
    this.#tell(
      last ? "Further requests would be denied, which only the access log tells" : "A request would be denied",
      denial,
    );
  }
}
