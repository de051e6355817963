// What a registry lists, on its way into configurations, data planes and reloads: nothing is missed, and never more often than
// requests can bear.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../src/config/config.ts";
import { Sources } from "../../../src/control/sources.ts";
import type { Fragment, ServiceList } from "../../../src/core/registry.ts";
import { specOf } from "../../support/endpoints.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { loadFine } from "../../support/load.ts";
import { addRegistry, ToldRegistry } from "../../support/registry.ts";

const LABEL: Fragment = { source: "told:web", values: [] };

/** Of the newest first. */
const made: ToldRegistry[] = [];
for (const name of ["told", "other"]) {
  addRegistry(name, {
    mayGrow: true,
    make: () => {
      made.unshift(new ToldRegistry());
      return made[0]!;
    },
  });
}

/** @param type of the registry, all there is to its settings */
function configOf(path = "/*", type = "told"): Config {
  return loadFine(`gateway:
  router: { rules: [ { path: ${path}, serviceName: file } ] }
  registry: { type: ${type}, static: { services: [ { name: file, instances: [ { address: a, port: 1 } ] } ] } }
`);
}

function namesOf(list: ServiceList | undefined): readonly string[] | undefined {
  return list?.map(({ name }) => name);
}

async function setUp() {
  const clock = new FakeClock();
  const seen = { reloads: 0, lists: [] as ServiceList[] };
  const plane = { follow: (list: ServiceList) => void seen.lists.push(list) };
  const sources = new Sources([plane, plane], clock, () => seen.reloads++);
  const apply = async (config: Config) => {
    const complete = await sources.complete(config);
    await sources.prepare();
    await sources.commit();
    return complete;
  };
  await apply(configOf());
  return { clock, sources, seen, apply, registry: made[0]! };
}

// It lists what the file says, changed.
addRegistry("tagged", {
  mayGrow: false,
  make: (services) => {
    const list = services.map(({ name, endpoints }) => {
      return { name, endpoints: endpoints.map((spec) => ({ ...spec, tags: ["seen"] })) };
    });
    return new ToldRegistry(list);
  },
});

describe("a configuration", () => {
  test("has what a registry makes of its services, where the registry finds none of its own", async () => {
    const { sources } = await setUp();
    const [file, ...others] = (await sources.complete(configOf("/*", "tagged"))).services;
    assert.deepEqual([file!.name, file!.endpoints[0]!.tags, file!.at.file, others], ["file", ["seen"], "t.yaml", []]);
  });

  test("that lists its services itself is left as it is", async () => {
    const { sources } = await setUp();
    const config = configOf("/*", "static");
    assert.equal(await sources.complete(config), config);
  });

  test("is given the services there are, with those of the file where they stand", async () => {
    const { sources, registry } = await setUp();
    registry.put("web", [specOf("web-1")]);
    const { services } = await sources.complete(configOf());
    assert.deepEqual(
      services.map(({ name, at }) => [name, at.file, at.line > 0]),
      [
        ["file", "t.yaml", true],
        ["web", "told", false],
      ],
    );
    assert.deepEqual(services[1]!.endpoints, [specOf("web-1")]);
  });

  test("keeps its registry while the settings of it stay, and has another when they do not", async () => {
    const { apply, registry } = await setUp();
    const count = made.length;
    await apply(configOf("/other"));
    assert.deepEqual([made.length, registry.closed, registry.watchers], [count, false, 1]);
    await apply(configOf("/other", "other"));
    assert.deepEqual([made.length, registry.closed, made[0]!.watchers], [count + 1, true, 1]);
  });

  test("that is not applied in the end leaves the registry of the one in effect", async () => {
    const { sources, registry } = await setUp();
    await sources.complete(configOf("/*", "other"));
    await sources.cancel();
    assert.deepEqual([made[0]!.closed, registry.closed, registry.watchers], [true, false, 1]);
    await sources.complete(configOf("/other"));
    await sources.cancel();
    assert.equal(registry.closed, false);
  });

  test("that is replaced before it was applied leaves no registry", async () => {
    const { sources, registry } = await setUp();
    await sources.complete(configOf("/*", "other"));
    await sources.complete(configOf("/next"));
    assert.deepEqual([made[0]!.closed, registry.closed], [true, false]);
  });

  test("comes first with services that the registry lists by the same name", async () => {
    const { sources, registry } = await setUp();
    registry.put("file", [specOf("another")]);
    const { services } = await sources.complete(configOf());
    assert.deepEqual(namesOf(services), ["file"]);
    assert.equal(services[0]!.endpoints[0]!.address, "a");
  });
});

describe("endpoints", () => {
  test("that change go to every data plane, once, soon, with the services of the file", async () => {
    const { clock, seen, registry } = await setUp();
    registry.put("web", [specOf("web-1")]);
    registry.put("web", [specOf("web-1"), specOf("web-2")]);
    clock.advance(20);
    assert.deepEqual(seen.lists.map(namesOf), [
      ["file", "web"],
      ["file", "web"],
    ]);
  });

  test("that change while a configuration is being applied are not missed by it", async () => {
    const { clock, sources, seen, registry } = await setUp();
    await sources.complete(configOf("/other"));
    registry.put("web", [specOf("web-1")]);
    clock.advance(20);
    seen.lists.length = 0; // these reached what was in effect until then
    await sources.commit();
    clock.advance(20);
    assert.deepEqual(seen.lists.map(namesOf), [
      ["file", "web"],
      ["file", "web"],
    ]);
  });

  test("that change before their registry is listened to are not missed either", async () => {
    const { clock, sources, seen } = await setUp();
    await sources.complete(configOf("/*", "other"));
    made[0]!.put("web", [specOf("web-1")]);
    await sources.commit();
    clock.advance(20);
    assert.deepEqual(namesOf(seen.lists.at(-1)), ["file", "web"]);
  });

  test("that change all the time are told a bounded number of times, the last change included", async () => {
    const { clock, seen, registry } = await setUp();
    for (let i = 1; i <= 1000; i++) {
      registry.put(
        "web",
        Array.from({ length: i }, (_, n) => specOf(`web-${n}`)),
      );
      clock.advance(1);
    }
    const times = seen.lists.length / 2;
    assert.ok(times > 10 && times < 60, `${times} times in a second`);
    clock.advance(50);
    assert.equal(seen.lists.at(-1)!.at(-1)!.endpoints.length, 1000);
    assert.deepEqual([seen.reloads, clock.pending], [0, 0]);
  });
});

describe("pieces of configuration", () => {
  test("that come close together make one reload, soon", async () => {
    const { clock, seen, registry } = await setUp();
    for (let i = 0; i < 10; i++) registry.bring([LABEL]);
    assert.equal(seen.reloads, 0);
    clock.advance(500);
    assert.equal(seen.reloads, 1);
    registry.bring([]);
    clock.advance(500);
    assert.equal(seen.reloads, 2);
  });

  test("are not forgotten when a configuration is applied meanwhile", async () => {
    const { clock, seen, apply, registry } = await setUp();
    registry.bring([LABEL]);
    await apply(configOf("/other"));
    clock.advance(500);
    assert.equal(seen.reloads, 1);
  });

  test("that a new registry has already are loaded, once: its configuration was loaded without them", async () => {
    const { clock, sources, seen, apply } = await setUp();
    await sources.complete(configOf("/*", "other"));
    made[0]!.bring([LABEL]);
    await sources.commit();
    clock.advance(500);
    assert.equal(seen.reloads, 1);
    await apply(configOf("/other", "other"));
    clock.advance(500);
    assert.equal(seen.reloads, 1);
  });
});

test("nothing is told when the process ends, and the registry is closed", async () => {
  const { clock, sources, seen, registry } = await setUp();
  registry.put("web", []);
  registry.bring([LABEL]);
  sources.close();
  clock.advance(1000);
  assert.deepEqual([seen.lists, seen.reloads, registry.closed], [[], 0, true]);
});
