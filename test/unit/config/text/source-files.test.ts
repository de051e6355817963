// Files of a configuration: only regular ones are read, only UTF-8 is text, and every state of one has its own stamp.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { isReplacedWhole, SourceFiles, stampNow } from "../../../../src/config/text/source-files.ts";
import { loadFile, withMore } from "../../../support/load.ts";

const folder = mkdtempSync(join(tmpdir(), "source-files-"));
after(() => rmSync(folder, { recursive: true }));
const MIB = 1024 * 1024;
let count = 0;

function fresh(content: string | Buffer = "x"): string {
  const path = join(folder, `file-${count++}`);
  writeFileSync(path, content);
  return path;
}

function pipe(): string {
  const path = join(folder, `pipe-${count++}`);
  execFileSync("mkfifo", [path]);
  return path;
}

describe("what is no regular file is refused at once", () => {
  const read = (path: string) => () => new SourceFiles().text(path, MIB);
  test("a pipe nobody writes to", () => assert.throws(read(pipe()), { message: "this is a pipe, not a regular file" }));
  test("a device", () => assert.throws(read("/dev/zero"), { message: "this is a device, not a regular file" }));
  test("a directory", () => assert.throws(read(folder), { message: "this is a directory" }));
  test("links in a circle", () => {
    const path = join(folder, "circle");
    symlinkSync("circle", path);
    assert.throws(read(path), { message: "its symbolic links form a loop" });
  });
  test("a file beyond its bound, before it is read", () => {
    assert.throws(() => new SourceFiles().bytes(fresh("x".repeat(MIB + 1)), MIB), { message: "larger than 1 MiB" });
  });

  test("in a configuration, at the line that names it", () => {
    const path = pipe();
    const file = fresh(`gateway:\n  include: ${path}\n  management: { auth: { tokens: [ "\${file:${path}}" ] } }\n`);
    const { errors } = loadFile(file);
    assert.ok(errors.includes(`${file}:2:12: cannot read "${path}": this is a pipe, not a regular file`), `${errors}`);
    assert.ok(errors.some((e) => e.startsWith(`${file}:3:`) && e.endsWith("this is a pipe, not a regular file")));
  });
  test("as a certificate, at its key", () => {
    const path = pipe();
    const file = fresh(
      withMore(`  frontend: { http: { tls: { enabled: true, certFile: ${path}, keyFile: ${path} } } }`),
    );
    const { errors } = loadFile(file);
    assert.match(errors[0]!, /:4:\d+: frontend\.http\.tls\.certFile: .*: this is a pipe, not a regular file$/);
  });
  test("as the configuration itself", () => {
    const path = pipe();
    assert.deepEqual(loadFile(path).errors, [`${path}: cannot read configuration: this is a pipe, not a regular file`]);
  });
});

describe("bytes that are not UTF-8", () => {
  test("are an error of the configuration with their line", () => {
    const path = fresh(Buffer.from("gateway:\n  # \xfcber\n  x: 1\n", "latin1"));
    assert.deepEqual(loadFile(path).errors, [`${path}:2:1: this line is not UTF-8; save the file as UTF-8`]);
  });
  test("of an included file are reported there", () => {
    const included = fresh(Buffer.from([0x61, 0x0a, 0x0a, 0xc3]));
    const path = fresh(`gateway: { include: ${included} }`);
    assert.ok(loadFile(path).errors.includes(`${included}:3:1: this line is not UTF-8; save the file as UTF-8`));
  });
  test("of a secret are reported where it is named", () => {
    const secret = fresh(Buffer.from([0xff, 0xfe]));
    const { errors } = loadFile(fresh(`gateway:\n  x: \${file:${secret}}\n`));
    assert.match(errors[0]!, /:2:6: cannot read \$\{file:.*\}: ".*": line 1 is not UTF-8$/);
  });
  test("are not seen in text of several bytes, nor in a byte order mark", () => {
    assert.equal(new SourceFiles().text(fresh("\ufeffäöü €\n𝄞"), MIB), "äöü €\n𝄞");
  });
});

describe("a stamp tells", () => {
  /** Whether a change of a file shows, and whether it looks complete. */
  async function change(path: string, act: () => void): Promise<{ seen: boolean; whole: boolean }> {
    const before = await stampNow(path);
    act();
    const after = await stampNow(path);
    return { seen: before !== after, whole: isReplacedWhole(before, after) };
  }

  test("a file of the same size with an older time put in the place of another", async () => {
    const path = fresh("new");
    const old = fresh("old");
    utimesSync(old, 1, 1);
    assert.deepEqual(await change(path, () => renameSync(old, path)), { seen: true, whole: true });
  });
  test("content of the same size with the time set back", async () => {
    const path = fresh("new");
    const { atime, mtime } = statSync(path);
    const act = () => {
      writeFileSync(path, "old");
      utimesSync(path, atime, mtime);
    };
    assert.deepEqual(await change(path, act), { seen: true, whole: false });
  });
  test("a link switched to an older release", async () => {
    const [one, two] = [fresh("1"), fresh("2")];
    const link = join(folder, `link-${count++}`);
    symlinkSync(two, link);
    const act = () => {
      rmSync(link);
      symlinkSync(one, link);
    };
    assert.equal((await change(link, act)).seen, true);
  });
  test("a file that is gone, and one that came back", async () => {
    const path = fresh();
    assert.deepEqual(await change(path, () => rmSync(path)), { seen: true, whole: false });
    assert.deepEqual(await change(path, () => writeFileSync(path, "")), { seen: true, whole: false });
  });
  test("a permission that was given", async () => {
    const path = fresh();
    chmodSync(path, 0o000);
    assert.equal((await change(path, () => chmodSync(path, 0o644))).seen, true);
  });

  test("what was read, also of files that are missing and of folders within folders", async () => {
    const top = join(folder, "tree");
    mkdirSync(join(top, "below"), { recursive: true });
    writeFileSync(join(top, "below", "a.pb"), "");
    const files = new SourceFiles();
    assert.deepEqual(files.folder(top), [join(top, "below"), join(top, "below", "a.pb")]);
    assert.throws(() => files.bytes(join(top, "none"), MIB), { message: "no such file" });
    for (const [path, stamp] of files.stamps) assert.equal(stamp, await stampNow(path), path);
    assert.deepEqual([...files.stamps.keys()], [top, join(top, "below"), join(top, "none")]);
  });
});
