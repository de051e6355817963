// Fragments that are dropped: each kind of fault, what is said of it, and that nothing else suffers from it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fragment } from "../../../../src/core/registry.ts";
import { type FlatValues, fragment, loadMixed, ruleFragment, serviceValues } from "../../../support/fragments.ts";
import { load, loadFine, withMore } from "../../../support/load.ts";

const GOOD = ruleFragment("good", "/good/*");

/** Why the one fragment of these is dropped; the other one and the file are in effect. */
function whyDropped(bad: Fragment, text = withMore("")): readonly string[] {
  const { config, dropped } = loadMixed([GOOD, bad], text);
  assert.deepEqual(Object.keys(dropped), [bad.source]);
  const expected = loadMixed([GOOD], text).config;
  assert.equal(config.hash, expected.hash);
  assert.deepEqual(config.written, expected.written);
  return dropped[bad.source]!;
}

const why = (values: FlatValues, text?: string) => whyDropped(fragment("bad", values), text);
const whyRule = (more: FlatValues, text?: string) => whyDropped(ruleFragment("bad", "/bad/*", more), text);

describe("what the schema or the checks refuse is said as of a file, with the place in the fragment", () => {
  for (const [name, more, message] of [
    [
      "an unknown key",
      { tiemout: "3s" },
      /^bad label router\.rules\[0\]\.tiemout: unknown key "tiemout" in router\.rules\[0\]; did you mean "timeout"\?$/,
    ],
    [
      "a wrong value",
      { timeout: "soon" },
      /^bad label router\.rules\[0\]\.timeout: router\.rules\[0\]\.timeout: expected .*, found "soon"/,
    ],
    [
      "a path that is none",
      { path: "bad" },
      /^bad label router\.rules\[0\]\.path: rule "bad-1": "bad": a path pattern begins with "\/"; write "\/bad"$/,
    ],
    [
      "a service that does not exist",
      { serviceName: "wbe" },
      /^bad label router\.rules\[0\]\.serviceName: rule "bad-1": unknown service "wbe"; did you mean "web"\?$/,
    ],
    [
      "a fallback to a service that does not exist",
      { "fallback.serviceName": "wbe" },
      /fallback to an unknown service "wbe"; did you mean "web"\?$/,
    ],
    [
      "a key of a feature that is not there",
      { compression: "on" },
      /^bad label .*compression: "router\.rules\[\]\.compression" is not available in this version/,
    ],
    [
      "a key that is refused",
      { priority: 5 },
      /"router\.rules\[\]\.priority" is refused: the most specific rule applies/,
    ],
    ["a store that does not exist", { "rateLimit.rate": 5, "rateLimit.storage": "redis" }, /unknown store "redis"/],
    [
      "a circuit that never opens",
      { "circuitBreaker.maxFailures": 0, "circuitBreaker.failureThreshold": 0 },
      /^bad: circuitBreaker: the circuit of rule "bad-1" would never open/,
    ],
    [
      "a retry budget without time",
      { "retry.budgetEnabled": true, "retry.budgetWindow": 0 },
      /^bad: retry: budgetWindow of rule "bad-1" must be above 0$/,
    ],
  ] as const) {
    test(name, () => {
      const said = whyRule(more);
      assert.equal(said.length, 1, said.join("\n"));
      assert.match(said[0]!, message);
    });
  }
  test("a missing key is said of the fragment", () => {
    assert.deepEqual(why({ "router.rules[0].path": "/a" }), ['bad: router.rules[0]: missing key "serviceName"']);
  });
  test("all that is wrong with it is said at once", () => {
    assert.equal(whyRule({ tiemout: 1, timeout: "soon", compression: true }).length, 3);
  });
  test("elements are counted in the fragment", () => {
    const said = why({ ...serviceValues("bad"), "registry.static.services[0].instances[0].prot": 80 });
    assert.match(
      said[0]!,
      /unknown key "prot" in registry\.static\.services\[0\]\.instances\[0\]; did you mean "port"\?/,
    );
  });
});

describe("limits of the file that only a fragment's rule would break", () => {
  // The rule of the file has a limit of its own.
  const text = (section: string) => `gateway:
  router: { rules: [ { path: /*, serviceName: web, rateLimit: 5 } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
  ${section}
`;
  test("drop the fragment", () => {
    const broken = text(
      "middleware: { ratelimit: { enabled: true, perRoute: { enabled: true, defaultRate: 5, defaultBurst: 0.5 } } }",
    );
    const { dropped } = loadMixed([ruleFragment("bad", "/bad"), ruleFragment("own", "/own", { rateLimit: 3 })], broken);
    assert.deepEqual(dropped, { bad: ['bad: limit "bad-1": no request would be admitted with a burst below 1'] });
  });
});

describe("what belongs to the files", () => {
  for (const [key, value] of [
    ["frontend.http.port", 81],
    ["frontend.http.tls.certFile", "/etc/ssl/key.pem"],
    ["backend.http.tls.insecureSkipVerify", true],
    ["router.defaultLoadBalance", "random"],
    ["management.enabled", true],
    ["registry.type", "static"],
    ["circuitBreaker.services.web.maxFailures", 1],
    ["tests[0].request", "GET /"],
    ["include", "/etc/passwd"],
    ["include[0]", "/etc/passwd"],
    ["x-mine", "1"],
  ] as const) {
    test(`${key} is refused`, () => {
      const said = why({ [key]: value });
      assert.equal(said.length, 1);
      assert.match(
        said[0]!,
        /can only be set in files; a fragment can set router\.rules and registry\.static\.services$/,
      );
    });
  }
  test("also with the value that the file has", () => {
    const text = withMore("  frontend: { http: { port: 81 } }");
    assert.match(why({ "frontend.http.port": 81 }, text)[0]!, /"frontend" can only be set in files/);
  });
  test("a key that does not exist is refused as in a file", () => {
    assert.deepEqual(why({ "rooter.rules[0].path": "/a" }), [
      'bad label rooter.rules[0].path: unknown key "rooter"; did you mean "router"?',
    ]);
    assert.match(why({ "router.ruls[0].path": "/a" })[0]!, /unknown key "ruls" in router; did you mean "rules"\?/);
  });
  test("old spellings of other sections are refused too", () => {
    assert.equal(why({ "middleware.retry.maxAttempts": 9 }).length, 1);
    assert.equal(why({ "logging.level": "debug" }).length, 1);
  });
  for (const [name, key, value] of [
    ["descriptor sets", "grpc.protoDescriptor", "/etc/passwd"],
    ["proto sources", "grpc.protoFiles", "/etc/passwd"],
    ["import paths", "grpc.importPaths", "/etc"],
    ["folders", "grpc.dynamicDescriptors.directories", "/etc"],
    ["folders in the old spelling", "metadata.grpc.dynamicDescriptors.directories", "/etc"],
  ] as const) {
    test(`${name} are refused: no file is read for a fragment`, () => {
      assert.match(whyRule({ [key]: value }).join(), /is refused: a fragment cannot read files of the gateway$/);
    });
  }
  for (const key of ["command", "args"]) {
    test(`the ${key} of a probe is refused, also of a program that the file allows`, () => {
      const said = why(
        { ...serviceValues("bad"), [`registry.static.services[0].instances[0].health.${key}`]: "/bin/true" },
        withMore("  health: { execAllow: [ /bin/true ] }"),
      );
      assert.match(said.join(), /is refused: a fragment cannot run programs/);
    });
  }
  test("language models are refused: they cost money", () => {
    const said = whyRule({ "strategy.type": "llm", "strategy.models": "openai/gpt-5" });
    assert.match(said[0]!, /"router\.rules\[\]\.strategy" is refused: only rules in files can use models/);
  });
  test("the gateway's own answers are refused", () => {
    assert.match(whyRule({ serviceName: "_internal" }).join(), /"_internal" is refused: only rules in files/);
  });
});

describe("placeholders are refused, in values and keys", () => {
  for (const text of ["${SECRET}", "a${SECRET:-b}c", "${SECRET:?gone}", "${file:/etc/passwd}"]) {
    test(text, () => {
      const said = whyRule({ rewriteHost: text });
      assert.equal(said.length, 1);
      assert.match(said[0]!, /is refused: only files can use values of files and environment variables$/);
      assert.doesNotMatch(said[0]!, /hidden/);
      assert.match(whyRule({ [`metadata.${text.replaceAll(".", "_")}`]: "1" }).join(), /is refused: only files/);
    });
  }
  test("templates that are filled at run time, and escaped ones, are no placeholders", () => {
    const { config, dropped } = loadMixed([
      ruleFragment("a", "/a", { "metadata.x": "${lower}", "metadata.y": "$${UPPER}" }),
    ]);
    assert.deepEqual(dropped, {});
    assert.deepEqual(config.rules[1]!.metadata, { x: "${lower}", y: "${UPPER}" });
  });
});

describe("the form of a fragment", () => {
  const at = (path: (string | number)[], value = "x") => ({ path, value, place: "spec" });
  const whyForm = (...values: Fragment["values"]) => whyDropped({ source: "bad", values });
  test("a value that is given twice, differently", () => {
    assert.deepEqual(
      whyForm(at(["router", "rules", 0, "path"], "/a"), {
        ...at(["router", "rules", 0, "path"], "/b"),
        place: "label",
      })[0],
      "bad label: router.rules[0].path is set differently by spec",
    );
  });
  test("a value that is given twice, alike, counts once", () => {
    const one = ruleFragment("a", "/a");
    assert.deepEqual(loadMixed([{ ...one, values: [...one.values, ...one.values] }]).dropped, {});
  });
  test("a value where there is a block", () => {
    assert.match(
      whyForm(at(["router"]), at(["router", "rules", 0, "path"]))[0]!,
      /^bad spec: router is set differently by spec$/,
    );
  });
  test("a list with a gap", () => {
    assert.match(
      whyForm(at(["router", "rules", 0, "path"]), at(["router", "rules", 2, "path"]))[0]!,
      /^bad spec: router\.rules has 2 elements, but no \[1\]$/,
    );
  });
  for (const index of [-1, 0.5, Number.NaN, 1e12]) {
    test(`a list with the index ${index}`, () => {
      assert.match(whyForm(at(["router", "rules", index, "path"]))[0]!, /router\.rules has 1 elements, but no \[0\]/);
    });
  }
  test("keys and elements in one place", () => {
    assert.match(
      whyForm(at(["router", "rules", 0]), at(["router", "rules", "a"]))[0]!,
      /has both keys and list elements below it/,
    );
  });
  test("a mapping where there must be a list, and a list where there must be a mapping", () => {
    assert.match(whyForm(at(["router", "rules", "a", "path"]))[0]!, /router\.rules: expected a list, found a mapping/);
    assert.match(whyForm(at(["router", 0, "path"]))[0]!, /router: expected a mapping, found a list/);
  });
  test("a list at the root, and nothing but a value", () => {
    assert.match(whyForm(at([0, "rules"]))[0]!, /a path must begin with a key/);
    assert.match(whyForm(at([]))[0]!, /a path must begin with a key/);
  });
  test("a fragment without values is nothing, and no fault", () => {
    assert.deepEqual(loadMixed([{ source: "a", values: [] }]).dropped, {});
  });
  test("names that objects have by themselves are keys like any other", () => {
    const { config, dropped } = loadMixed([
      ruleFragment("a", "/a", { "metadata.__proto__": "x", "metadata.constructor": "y" }),
    ]);
    assert.deepEqual(dropped, {});
    assert.deepEqual(Object.keys(config.rules[1]!.metadata), ["__proto__", "constructor"]);
    assert.match(whyForm(at(["__proto__", "rules"]))[0]!, /unknown key "__proto__"/);
    assert.match(whyForm(at(["router", "constructor"]))[0]!, /unknown key "constructor" in router/);
  });
  test("two fragments of one source are both dropped, since nothing tells them apart", () => {
    const { dropped } = loadMixed([ruleFragment("a", "/a"), ruleFragment("a", "/b"), GOOD]);
    assert.deepEqual(dropped, { a: ["a: another fragment has the same source"] });
  });
});

describe("bounds", () => {
  const many = (count: number, value: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`metadata.k${i}`, value]));
  test("2000 values in a fragment", () => {
    const { dropped } = loadMixed([ruleFragment("fits", "/fits", many(1996, "v"))]);
    assert.deepEqual(dropped, {});
    assert.deepEqual(whyRule(many(1997, "v")), ["bad: more than 2000 values"]);
  });
  test("262144 characters in a fragment", () => {
    assert.deepEqual(whyRule({ "metadata.k": "v".repeat(262_144) }), [
      "bad: its keys and values have more than 262144 characters",
    ]);
  });
  test("32 keys above one another", () => {
    const deep = (depth: number) => ({ [`metadata${".k".repeat(depth)}`]: "v" });
    assert.deepEqual(loadMixed([ruleFragment("fits", "/fits", deep(28))]).dropped, {});
    assert.deepEqual(whyRule(deep(29)), ["bad: nested more than 32 keys deep"]);
  });
  test("4096 fragments: those behind, in order of source, are dropped", () => {
    const name = (i: number) => `f${String(i).padStart(4, "0")}`;
    const fragments = Array.from({ length: 4098 }, (_, i) => ({ source: name(i), values: [] }));
    const { dropped } = loadMixed(fragments.reverse());
    const message = "there are more than 4096 fragments";
    assert.deepEqual(dropped, { f4096: [`f4096: ${message}`], f4097: [`f4097: ${message}`] });
  });
  test("20 problems are kept of a fragment", () => {
    const wrong = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, "v"]));
    assert.equal(whyRule(wrong).length, 20);
  });
});

describe("the file", () => {
  test("is refused for its own errors whatever the fragments say, and for no other", () => {
    const text = withMore("  frontend: { http: { prt: 1 } }");
    assert.throws(
      () => loadMixed([ruleFragment("a", "wrong"), GOOD], text),
      (error: Error) => {
        assert.equal(error.message, load(text).errors.join("\n"));
        return true;
      },
    );
  });
  test("is refused when only a fragment has the service its rule names", () => {
    const text = withMore("").replace("serviceName: web", "serviceName: other");
    assert.throws(() => loadMixed([fragment("a", serviceValues("other"))], text), /unknown service "other"/);
  });
  test("keeps its rules for gRPC services where a fragment claims their place", () => {
    const text = withMore("  protocols: { grpc: { services: [ { name: a.B, backend: web } ] } }");
    const expected = loadFine(text);
    for (const more of [{}, { id: "grpc:a.B", path: "/other" }]) {
      const { config, dropped } = loadMixed([ruleFragment("a", "/a.B/*", more)], text);
      assert.match(
        dropped.a!.join(),
        /^a: duplicate (match "\/a\.B\/\*"|rule id "grpc:a\.B"); the first is at t\.yaml:4/,
      );
      assert.equal(config.hash, expected.hash);
      assert.deepEqual(
        config.rules.map((rule) => rule.id),
        ["web-1", "grpc:a.B"],
      );
    }
  });
});
