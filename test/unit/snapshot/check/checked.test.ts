// What a start would stumble over is found by the check: the log file cannot be opened.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { ConfigError } from "../../../../src/config/text/problem.ts";
import { loadChecked } from "../../../../src/snapshot/check/checked.ts";
import { FILE, withMore } from "../../../support/load.ts";

describe("an address to listen on", () => {
  const warnings = (host: string) =>
    loadChecked({ file: FILE, text: withMore(`  frontend: { http: { host: "${host}" } }`), env: {} }).warnings;
  test("that no interface has is a warning at its line", () => {
    // An address for documentation (RFC 5737).
    const [warning] = warnings("192.0.2.1");
    assert.equal(warning?.at?.line, 4);
    assert.equal(warning?.message, "frontend.http.host: no interface of this machine has the address 192.0.2.1");
  });
  for (const host of ["127.0.0.1", "127.0.0.9", "0.0.0.0", "::", "::1", "localhost"]) {
    test(`${host} is fine`, () => assert.deepEqual(warnings(host), []));
  }
});

describe("telemetry.logging.output", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "gateway-output-"));
    writeFileSync(join(folder, "file"), "");
  });
  after(() => rmSync(folder, { recursive: true }));

  const check = (output: string, more = "") =>
    loadChecked({ file: FILE, text: withMore(`  telemetry: { logging: { output: "${output}"${more} } }`), env: {} });
  const fault = (output: string): string => {
    try {
      check(output);
    } catch (error) {
      if (error instanceof ConfigError) return error.message;
      throw error;
    }
    return "";
  };

  for (const output of ["stdout", "stderr", "/dev/null"]) {
    test(`${output} is fine`, () => assert.equal(fault(output), ""));
  }
  test("a file that is there, or can be made, is fine, and is not made by looking", () => {
    assert.equal(fault(join(folder, "file")), "");
    assert.equal(fault(join(folder, "new")), "");
    assert.ok(!existsSync(join(folder, "new")));
  });
  test("a folder that is not there is named by its absolute path, at the line of the key", () => {
    const message = fault(join(folder, "none", "access.log"));
    assert.match(message, /^t\.yaml:4:\d+: telemetry\.logging\.output: cannot write /);
    assert.ok(message.endsWith(`directory ${join(folder, "none")} does not exist; create it first`), message);
  });
  test("a relative path is shown as the one that was tried", () => {
    assert.ok(fault("no/where.log").includes(`(${join(process.cwd(), "no/where.log")})`));
  });
  test("a folder is no file", () => assert.match(fault(folder), /this is a directory; specify a file in it/));
  test("a socket is no file", async () => {
    const path = join(folder, "socket");
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    assert.match(fault(path), /this is a socket; specify a file or a pipe$/);
    await new Promise((resolve) => server.close(resolve));
  });
  test("a file is no folder", () => assert.match(fault(join(folder, "file", "x")), /is not a directory$/));
  for (const output of ["STDOUT", "-", "syslog", "journald", "syslog://localhost", "console"]) {
    test(`${output} does not become a file of that name`, () => {
      assert.match(fault(output), /it is not a file; write stdout or stderr/);
    });
  }
  test("so is the output of the application log, also where no access lines are written", () => {
    const more = `, enabled: false, applicationOutput: "${folder}"`;
    assert.throws(() => check("stdout", more), /telemetry\.logging\.applicationOutput: cannot write .*a directory/);
  });
  test("is not looked at where no access lines are written", () => {
    assert.equal(check("/nowhere/at/all", ", enabled: false").config.logging.enabled, false);
  });
});
