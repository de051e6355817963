// Compiles the tests and runs some of their folders: `tsx scripts/test.ts unit e2e …`. Compiled, they start in half the time.
import { spawnSync } from "node:child_process";
import { existsSync, symlinkSync } from "node:fs";

/** Where sources, tests and scripts are compiled to, each at its place below the root. */
const OUT = ".cache/test";

const compiled = run("node_modules/.bin/tsc", ["-p", "scripts/tsconfig.test.json"]);
if (compiled !== 0) process.exit(compiled);
// What the sources read beside themselves.
for (const name of ["package.json", "gateway.yaml", "protos"])
  if (!existsSync(`${OUT}/${name}`)) symlinkSync(`../../${name}`, `${OUT}/${name}`);
process.exit(run(process.execPath, ["--enable-source-maps", `${OUT}/scripts/test-run.js`, ...process.argv.slice(2)]));

/** @returns its exit code */
function run(program: string, args: readonly string[]): number {
  const { status, error } = spawnSync(program, args, { stdio: "inherit" });
  if (error !== undefined) throw error;
  return status ?? 1;
}
