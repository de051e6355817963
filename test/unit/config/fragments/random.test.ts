// Random fragments, some of them broken: the same whatever their order, each judged by the rules written down here, and
// never an exception or a change of what the file says.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Fragment, FragmentValue } from "../../../../src/core/registry.ts";
import { loadMixed, type Mixture } from "../../../support/fragments.ts";
import { loadFine } from "../../../support/load.ts";
import { between, randomFrom } from "../../../support/schedule.ts";

const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

const FILE = `gateway:
  router:
    rules:
      - { id: one, path: /one/*, serviceName: web }
      - { path: /two, serviceName: web, rateLimits: [ { id: x, rate: 5 } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
  protocols: { grpc: { services: [ { name: a.B, backend: web } ] } }
`;

const pick = <T>(random: () => number, list: readonly T[]): T => list[between(random, 0, list.length - 1)]!;

/** A fragment, what it claims, and whether it is wrong by itself. */
interface Drawn {
  readonly fragment: Fragment;
  readonly claims: readonly string[];
  readonly wrong: boolean;
}

/** What the file claims. */
const TAKEN = new Set(["id one", "id web-2", "id grpc:a.B", "path /one/*", "path /two", "path /a.B/*", "service web"]);

function draw(random: () => number, source: string): Drawn {
  const values: FragmentValue[] = [];
  const claims: string[] = [];
  const value = (path: (string | number)[], text: string) => values.push({ path, value: text, place: "label" });
  const own = pick(random, ["web", "s1", "s2", "s3", "s4"]);
  const hasOwn = random() < 0.6;
  if (hasOwn) {
    const service = ["registry", "static", "services", 0];
    value([...service, "name"], own);
    value([...service, "instances", 0, "address"], "10.0.0.1");
    claims.push(`service ${own}`);
  }
  let wrong = false;
  const count = between(random, 0, 3);
  for (let i = 0; i < count; i++) {
    const rule = ["router", "rules", i];
    const path = pick(random, ["/one/*", "/two", "/a.B/*", "/a", "/b", "/c", "/d", "/e/{x}", "/f*", "/g"]);
    const to = pick(random, ["web", "web", own]);
    value([...rule, "path"], path);
    value([...rule, "serviceName"], to);
    claims.push(`path ${path}`);
    wrong ||= to !== "web" && !hasOwn;
    const id = random() < 0.3 ? pick(random, ["one", "web-2", "grpc:a.B", "i1", "i2", "i3"]) : "";
    if (id !== "") value([...rule, "id"], id);
    claims.push(`id ${id || `${source}-${i + 1}`}`);
  }
  // Most rules of one fragment must differ.
  wrong ||= new Set(claims).size < claims.length;
  if (random() < 0.2) {
    wrong = true;
    const [path, text] = pick(random, BROKEN);
    value(path, text);
  }
  return { fragment: { source, values }, claims, wrong };
}

/** Values with which a fragment is wrong whatever else it says. */
const BROKEN: readonly (readonly [(string | number)[], string])[] = [
  [["frontend", "http", "port"], "81"],
  [["router", "rules", 9, "path"], "/gap"],
  [["router", "rules"], "text"],
  [["router"], ""],
  [["rooter", "x"], "1"],
  [["registry", "static", "services", 1, "name"], "${HOME}"],
  [["registry", "static", "services", 1, "prot"], "80"],
  [["include"], "/etc/passwd"],
  [[], ""],
  [[0], "x"],
  [["__proto__", "polluted"], "1"],
];

/** Who is dropped: those that are wrong, those that claim what the file has, and of the others whoever comes second. */
function expectedDrops(drawn: readonly Drawn[]): string[] {
  const taken = new Set<string>();
  return [...drawn]
    .sort((a, b) => (a.fragment.source < b.fragment.source ? -1 : 1))
    .filter(({ claims, wrong }) => {
      if (wrong || claims.some((claim) => TAKEN.has(claim) || taken.has(claim))) return true;
      for (const claim of claims) taken.add(claim);
      return false;
    })
    .map(({ fragment }) => fragment.source);
}

function shuffled<T>(random: () => number, list: readonly T[]): T[] {
  return list
    .map((item) => [random(), item] as const)
    .sort(([a], [b]) => a - b)
    .map(([, item]) => item);
}

const facts = ({ config, warnings, dropped }: Mixture) => ({ config, warnings, dropped });

test(`300 sets of fragments (SEED=${SEED})`, () => {
  const random = randomFrom(SEED);
  const alone = loadFine(FILE);
  for (let round = 0; round < 300; round++) {
    const drawn = Array.from({ length: between(random, 0, 12) }, (_, i) => draw(random, `f${i}`));
    const fragments = drawn.map(({ fragment }) => fragment);
    const mixed = loadMixed(fragments, FILE);
    const turned = fragments.map((one) => ({ ...one, values: shuffled(random, one.values) }));
    assert.equal(loadMixed(shuffled(random, turned), FILE).config.hash, mixed.config.hash);
    assert.deepEqual(facts(loadMixed(shuffled(random, fragments), FILE)), facts(mixed));
    assert.deepEqual(Object.keys(mixed.dropped), expectedDrops(drawn));
    for (const said of Object.values(mixed.dropped)) assert.notEqual(said.length, 0);
    const kept = fragments.filter(({ source }) => mixed.dropped[source] === undefined);
    assert.deepEqual(facts(loadMixed(kept, FILE)), { ...facts(mixed), dropped: {} });
    const ofFile = mixed.config.rules.filter((rule) => rule.at.fragment === undefined);
    assert.deepEqual(ofFile, alone.rules);
    assert.deepEqual(mixed.config.services[0], alone.services[0]);
    const { rules, services, health, origins, hash, written, ...rest } = mixed.config;
    for (const [key, value] of Object.entries(rest)) assert.deepEqual(value, alone[key as keyof typeof alone], key);
  }
  assert.equal((Object.prototype as Record<string, unknown>).polluted, undefined);
});
