// The output of the log: what cannot be appended to is refused at its line.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { load, withMore } from "../../support/load.ts";

const folder = mkdtempSync(join(tmpdir(), "log-output-"));
after(() => rmSync(folder, { recursive: true }));

const errorsOf = (output: string) => load(withMore(`  telemetry: { logging: { output: ${output} } }`)).errors;

test("a directory is refused at its line", () => {
  assert.deepEqual(errorsOf(folder), [`t.yaml:4:35: telemetry.logging.output: "${folder}": this is a directory`]);
});

test("a socket is refused", async () => {
  const path = join(folder, "socket");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(path, resolve));
  assert.match(errorsOf(path).join(), /this is a socket$/);
  await new Promise((resolve) => server.close(resolve));
});

test("streams of the process, devices, files and what is not there yet are fine", () => {
  for (const output of ["stdout", "stderr", "/dev/null", join(folder, "new.log"), join(folder, "later", "new.log")]) {
    assert.deepEqual(errorsOf(output), [], output);
  }
});
