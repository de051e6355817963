// Flags: where they may stand, and what is said to those that do not exist.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FlagSpec, parseFlags, UsageError } from "../../../src/cli/flags.ts";

const SPEC: FlagSpec = { config: "text", H: "text", validate: "bool" };

describe("flags", () => {
  for (const args of [
    ["-config", "a.yaml", "GET", "/x"],
    ["GET", "-config", "a.yaml", "/x"],
    ["GET", "/x", "--config=a.yaml"],
  ]) {
    test(`may stand before, between and behind other arguments: ${args.join(" ")}`, () => {
      const { values, rest } = parseFlags(args, SPEC);
      assert.equal(values.get("config"), "a.yaml");
      assert.deepEqual(rest, ["GET", "/x"]);
    });
  }
  test("end at two dashes", () => {
    const { values, rest } = parseFlags(["-validate", "a", "--", "-config", "b"], SPEC);
    assert.deepEqual([[...values.keys()], rest], [["validate"], ["a", "-config", "b"]]);
  });
  test("a single dash is no flag", () => assert.deepEqual(parseFlags(["-"], SPEC).rest, ["-"]));
  test("given several times keep their order, wherever they stand", () => {
    assert.deepEqual(parseFlags(["-H", "a: 1", "GET", "-H", "b: 2"], SPEC).all.get("H"), ["a: 1", "b: 2"]);
  });
});

describe("an unknown flag names the one that was meant", () => {
  for (const [flag, hint] of [
    ["-f", "did you mean -config?"],
    ["--file", "did you mean -config?"],
    ["-cofnig", "did you mean -config?"],
    ["-t", "did you mean -validate?"],
    ["-p", "the address is set in frontend.http of the configuration, or with GATEWAY_PORT"],
    ["-zzz", "-h lists the flags"],
  ] as const) {
    test(`${flag}: ${hint}`, () => {
      assert.throws(
        () => parseFlags([flag], SPEC),
        (error) => error instanceof UsageError && error.message.endsWith(hint),
      );
    });
  }
});
