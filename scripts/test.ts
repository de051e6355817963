// Runs test folders with node:test: `tsx scripts/test.ts unit e2e …`. Node 20 expands no globs, so the files are found here.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";

const suites = process.argv.slice(2);
const files = suites
  .map((suite) => `test/${suite}`)
  .filter((folder) => existsSync(folder))
  .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`))
  .filter((file) => file.endsWith(".test.ts"))
  .sort();

if (files.length === 0) {
  console.error(`no test files in ${suites.join(", ")}`);
  process.exit(1);
}
const reporter = process.env.CI === "true" ? "spec" : "dot";
const args = ["--import", "tsx", "--test", "--test-concurrency=2", `--test-reporter=${reporter}`, ...files];
const { status } = spawnSync(process.execPath, args, { stdio: "inherit" });
process.exit(status ?? 1);
