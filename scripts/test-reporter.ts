// What a test run prints: each file as its first result comes, failures in full, and a closing line with counts and time.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

/** As much of an event of node:test as is read here. */
export interface TestEvent {
  readonly type: string;
  readonly data: {
    readonly name?: string;
    readonly file?: string;
    readonly nesting?: number;
    readonly skip?: string | boolean;
    readonly todo?: string | boolean;
    readonly message?: string;
    readonly details?: { readonly type?: string; readonly error?: Error; readonly duration_ms?: number };
  };
}

/** How a run went. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Files that had a result. */
  readonly files: number;
}

/** How many of the longest files a run names. */
const LONGEST = 12;

/** Prints a run as it goes. @param files how many it has @param print takes whole lines */
export async function report(
  events: AsyncIterable<TestEvent>,
  files: number,
  print: (text: string) => void,
): Promise<Outcome> {
  const begun = performance.now();
  const seen = new Set<string>();
  const failures: string[] = [];
  /** What the tests of files took, ms. */
  const took = new Map<string, number>();
  let [passed, skipped] = [0, 0];
  for await (const { type, data } of events) {
    if (type === "test:stderr") print(data.message ?? "");
    if (type !== "test:pass" && type !== "test:fail") continue;
    const file = data.file === undefined ? "" : sourceOf(data.file);
    if (file !== "" && !file.startsWith("..") && !seen.has(file)) {
      seen.add(file);
      print(`${String(seen.size).padStart(String(files).length)}/${files} ${file}\n`);
    }
    if (data.nesting === 0) {
      const whole = file.startsWith("..") ? sourceOf(data.name ?? "") : file; // of a file among others it is a suite
      took.set(whole, (took.get(whole) ?? 0) + (data.details?.duration_ms ?? 0));
    }
    if (type === "test:fail") {
      if (data.details?.error === undefined || isOfChildren(data.details.error)) continue;
      const failure = `✖ ${file}: ${data.name}\n${indented(inspect(data.details.error.cause ?? data.details.error))}\n`;
      failures.push(failure);
      print(failure);
    } else if (data.skip !== undefined || data.todo !== undefined) {
      skipped++;
      print(`skipped: ${file}: ${data.name}\n`);
    } else if (data.details?.type !== "suite") passed++;
  }
  if (failures.length > 0) print(`\nfailed:\n${failures.join("")}`);
  const longest = [...took].sort(([, a], [, b]) => b - a).slice(0, LONGEST);
  print(`\nlongest: ${longest.map(([file, ms]) => `${file} ${Math.round(ms / 1000)} s`).join(", ")}\n`);
  const seconds = Math.round((performance.now() - begun) / 1000);
  print(`\n${seen.size} of ${files} files in ${Math.floor(seconds / 60)} min ${seconds % 60} s\n`);
  print(`tests: ${passed} passed, ${failures.length} failed, ${skipped} skipped\n`);
  return { passed, failed: failures.length, skipped, files: seen.size };
}

/** Path below `test/` of a source, given itself or what it is compiled to; begins with `..` for what is no test. */
function sourceOf(file: string): string {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  return relative("test", path.replace("/.cache/test/", "/")).replace(/\.js$/, ".ts");
}

/** A suite fails for its tests, which are told themselves. */
function isOfChildren(error: Error): boolean {
  return (error as { failureType?: string }).failureType === "subtestsFailed";
}

function indented(text: string): string {
  return text.replace(/^/gm, "    ");
}
