// The route tree against a slow matcher that tries every rule and sorts, on random rules and random requests.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Conditions, unmet } from "../../../src/routing/conditions.ts";
import { parsePattern, type Segment } from "../../../src/routing/pattern.ts";
import { answer, conditionsOf, request, type TestRule, treeOf } from "../../support/routes.ts";

/** Small generator of repeatable random numbers (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let a = seed;
  return (below) => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

// Globs of one place differ in the number of their letters: between equal ones only the file order decides.
const SEGMENTS = ["a", "b", "ab", "abc", "{x}", ":y", "*", "a*", "*bc", "a*b*c"];
const ENDS = ["", "/*", "/", "/{$}", "/{r...}", "/abbc*"];
const METHODS = ["GET", "HEAD", "POST", "PUT"];
const HOSTS = ["x.org", "a.x.org", "*.x.org", "*.a.x.org", "*.org"];
const PATHS = ["a", "b", "ab", "abc", "abbc", "", "zz"];
const ASKED = ["x.org", "a.x.org", "b.a.x.org", "c.b.a.x.org", "y.org", "", "zz"];

type Random = (below: number) => number;
const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;
const some = <T>(random: Random, list: readonly T[], chance: number): T[] =>
  random(chance) === 0 ? [...new Set([pick(random, list), pick(random, list)])] : [];

function randomRule(random: Random): TestRule {
  const middle = Array.from({ length: random(4) }, () => `/${pick(random, SEGMENTS)}`).join("");
  const end = pick(random, ENDS);
  const headers = random(5) === 0 ? [["k", { exact: pick(random, ["1", "2"]) }] as const] : [];
  const query = random(6) === 0 ? [["q", { present: random(2) === 0 }] as const] : [];
  return {
    path: `${middle}${end}` || "/",
    methods: some(random, METHODS, 2),
    hosts: some(random, HOSTS, 3),
    headers,
    query,
  };
}

interface Asked {
  readonly target: string;
  readonly method: string;
  readonly host: string;
  readonly headers: Readonly<Record<string, string>>;
}

function randomRequest(random: Random): Asked {
  const path = Array.from({ length: 1 + random(4) }, () => `/${pick(random, PATHS)}`).join("");
  return {
    target: path.replaceAll(/\/{2,}/g, "/") + (random(3) === 0 ? "?q=1" : ""),
    method: pick(random, [...METHODS, "DELETE"]),
    host: pick(random, ASKED),
    headers: random(3) === 0 ? { K: pick(random, ["1", "2"]) } : {},
  };
}

/** A pattern as a regular expression, straight from the table of pattern forms. */
function expression(path: string): RegExp {
  const parts = path.slice(1).split("/");
  let text = "^";
  for (const [i, part] of parts.entries()) {
    const last = i === parts.length - 1;
    if (last && (part === "" || part === "*" || part === "{r...}")) return new RegExp(`${text}(/.*)?$`);
    if (last && part === "{$}") return new RegExp(`${text}/$`);
    if (part === "*" || part.startsWith("{") || part.startsWith(":")) text += "/[^/]+";
    else text += `/${part.replaceAll("*", "[^/]*")}`;
    if (last && part.endsWith("*")) return new RegExp(`${text}(/.*)?$`);
  }
  return new RegExp(`${text}$`);
}

const RANK = { literal: 0, glob: 1, any: 2 } as const;

/** Compares two patterns that both match: segment by segment, then what ends here before what takes the rest. */
function comparePatterns(a: string, b: string): number {
  const [left, right] = [parsePattern(a), parsePattern(b)];
  const length = Math.max(left.segments.length, right.segments.length);
  for (let i = 0; i < length; i++) {
    const [l, r] = [left.segments[i], right.segments[i]];
    // Fewer segments and still a match: the rest begins here.
    if (l === undefined) return 1;
    if (r === undefined) return -1;
    const kind = RANK[l.kind] - RANK[r.kind];
    if (kind !== 0) return kind;
    const letters = lettersOf(r) - lettersOf(l);
    if (letters !== 0) return letters;
  }
  return Number(left.rest) - Number(right.rest);
}

function lettersOf(segment: Segment): number {
  return segment.kind === "glob" ? segment.parts.join("").length : 0;
}

/** How well the rule's hosts fit: 0 exact, else the longer the wildcard the lower; null when they do not. */
function hostRank(hosts: readonly string[], host: string): number | null {
  if (hosts.length === 0) return 1000;
  const ranks = hosts.flatMap((h) => {
    if (h === host) return [0];
    return h.startsWith("*.") && host.endsWith(h.slice(1)) && host.length >= h.length ? [500 - h.length] : [];
  });
  return ranks.length === 0 ? null : Math.min(...ranks);
}

function slowAnswer(rules: readonly TestRule[], asked: Asked): string {
  const ctx = request(asked.target, asked.method, asked.host, asked.headers);
  const conditions = rules.map(conditionsOf);
  const admits = ({ methods }: Conditions) =>
    methods.length === 0 || methods.includes(asked.method) || (asked.method === "HEAD" && methods.includes("GET"));
  const reached = rules
    .map((rule, i) => ({ rule, i, c: conditions[i]!, host: hostRank(conditions[i]!.hosts, asked.host) }))
    .filter(({ rule, host }) => host !== null && expression(rule.path).test(ctx.path));
  const winners = reached
    .filter(({ c }) => admits(c) && unmet(ctx, c) === null)
    .sort((a, b) => {
      const order = [
        comparePatterns(a.rule.path, b.rule.path),
        a.host! - b.host!,
        Number(b.c.methods.length > 0) - Number(a.c.methods.length > 0),
        b.c.headers.length + b.c.query.length - (a.c.headers.length + a.c.query.length),
        a.i - b.i,
      ];
      return order.find((n) => n !== 0) ?? 0;
    });
  if (winners[0] !== undefined) return String(winners[0].i);
  const allow = new Set(reached.filter(({ c }) => !admits(c)).flatMap(({ c }) => c.methods));
  if (allow.has("GET")) allow.add("HEAD");
  return allow.size === 0 ? "404" : `405 ${[...allow].sort().join(" ")}`;
}

test("the tree and the slow matcher agree on random rules and requests", () => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= 400; seed++) {
    const random = randomOf(seed);
    const rules = Array.from({ length: 1 + random(14) }, () => randomRule(random));
    const tree = treeOf(Object.fromEntries(rules.map((rule, i) => [`${i}`, rule])));
    for (let n = 0; n < 40; n++) {
      const asked = randomRequest(random);
      const expected = slowAnswer(rules, asked);
      const got = answer(tree.match(request(asked.target, asked.method, asked.host, asked.headers)));
      assert.equal(
        got,
        expected,
        `seed ${seed}: ${got}, not ${expected}: ${JSON.stringify(asked)} on ${rules.map((r) => JSON.stringify(r)).join("\n")}`,
      );
      const kind = /^40[45]/.exec(expected)?.[0] ?? "route";
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }
  }
  // The random requests must reach every kind of answer, or the agreement says nothing.
  for (const kind of ["route", "404", "405"]) assert.ok((seen.get(kind) ?? 0) > 1000, `${kind}: ${seen.get(kind)}`);
});
