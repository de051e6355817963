// Lines that may hold a secret are known by the keys in and above them, also where the file is no YAML.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseYaml } from "../../../../src/config/text/parse.ts";
import { Problems } from "../../../../src/config/text/problem.ts";
import { mayHoldSecret, withoutQuote } from "../../../../src/config/text/secret-lines.ts";

const FILE = `gateway:
  management:
    enabled: true
    auth:
      users:
        # comment
        ada: 1
  redis:
    host: x
    password: |
      two
      lines
  auth:
    basic:
      users:
      - name: ann
        passwordHash: 1
    apikey:
      headerName: X
      keys: { a: 1 }
  router:
    rules:
      - path: /
        serviceName: up`;

describe("a line", () => {
  const lines = FILE.split("\n");
  const secret = lines.flatMap((line, i) => (mayHoldSecret(lines, i + 1) ? [line.trim()] : []));
  test("may hold a secret by its own key, or by one of a block around it", () => {
    const expected = ["users:", "ada: 1", "password: |", "two", "lines", "passwordHash: 1", "keys: { a: 1 }"];
    for (const line of expected) assert.ok(secret.includes(line), line);
  });
  test("may not where no key says so", () => {
    for (const line of ["enabled: true", "host: x", "headerName: X", "- path: /", "serviceName: up", "router:"])
      assert.ok(!secret.includes(line), line);
  });
});

test("what is wrong with it is said without a word of it", () => {
  assert.match(withoutQuote('"@abc" is quoted', "  ada: @abc"), /put the secret in quotes/);
  assert.equal(
    withoutQuote("the quote that opens here is not closed", '  x: "abc'),
    "the quote that opens here is not closed",
  );
});

test("a file that is no YAML because of a secret does not show it", () => {
  for (const written of [
    "*hunter2",
    "@hunter2",
    "`hunter2",
    "%hunter2",
    ">hunter2",
    '"a" hunter2',
    "hunter2: x",
    "{ hunter2",
  ]) {
    const problems = new Problems();
    parseYaml(FILE.replace("ada: 1", `ada: ${written}`), "g.yaml", problems);
    assert.ok(problems.errors.length > 0, written);
    for (const { message } of problems.errors) assert.doesNotMatch(message, /hunter2/, written);
  }
});
