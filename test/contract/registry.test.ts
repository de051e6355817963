// What every registry promises, run on each kind of the catalog and on two that change.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { REGISTRIES } from "../../src/catalog.ts";
import type { Registry, ServiceList } from "../../src/core/registry.ts";
import { AnnouncedRegistry, announce } from "../doors/registry.ts";
import { specOf } from "../support/endpoints.ts";
import { ToldRegistry } from "../support/registry.ts";

const LIST: ServiceList = [{ name: "web", endpoints: [specOf("web-1")] }];

interface Subject<R extends Registry> {
  readonly name: string;
  readonly make: (services: ServiceList) => R;
  /** Whether it lists the services it is given. */
  readonly lists: boolean;
  /** Has it find another endpoint; null: it never changes. */
  readonly change: ((registry: R) => Promise<void> | void) | null;
}

function promises<R extends Registry>({ name, make, lists, change }: Subject<R>): void {
  describe(name, () => {
    const first = lists ? LIST : [];

    test("says which kind it is", () => assert.equal(make(LIST).name, name));

    test("has a list as soon as it has started, and may be asked to start again", async () => {
      const registry = make(LIST);
      await registry.start();
      await registry.start();
      assert.deepEqual(registry.list(), first);
      assert.deepEqual(registry.fragments(), []);
      assert.equal(registry.trouble, null);
      registry.close();
      registry.close();
    });

    if (change === null) return;

    test("tells everybody who watches, and has the new list by then", async () => {
      const registry = make(LIST);
      await registry.start();
      const seen: unknown[] = [];
      for (const watcher of ["a", "b"]) {
        registry.watch((changed) => seen.push([watcher, changed, registry.list().length]));
      }
      await change(registry);
      assert.deepEqual(seen, [
        ["a", "endpoints", first.length + 1],
        ["b", "endpoints", first.length + 1],
      ]);
      registry.close();
    });

    test("tells nobody who has stopped watching", async () => {
      const registry = make(LIST);
      await registry.start();
      const stop = registry.watch(() => assert.fail("it was told to stop"));
      let others = 0;
      registry.watch(() => others++);
      stop();
      stop();
      await change(registry);
      assert.equal(others, 1);
      registry.close();
    });

    test("leaves a list that was read as it was", async () => {
      const registry = make(LIST);
      await registry.start();
      const before = registry.list();
      await change(registry);
      assert.deepEqual(before, first);
      registry.close();
    });

    test("tells nobody once it is closed", async () => {
      const registry = make(LIST);
      await registry.start();
      registry.watch(() => assert.fail("it is closed"));
      registry.close();
      await change(registry);
    });
  });
}

for (const [name, { make }] of Object.entries(REGISTRIES)) promises({ name, make, lists: true, change: null });

promises({
  name: "told",
  make: (services) => new ToldRegistry(services),
  lists: true,
  change: (registry) => registry.put("api", [specOf("api-1")]),
});

promises({
  name: "announced",
  make: () => new AnnouncedRegistry(),
  lists: false,
  change: async (registry) => {
    if (registry.port === 0) return; // it is closed
    const heard = new Promise<void>((resolve) => void registry.watch(() => resolve()));
    await announce(registry, { service: "api", id: "api-1", port: 1 });
    await heard;
  },
});
