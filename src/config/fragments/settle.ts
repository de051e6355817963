// Decides which fragments take effect: those that are valid together with the files; of conflicting ones, the first.
import { duplicateOf } from "../text/claims.ts";
import { type Contest, oneLine, type Position, type Problem, Problems } from "../text/problem.ts";
import type { DroppedFragment, Fragments, ReadFragment } from "./read.ts";

/** Most problems kept of one fragment. */
const MAX_PROBLEMS = 20;
/** Rounds of checks. Three are usual at most; each further one drops a fragment that no message names. */
const MAX_ROUNDS = 10;

/** What a configuration of files and fragments gave; `result` is null where there are errors. */
export interface Checked<T> {
  readonly problems: Problems;
  readonly result: T | null;
}

/** The configuration with the fragments that take effect. */
interface Settled<T> {
  readonly checked: Checked<T>;
  /** In order of source. */
  readonly dropped: readonly DroppedFragment[];
}

/**
 * Drops fragments until the rest is right together with the files: first all that errors name, which each is to blame for
 * alone, then of those that claim the same name all but the first. What is to blame for an error that names no fragment is
 * searched for. A fragment sees no service of another, so that dropping one makes no other wrong.
 * @param alone the configuration of the files, without errors
 * @param check checks the files with these fragments
 */
export function settle<T>(
  alone: Checked<T>,
  { read, dropped: unread }: Fragments,
  check: (fragments: readonly ReadFragment[]) => Checked<T>,
): Settled<T> {
  const faults = new Map<string, readonly Problem[]>(unread.map(({ source, problems }) => [source, problems]));
  const dropped = () =>
    [...faults]
      .map(([source, problems]) => ({ source, problems: problems.slice(0, MAX_PROBLEMS) }))
      .sort((a, b) => (a.source < b.source ? -1 : 1));
  let left = read;
  for (let round = 0; left.length > 0; round++) {
    const checked = attempt(check, left);
    const blamed = round < MAX_ROUNDS ? blame(checked, left, check) : allOf(left);
    if (blamed.size === 0) return { checked, dropped: dropped() };
    for (const [source, problems] of blamed) faults.set(source, problems);
    left = left.filter(({ source }) => !blamed.has(source));
  }
  return { checked: alone, dropped: dropped() };
}

type Blame = ReadonlyMap<string, readonly Problem[]>;
type Check<T> = (fragments: readonly ReadFragment[]) => Checked<T>;

function blame<T>({ problems }: Checked<T>, fragments: readonly ReadFragment[], check: Check<T>): Blame {
  const { errors, contests } = problems;
  if (errors.length === 0) return losersOf(contests, fragments);
  const named = new Map<string, Problem[]>();
  for (const problem of errors) if (problem.at?.fragment !== undefined) add(named, problem.at.fragment, problem);
  return named.size > 0 ? named : culpritOf(errors[0]!, fragments, check);
}

/** The first of those that claim a name has it, unless it has lost another name and is dropped. */
function losersOf(contests: readonly Contest[], fragments: readonly ReadFragment[]): Blame {
  const claims = new Map<string, { readonly contest: Contest; readonly at: Position }[]>();
  for (const contest of contests) for (const at of contest.claimants) add(claims, at.fragment!, { contest, at });
  const owners = new Map<Contest, Position>();
  const losers = new Map<string, Problem[]>();
  for (const { source } of fragments) {
    const own = claims.get(source) ?? [];
    for (const { contest, at } of own) {
      const owner = owners.get(contest);
      if (owner === undefined) continue;
      add(losers, source, { severity: "error", at, message: duplicateOf(contest.what, owner, contest.cure) });
    }
    if (!losers.has(source)) for (const { contest, at } of own) owners.set(contest, at);
  }
  return losers;
}

/** The fragment with which the errors begin, in order of source. */
function culpritOf<T>(error: Problem, fragments: readonly ReadFragment[], check: Check<T>): Blame {
  let fine = 0;
  let wrong = fragments.length;
  while (wrong - fine > 1) {
    const middle = (fine + wrong) >> 1;
    if (attempt(check, fragments.slice(0, middle)).problems.errors.length > 0) wrong = middle;
    else fine = middle;
  }
  const { source } = fragments[wrong - 1]!;
  return new Map([[source, [fault(source, `it makes the configuration invalid: ${oneLine(error)}`)]]]);
}

function allOf(fragments: readonly ReadFragment[]): Blame {
  const why = "too many fragments are invalid in combination";
  return new Map(fragments.map(({ source }) => [source, [fault(source, why)]]));
}

function fault(source: string, message: string): Problem {
  return { severity: "error", at: { file: source, line: 0, column: 0, fragment: source }, message };
}

/** Whatever a fragment makes go wrong, the files stay in effect. */
function attempt<T>(check: Check<T>, fragments: readonly ReadFragment[]): Checked<T> {
  try {
    return check(fragments);
  } catch (error) {
    const problems = new Problems();
    problems.error(null, (error as Error).message);
    return { problems, result: null };
  }
}

function add<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [value]);
  else list.push(value);
}
