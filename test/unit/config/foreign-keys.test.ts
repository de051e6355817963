// The tables of foreign words: they speak of sections and keys that exist, and never of a key that is ours there.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { FOREIGN_KEYS } from "../../../src/config/cures/foreign-keys.ts";
import { unknownKeyCure } from "../../../src/config/cures/unknown-key.ts";
import type { Field, Fields } from "../../../src/config/schema/field.ts";
import { gateway } from "../../../src/config/schema/root.ts";
import { fold } from "../../../src/config/text/suggest.ts";

const SCHEMA = gateway.fields!;

/** Keys of a section as the tables name it; null when there is none. */
function keysOf(section: string): Fields | null {
  if (section === "file") return { gateway };
  let fields: Fields | null = SCHEMA;
  for (const step of section.split(".").filter((s) => s !== "")) {
    const field: Field<unknown> | undefined = fields?.[step.replace("[]", "")];
    fields = step.endsWith("[]") ? (field?.items?.fields ?? null) : (field?.fields ?? field?.items?.fields ?? null);
  }
  return fields;
}

for (const [section, words] of FOREIGN_KEYS) {
  describe(`words in ${section === "" ? "gateway" : section}`, () => {
    const keys = keysOf(section);
    test("stand in a section that exists", () => assert.notEqual(keys, null));
    test("are folded, so that they are found", () => {
      assert.deepEqual(
        [...words.keys()].filter((word) => word !== fold(word)),
        [],
      );
    });
    test("are no keys of that section", () => {
      const ours = new Set(Object.keys(keys!).map(fold));
      assert.deepEqual(
        [...words.keys()].filter((word) => ours.has(word)),
        [],
      );
    });
    test("stand in for keys of that section, if for one", () => {
      const meant = [...words.values()].map(({ means }) => means);
      assert.deepEqual(
        meant.filter((key) => key !== "" && !Object.hasOwn(keys!, key)),
        [],
      );
    });
  });
}

describe("an unknown key", () => {
  const cure = (key: string, path: string) =>
    unknownKeyCure(key, path, keysOf(path.replaceAll(/\[\d\]/g, "[]"))!, SCHEMA);
  for (const [key, path, text] of [
    ["strip_prefix", "router.rules[3]", '; did you mean "stripPrefix"?'],
    ["STRIP-PREFIX", "router.rules[3]", '; did you mean "stripPrefix"?'],
    ["timeuot", "router.rules[3]", '; did you mean "timeout"?'],
    ["maxIdleConns", "router.rules[3]", "; it belongs to backend.http.maxIdleConns"],
    ["port", "frontend", "; it belongs to frontend.http.port, frontend.websocket.port or frontend.grpc.port"],
    ["zzzzzz", "shutdown", "; it has delay, timeout"],
    ["zzzzzz", "router.rules[3]", "; docs/configuration.md lists the keys of this block"],
  ] as const) {
    test(`${key} in ${path}${text}`, () => assert.equal(cure(key, path).text, text));
  }
  test("in any style is known by its letters", () => {
    for (const key of ["proxy_pass", "proxyPass", "proxy-pass", "ProxyPass"]) {
      assert.deepEqual(cure(key, "router.rules[0]").means, "serviceName");
    }
  });
});
