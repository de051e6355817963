// When a change of files is reported: once, when its writers are done, whatever was put where.
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { type Stamps, stampNow } from "../../../src/config/text/source-files.ts";
import { Changes } from "../../../src/control/changes.ts";

const folder = mkdtempSync(join(tmpdir(), "changes-"));
after(() => rmSync(folder, { recursive: true }));
let count = 0;

async function read(paths: readonly string[]): Promise<Stamps> {
  return new Map(await Promise.all(paths.map(async (path) => [path, await stampNow(path)] as const)));
}

/** Files in folders of their own, followed. */
async function followed(n: number): Promise<{ readonly changes: Changes; readonly files: readonly string[] }> {
  const files = Array.from({ length: n }, () => join(folder, `d${count++}`, "file.yaml"));
  for (const file of files) {
    mkdirSync(dirname(file));
    writeFileSync(file, "old");
  }
  const changes = new Changes();
  changes.follow(await read(files));
  assert.equal(await changes.look(), false);
  return { changes, files };
}

/** Looks until a change is reported. @returns how many looks it took */
async function looksUntilReported(changes: Changes): Promise<number> {
  for (let looks = 1; looks < 100; looks++) if (await changes.look()) return looks;
  throw new Error("no change was reported");
}

/** Puts a file in the place of another, as `mv` does; its last write is a while ago. */
function replace(file: string, content: string): void {
  writeFileSync(`${file}.tmp`, content);
  utimesSync(`${file}.tmp`, 1, 1);
  renameSync(`${file}.tmp`, file);
}

test("a file written where it stands is reported when three looks have seen no further change, and once", async () => {
  const { changes, files } = await followed(1);
  writeFileSync(files[0]!, "half");
  assert.equal(await looksUntilReported(changes), 4);
  for (let i = 0; i < 5; i++) assert.equal(await changes.look(), false);
});

test("a writer that pauses for two looks is waited for", async () => {
  const { changes, files } = await followed(1);
  for (let piece = 0; piece < 5; piece++) {
    appendFileSync(files[0]!, `piece ${piece}\n`);
    for (let i = 0; i < 3; i++) assert.equal(await changes.look(), false, `piece ${piece}, look ${i}`);
  }
  assert.equal(await looksUntilReported(changes), 1);
});

test("a writer that never pauses is waited for 50 looks", async () => {
  const { changes, files } = await followed(1);
  let looks = 0;
  for (let done = false; !done; looks++) {
    appendFileSync(files[0]!, "x");
    done = await changes.look();
  }
  assert.equal(looks, 50);
});

test("a file renamed into place is reported with the first look that sees nothing further", async () => {
  const { changes, files } = await followed(2);
  replace(files[0]!, "new");
  assert.equal(await looksUntilReported(changes), 2);
  replace(files[0]!, "newer");
  assert.equal(await changes.look(), false);
  replace(files[1]!, "new");
  assert.equal(await looksUntilReported(changes), 2);
});

test("files of several folders are deleted, written again and changed, each noticed every time", async () => {
  const { changes, files } = await followed(3);
  for (const file of [...files, ...files]) {
    rmSync(file);
    assert.equal(await looksUntilReported(changes), 4, "gone");
    writeFileSync(file, "back");
    assert.equal(await looksUntilReported(changes), 4, "back");
    writeFileSync(file, "again");
    assert.equal(await looksUntilReported(changes), 4, "again");
  }
});

test("a file that is deleted and written again between looks is one change", async () => {
  const { changes, files } = await followed(1);
  rmSync(files[0]!);
  assert.equal(await changes.look(), false);
  writeFileSync(files[0]!, "back");
  assert.equal(await looksUntilReported(changes), 4);
});

test("what changed between being read and being followed is noticed", async () => {
  const { changes, files } = await followed(1);
  const before = await read(files);
  writeFileSync(files[0]!, "newer");
  changes.follow(before);
  assert.equal(await looksUntilReported(changes), 4);
});

test("a change that somebody else has loaded meanwhile is not reported", async () => {
  const { changes, files } = await followed(1);
  writeFileSync(files[0]!, "new");
  assert.equal(await changes.look(), false);
  changes.follow(await read(files));
  for (let i = 0; i < 5; i++) assert.equal(await changes.look(), false);
});

test("files that are followed no more, also since a look began, are nobody's business", async () => {
  const { changes, files } = await followed(2);
  writeFileSync(files[1]!, "new");
  const looking = changes.look();
  changes.follow(await read([files[0]!]));
  assert.equal(await looking, false);
  for (let i = 0; i < 5; i++) assert.equal(await changes.look(), false);
});

test("of very many files each has its turn, and one that changes is looked at until it is complete", async () => {
  const { changes, files } = await followed(200);
  const last = files.at(-1)!;
  writeFileSync(last, "half");
  const looks = await looksUntilReported(changes);
  assert.ok(looks >= 4 && looks <= 4 + 4, `${looks} looks`);
  for (let i = 0; i < 8; i++) assert.equal(await changes.look(), false);
  replace(files[0]!, "new");
  assert.ok((await looksUntilReported(changes)) <= 5);
});
