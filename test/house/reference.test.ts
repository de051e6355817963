// The examples of the configuration reference are right: each loads, and each form and section has some.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { belowGateway, reference } from "../../scripts/reference.ts";
import { EXAMPLES } from "../../scripts/reference-examples.ts";
import { FORMS } from "../../scripts/reference-forms.ts";
import type { Fields } from "../../src/config/schema/field.ts";
import { gateway } from "../../src/config/schema/root.ts";
import { oneLine } from "../../src/config/text/problem.ts";
import { loadChecked } from "../../src/snapshot/check/checked.ts";
import { makeAuthority } from "../support/certificates.ts";

/** What every example takes to be there. */
const AROUND = `gateway:
  router: { rules: [ { id: around, path: /around, serviceName: web } ] }
  registry:
    static:
      services:
        - { name: web, instances: [ { address: 127.0.0.1, port: 3000 } ] }
        - { name: shop, instances: [ { address: 127.0.0.1, port: 3000 } ] }
        - { name: greeter, type: grpc, instances: [ { address: 127.0.0.1, port: 50051 } ] }
`;
const document = reference();
/** Files that examples name → files that are there. */
const FILES = new Map<string, string>();
const folder = mkdtempSync(join(tmpdir(), "reference-"));

before(() => {
  writeFileSync(join(folder, "around.yaml"), AROUND);
  const { cert, key } = makeAuthority(folder, "tls");
  FILES.set("/etc/gateway/tls.key", key);
  for (const name of ["tls", "clients", "services"]) FILES.set(`/etc/gateway/${name}.crt`, cert);
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** Loads YAML of a section. @throws ConfigError */
function load(section: string): string[] {
  let text = belowGateway(section).replace("gateway:\n", "gateway:\n  include: around.yaml\n");
  for (const [from, to] of FILES) text = text.replaceAll(from, to);
  return loadChecked({ file: join(folder, "example.yaml"), text, env: {} }).warnings.map(oneLine);
}

describe("every example of a section", () => {
  for (const [path, example] of Object.entries(EXAMPLES)) {
    test(`${path} loads without a warning, names the section and is shown`, () => {
      assert.deepEqual(load(example), []);
      for (const key of path.replaceAll("[]", "").split(".")) assert.match(example, new RegExp(`\\b${key}:`));
      assert.ok(document.includes(`\`${path}\`\n`) && document.includes(belowGateway(example)));
    });
  }
});

test("every section at the top begins with an example", () => {
  const sections = Object.entries(gateway.fields!).filter(([, { fields, items }]) => (fields ?? items?.fields) != null);
  assert.deepEqual(
    sections
      .map(([key, { fields }]) => (fields === null ? `${key}[]` : key))
      .filter((path) => EXAMPLES[path] === undefined),
    [],
  );
});

describe("every form of a value", () => {
  for (const { name, place, examples } of FORMS) {
    test(`${name} may be written as shown`, () => {
      assert.ok(place.includes("…") && examples.length > 0);
      for (const example of examples) assert.deepEqual(load(place.replace("…", example)), [], example);
    });
  }
  test("is explained: there is one for each type of the tables", () => {
    const explained = new Set(FORMS.flatMap(({ types }) => types));
    const missing = new Set<string>();
    const walk = (fields: Fields) => {
      for (const { type, fields: own, items } of Object.values(fields)) {
        // Lists of words, blocks, and lists and maps of these say themselves what they are.
        const plain = /^(`[^`]+`( |$))+$|^(block|list|map)$/.test(type);
        if (!plain && !explained.has(type)) missing.add(type);
        walk(own ?? items?.fields ?? {});
      }
    };
    walk(gateway.fields!);
    assert.deepEqual([...missing], []);
  });
});
