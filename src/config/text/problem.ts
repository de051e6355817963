// What is wrong with a configuration, and where: the text a person reads when the gateway refuses a file.

/** A place in a file; line and column count from 1. Line 0: not from a file, `file` then says what it is. */
export interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One error or warning. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly at: Position | null;
  readonly message: string;
}

/** Collects problems; every stage of loading adds to the same list, so that all are shown at once. */
export class Problems {
  readonly list: Problem[] = [];
  readonly #once = new Set<string>();
  /** A file is not YAML: what it means cannot be asked. */
  unreadable = false;

  error(at: Position | null, message: string): void {
    this.list.push({ severity: "error", at, message });
  }

  /** Warnings with the same text are said once. */
  warn(at: Position | null, message: string): void {
    if (this.#once.has(message)) return;
    this.#once.add(message);
    this.list.push({ severity: "warning", at, message });
  }

  /** Whether the value at that very place has been refused. */
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

/** `file:line:column: message`, without the source line: for one-line logs. */
export function oneLine(problem: Problem): string {
  const { at, message } = problem;
  if (at === null) return message;
  return at.line === 0 ? `${at.file}: ${message}` : `${at.file}:${at.line}:${at.column}: ${message}`;
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
  const line = at === null || at.line === 0 ? undefined : linesOf(at.file)?.[at.line - 1];
  if (at === null || line === undefined || line.trim() === "") return head;
  const number = String(at.line);
  return `${head}\n  ${number} | ${line.trimEnd()}\n  ${" ".repeat(number.length)} | ${" ".repeat(at.column - 1)}^`;
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
    // File by file, each from top to bottom, as one reads and mends them.
    const files = [...new Set(problems.map((p) => p.at?.file))];
    const sorted = files.flatMap((file) => inOrder.filter((p) => p.at?.file === file));
    const lines = new Map([...sources].map(([file, text]) => [file, text.split("\n")]));
    this.text = sorted.map((p) => withLine(p, (file) => lines.get(file))).join("\n");
  }
}
