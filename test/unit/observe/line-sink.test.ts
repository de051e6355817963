// The log output: whole lines in order, reopened by name, written out at the end.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { LineSink } from "../../../src/observe/line-sink.ts";

const folder = mkdtempSync(join(tmpdir(), "sink-"));
after(() => rmSync(folder, { recursive: true }));

test("writes lines in order, also more than one batch of them", async () => {
  const file = join(folder, "order.log");
  const sink = new LineSink(file);
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  for (const line of lines) sink.write(`${line}\n`);
  await sink.close();
  assert.deepEqual(readFileSync(file, "utf8").trimEnd().split("\n"), lines);
  assert.equal(sink.closed, true);
});

test("goes on in a new file after the old one was moved away", async () => {
  const file = join(folder, "moved.log");
  const sink = new LineSink(file);
  sink.write("before\n");
  await sink.flushed();
  renameSync(file, `${file}.1`);
  sink.reopen();
  sink.write("after\n");
  await sink.close();
  assert.equal(readFileSync(`${file}.1`, "utf8"), "before\n");
  assert.equal(readFileSync(file, "utf8"), "after\n");
});

test("writes what is waiting without the event loop when the process ends", () => {
  const file = join(folder, "sync.log");
  const sink = new LineSink(file);
  sink.write("last words\n");
  sink.flushSync();
  assert.equal(readFileSync(file, "utf8"), "last words\n");
});

test("a file that cannot be opened is an error at once", () => {
  assert.throws(() => new LineSink(join(folder, "missing", "a.log")), /ENOENT/);
});
