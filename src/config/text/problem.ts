// Errors and warnings about a configuration, with their places, and the text in which they are shown.
import { mayHoldSecret } from "./secret-lines.ts";
import { withoutUrlSecrets } from "./url-secrets.ts";

/** A place in a file; line and column count from 1. Line 0: not from a file, `file` then says what it is. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Source of the fragment it lies in; absent in files and in the environment. */
  readonly fragment?: string;
}

/** One error or warning. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly at: Position | null;
  readonly message: string;
  /** The line it is about holds a secret, and is not shown. */
  readonly hidden?: true;
}

/** A name that can belong to one only, such as the id of a rule, and the places in fragments that claim it, in order. */
export interface Contest {
  /** What is claimed: `rule id "a"`. */
  readonly what: string;
  /** What to do about it, beginning with `; `. */
  readonly cure: string;
  readonly claimants: readonly Position[];
}

/** Collects problems; every stage of loading adds to the same list, so that all are shown at once. */
export class Problems {
  readonly list: Problem[] = [];
  /** Names that several fragments claim. Each is an error, though not yet whose. */
  readonly contests: Contest[] = [];
  readonly #once = new Set<string>();
  readonly #repeats: boolean;
  /** Set when a file is not valid YAML; later stages are then skipped. */
  unreadable = false;

  /** @param repeats warnings with the same text are kept each time */
  constructor(repeats = false) {
    this.#repeats = repeats;
  }

  /** A collection that begins with all that was found so far. */
  copy(): Problems {
    const copy = new Problems();
    copy.list.push(...this.list);
    for (const message of this.#once) copy.#once.add(message);
    return copy;
  }

  /** @param hidden whether the line holds a secret */
  error(at: Position | null, message: string, hidden = false): void {
    this.list.push({ severity: "error", at, message: withoutUrlSecrets(message), ...(hidden && { hidden }) });
  }

  /** Warnings with the same text are said once, unless the collection was told otherwise. */
  warn(at: Position | null, message: string, hidden = false): void {
    if (!this.#repeats && this.#once.has(message)) return;
    this.#once.add(message);
    this.list.push({ severity: "warning", at, message: withoutUrlSecrets(message), ...(hidden && { hidden }) });
  }

  /** Whether there is an error about exactly this place. */
  saidAt(at: Position): boolean {
    return this.list.some((p) => p.severity === "error" && p.at === at);
  }

  get errors(): Problem[] {
    return this.list.filter((p) => p.severity === "error");
  }

  get warnings(): Problem[] {
    return this.list.filter((p) => p.severity === "warning");
  }
}

/** `file:line:column: message`, without the source line: for one-line logs. What fragments say cannot end the line. */
export function oneLine(problem: Problem): string {
  const { at, message } = problem;
  if (at === null) return message;
  if (at.fragment !== undefined) return `${at.file}: ${message}`.replaceAll(/[\p{Cc}\u2028\u2029]/gu, "\ufffd");
  return at.line === 0 ? `${at.file}: ${message}` : `${at.file}:${at.line}:${at.column}: ${message}`;
}

/** `file:line`, or what the place is when it is in no file. */
export function placeText({ file, line }: Position): string {
  return line === 0 ? file : `${file}:${line}`;
}

/**
 * Problem with the offending line below it and a caret under the column.
 * @param sources file name → text
 */
export function withSource(problem: Problem, sources: ReadonlyMap<string, string>): string {
  return withLine(problem, (file) => sources.get(file)?.split("\n"));
}

function withLine(problem: Problem, linesOf: (file: string) => readonly string[] | undefined): string {
  const head = `${problem.severity}: ${oneLine(problem)}`;
  const { at } = problem;
  const lines = at === null || at.line === 0 ? undefined : linesOf(at.file);
  const line = lines?.[at!.line - 1] ?? "";
  if (at === null || line.trim() === "" || problem.hidden === true || mayHoldSecret(lines!, at.line)) return head;
  const number = String(at.line);
  const before = withoutUrlSecrets(line.slice(0, at.column - 1)).length;
  const shown = withoutUrlSecrets(line.trimEnd());
  return `${head}\n  ${number} | ${shown}\n  ${" ".repeat(number.length)} | ${" ".repeat(before)}^`;
}

/** Thrown when a configuration is refused; {@link problems} has all of it, {@link text} what to show. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly Problem[];
  readonly text: string;

  constructor(problems: readonly Problem[], sources: ReadonlyMap<string, string>) {
    const errors = problems.filter((p) => p.severity === "error");
    super(errors.map(oneLine).join("\n"));
    this.problems = problems;
    const inOrder = [...problems].sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
    // In the order of files and lines.
    const files = [...new Set(problems.map((p) => p.at?.file))];
    const sorted = files.flatMap((file) => inOrder.filter((p) => p.at?.file === file));
    const lines = new Map([...sources].map(([file, text]) => [file, text.split("\n")]));
    this.text = sorted.map((p) => withLine(p, (file) => lines.get(file))).join("\n");
  }
}
