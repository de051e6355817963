// Whatever server reads a path, and in whatever order it decodes and resolves it: it does not leave the place the gateway checked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { canonicalPath } from "../../../src/wire/path.ts";
import { otherReadings, strayReadings } from "../../../src/wire/path-readings.ts";
import { isSkipped } from "../../../src/wire/skipped-paths.ts";
import { Random } from "../../support/hostile.ts";

type Step = (path: string) => string;
const strip: Step = (path) => path.replaceAll(/;[^/]*/g, "");
const slash: Step = (path) => path.replaceAll("\\", "/");
const fold: Step = (path) => path.normalize("NFKC");
const clean: Step = (path) => path.replaceAll(/[\0-\x1f\x7f]/g, "");
const decode: Step = (path) =>
  path.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll("%", ""), "hex").toString());
const resolve: Step = (path) => {
  const out: string[] = [];
  for (const segment of path.split("/")) {
    if (segment === "..") out.pop();
    else if (segment !== "" && segment !== ".") out.push(segment);
  }
  return `/${out.join("/")}`;
};

/** What servers do with a path, in order. */
const SERVERS: Readonly<Record<string, readonly Step[]>> = {
  decodes: [decode, resolve],
  "decodes twice": [decode, decode, resolve],
  "resolves between": [decode, resolve, decode, resolve],
  "strips first": [strip, decode, resolve],
  "strips and resolves first": [strip, resolve, decode, resolve],
  "strips last": [decode, strip, resolve],
  "resolves before it strips": [decode, resolve, strip, resolve],
  "strips each time": [strip, decode, strip, decode, resolve],
  "takes backslashes": [decode, slash, resolve],
  "strips, takes backslashes": [strip, decode, slash, resolve],
  folds: [decode, fold, slash, resolve],
  "folds between": [decode, fold, decode, resolve],
  "removes controls": [decode, clean, slash, resolve],
};

const PIECES = `/ .. . ;x ; a open admin %3B %2F %2f.. %5C %2e%2e %252e %252f %255c %253b %25 %09 %7F
  %EF%BC%8F %EF%BC%8E %EF%BC%85 %EF%BC%9B %E2%80%A5 %CC%B8`.split(/\s+/);

test("no path that passes as one below /open is read as one below /admin", () => {
  const inside = (path: string | null) => path !== null && (path === "/open" || path.startsWith("/open/"));
  const random = new Random(13);
  const passed = { routed: 0, permitted: 0, exempt: 0 };
  for (let i = 0; i < 6000; i++) {
    const middle = Array.from({ length: 1 + random.int(8) }, () => PIECES[random.int(PIECES.length)]).join("");
    const path = canonicalPath(`/open/${middle}${random.once(2) ? "/admin" : ""}`);
    if (path === null || !inside(path)) continue;
    const ways = {
      routed: strayReadings(path).every(inside),
      permitted: otherReadings(path).every(inside),
      exempt: isSkipped(path, inside) === true,
    };
    for (const [way, passes] of Object.entries(ways) as [keyof typeof passed, boolean][]) {
      if (!passes) continue;
      passed[way]++;
      for (const [server, steps] of Object.entries(SERVERS)) {
        const seen = steps.reduce((text, step) => step(text), path);
        assert.ok(!seen.startsWith("/admin"), `${way}: ${path} is ${seen} for a server that ${server}`);
      }
    }
  }
  for (const [way, count] of Object.entries(passed)) assert.ok(count > 300, `${way}: ${count}`);
});
