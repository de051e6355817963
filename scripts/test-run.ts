// Runs the compiled tests of some folders with node:test. Node 20 expands no globs, so the files are found here.
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { run } from "node:test";
import { report } from "./test-reporter.ts";

/** Folders of tests that compute and seldom wait: many files share a process, which loads the sources once. */
const QUICK: ReadonlySet<string> = new Set(["unit", "contract", "doors", "golden", "house"]);
/** Processes that those files are dealt to. */
const GROUPS = 6;
/** More than there are processors: the other files mostly wait, for timeouts, processes and each other. */
const AT_ONCE = 5;
/** Files that wait long, whatever their size, as the end of a run tells; they come first. */
const LONG: readonly string[] = [
  "e2e/acme",
  "e2e/reload",
  "e2e/drain",
  "e2e/websocket-liveness",
  "e2e/protocol-matrix",
  "e2e/documents",
  "fault/websocket",
  "fault/acme-gateway",
  "fault/acme",
  "e2e/cli",
  "fault/fuzz",
];

const root = resolve(import.meta.dirname, "..");
const suites = process.argv.slice(2);
const quick = filesOf(suites.filter((suite) => QUICK.has(suite)));
const slow = filesOf(suites.filter((suite) => !QUICK.has(suite)));
const count = quick.length + slow.length;
if (count === 0) {
  console.error(`no test files in ${suites.join(", ")}`);
  process.exit(1);
}
console.log(`${count} test files of ${suites.join(", ")}`);
const events = run({ files: [...first(slow), ...groupsOf(quick), ...rest(slow)], concurrency: AT_ONCE });
const { passed, failed, skipped, files } = await report(events, count, (text) => process.stdout.write(text));
// A test that is not run holds nothing, nor does a file without one.
process.exit(passed > 0 && files === count && failed + skipped === 0 ? 0 : 1);

/** Compiled test files below some folders of `test/`, sorted. */
function filesOf(folders: readonly string[]): string[] {
  return folders
    .map((folder) => `test/${folder}`)
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => join(root, file.replace(/ts$/, "js")))
    .sort();
}

/** Those that take long, in their order. */
function first(files: readonly string[]): string[] {
  return LONG.flatMap((name) => files.filter((file) => file === join(root, "test", `${name}.test.js`)));
}

/** The others, the largest first: what begins last is soon over. */
function rest(files: readonly string[]): string[] {
  const long = new Set(first(files));
  return files.filter((file) => !long.has(file)).sort((a, b) => statSync(b).size - statSync(a).size);
}

/** Files that load others, each as a suite of its own, so that its hooks are its own. */
function groupsOf(files: readonly string[]): string[] {
  return Array.from({ length: Math.min(GROUPS, files.length) }, (_, i) => {
    const group = join(root, "groups", `${i + 1}.test.js`);
    mkdirSync(dirname(group), { recursive: true });
    const members = files.filter((_, n) => n % GROUPS === i);
    writeFileSync(
      group,
      `import { createRequire } from "node:module";
import { describe } from "node:test";
const load = createRequire(import.meta.url);
for (const file of ${JSON.stringify(members)}) describe(file, () => void load(file));
`,
    );
    return group;
  });
}
