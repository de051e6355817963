// What every registry promises, run on each kind of the catalog.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { REGISTRIES } from "../../src/catalog.ts";
import type { ServiceList } from "../../src/core/registry.ts";
import { specOf } from "../support/endpoints.ts";

const list: ServiceList = [{ name: "web", endpoints: [specOf("web-1")] }];

for (const [kind, make] of Object.entries(REGISTRIES)) {
  describe(kind, () => {
    test("says which kind it is", () => assert.equal(make(list).kind, kind));

    test("lists whole services", () => assert.deepEqual(make(list).list(), list));

    test("stops watching when told to", () => {
      const stop = make(list).watch(() => assert.fail("nothing changed"));
      stop();
      stop();
    });
  });
}
