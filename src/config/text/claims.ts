// Names that must be unique: the first use of each, and the errors for later ones.
import { type Contest, type Position, type Problems, placeText } from "./problem.ts";

interface OpenContest extends Contest {
  readonly claimants: Position[];
}

/** Claims to names of one kind. */
export class Claims {
  readonly #problems: Problems;
  readonly #first = new Map<string, Position>();
  readonly #contests = new Map<string, OpenContest>();

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /**
   * Notes that `key` is used at a place. A second use is an error: in a fragment where the other is in a file, else where the
   * later is. Between two fragments it is a contest, which `problems` keeps. Claims of one fragment follow each other.
   * @param what names the key in messages
   */
  claim(key: string, at: Position, what: string, cure = "; rename or remove one of them"): void {
    const first = this.#first.get(key);
    if (first === undefined) {
      this.#first.set(key, at);
      return;
    }
    const contest = this.#contests.get(key);
    const last = contest?.claimants.at(-1) ?? first;
    if (first.fragment !== undefined && at.fragment === undefined) {
      for (const claimant of contest?.claimants ?? [first]) this.#problems.error(claimant, duplicateOf(what, at, cure));
      this.#first.set(key, at);
    } else if (first.fragment === undefined || last.fragment === at.fragment) {
      this.#problems.error(at, duplicateOf(what, contest === undefined ? first : last, cure));
    } else if (contest === undefined) {
      const opened = { what, cure, claimants: [first, at] };
      this.#contests.set(key, opened);
      this.#problems.contests.push(opened);
    } else contest.claimants.push(at);
  }
}

/** What is said to whoever comes second. */
export function duplicateOf(what: string, first: Position, cure: string): string {
  return `duplicate ${what}; the first is at ${placeText(first)}${cure}`;
}
