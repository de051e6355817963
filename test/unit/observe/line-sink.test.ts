// The log output: whole lines in order, reopened by name, written out at the end.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
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
  assert.throws(
    () => new LineSink(join(folder, "missing", "a.log")),
    /cannot write the log to ".*missing\/a.log": no such directory/,
  );
});

test("a directory is no log file", () => {
  assert.throws(() => new LineSink(folder), { message: `cannot write the log to "${folder}": this is a directory` });
});

describe("a named pipe", () => {
  let count = 0;
  function pipe(): string {
    const path = join(folder, `pipe-${count++}`);
    execFileSync("mkfifo", [path]);
    return path;
  }
  const openToRead = (path: string) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);

  /** What can be read now. */
  function drain(fd: number): string {
    const buffer = Buffer.alloc(64 * 1024);
    try {
      return buffer.toString("latin1", 0, readSync(fd, buffer));
    } catch {
      return ""; // nothing is there yet
    }
  }

  test("that nobody reads is an error at once, and does not wait", () => {
    assert.throws(() => new LineSink(pipe()), /no process reads this pipe/);
  });

  test("takes all lines, however slowly it is read, and the event loop goes on meanwhile", async () => {
    const path = pipe();
    const reader = openToRead(path);
    const sink = new LineSink(path);
    const lines = Array.from(
      { length: 20_000 },
      (_, i) => `line ${i} of a pipe that holds less than all of them\n`,
    ).join("");
    sink.write(lines);
    const flushed = sink.flushed();
    let text = "";
    while (text.length < lines.length) {
      await new Promise((resolve) => setImmediate(resolve));
      text += drain(reader);
    }
    await flushed;
    assert.equal(text, lines);
    assert.equal(sink.dropped, 0);
    await sink.close();
    closeSync(reader);
  });

  test("loses lines while its reader is gone, and has the later ones when another comes", async () => {
    const path = pipe();
    const first = openToRead(path);
    const sink = new LineSink(path);
    closeSync(first);
    sink.write("lost\n");
    await sink.flushed();
    assert.equal(sink.dropped, 1);
    const second = openToRead(path);
    sink.write("kept\n");
    await sink.flushed();
    assert.equal(drain(second), "kept\n");
    await sink.close();
    closeSync(second);
  });

  test("that is full does not hold up the end of the process", () => {
    const path = pipe();
    const reader = openToRead(path);
    const sink = new LineSink(path);
    sink.write(`${"x".repeat(1024 * 1024)}\n`);
    sink.flushSync();
    closeSync(reader);
  });
});
