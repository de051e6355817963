// The bundle keeps the names of the sources it is made of in stacks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

/** What happened in a process of its own that runs `gateway version`. */
interface Seen {
  /** Of an error made below the command. */
  readonly stack: string;
  /** Files read before the stack was asked for, and for it. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/** @param maps whether source maps can be read */
function seen(maps: boolean): Seen {
  const script = `
    import fs from "node:fs";
    import { syncBuiltinESMExports } from "node:module";
    const { readFileSync } = fs;
    let files = [];
    fs.readFileSync = (file, ...rest) => {
      files.push(String(file));
      if (!${maps} && String(file).endsWith(".map")) throw new Error("no such file");
      return readFileSync(file, ...rest);
    };
    syncBuiltinESMExports();
    const write = process.stdout.write.bind(process.stdout);
    let error;
    process.stdout.write = () => {
      const wrong = new TypeError("full");
      error = Object.assign(wrong, { code: "ERR_FULL" });
      return true;
    };
    await import("./dist/main.js");
    const before = files;
    files = [];
    const stack = error.stack;
    write(JSON.stringify({ stack, before, after: files }));`;
  const args = ["--input-type=module", "-e", script, "gateway", "version"];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Seen;
}

const isMap = (file: string) => file.endsWith(".map");

test("stacks name the sources, whose maps are not read before", () => {
  const { stack, before, after } = seen(true);
  assert.match(stack, /^TypeError \[ERR_FULL\]: full\n {4}at /);
  assert.match(stack, /^ {4}at Object\.run \(file:\/\/\/.*\/src\/cli\/print\.ts:\d+:\d+\)$/m);
  assert.match(stack, /^ {4}at file:\/\/\/.*\/src\/main\.ts:\d+:\d+$/m);
  assert.doesNotMatch(stack, /\/dist\//);
  assert.deepEqual(before.filter(isMap), []);
  assert.ok(after.length > 0 && after.every(isMap), String(after));
  assert.equal(new Set(after).size, after.length);
});
test("without the maps, stacks name the files of the bundle", () => {
  const { stack } = seen(false);
  assert.match(stack, /^TypeError \[ERR_FULL\]: full\n {4}at .*\n(.*\n)*.*\/dist\/main\.js:\d+:\d+$/m);
});
