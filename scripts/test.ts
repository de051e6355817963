// Runs test folders with node:test: `tsx scripts/test.ts unit e2e …`. Node 20 expands no globs, so the files are found here.
import { existsSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { run } from "node:test";
import { report } from "./test-reporter.ts";

const suites = process.argv.slice(2);
const files = suites
  .map((suite) => `test/${suite}`)
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => resolve(file))
  .sort();

if (files.length === 0) {
  console.error(`no test files in ${suites.join(", ")}`);
  process.exit(1);
}
console.log(`${files.length} test files of ${suites.join(", ")}`);
const { passed, failed, skipped } = await report(run({ files, concurrency: 2 }), files.length, (text) =>
  process.stdout.write(text),
);
// A test that is not run holds nothing.
process.exit(passed > 0 && failed + skipped === 0 ? 0 : 1);
