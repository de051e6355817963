// How the code is laid out: imports point down only, no cycles, no barrels, small files that say what they are.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { filesBelow, trackedFiles } from "../support/tracked.ts";

/** First path segment below `src` → rank. A file may import its own folder, and ranks below its own. */
const RANKS: Readonly<Record<string, number>> = {
  core: 0,
  "package-file.ts": 0,
  wire: 1,
  tls: 1.5,
  routing: 2,
  websocket: 2,
  auth: 2,
  authz: 2,
  limits: 2,
  shaping: 2,
  strategies: 2,
  llm: 2,
  balancing: 2,
  translators: 2,
  resilience: 2,
  registries: 2,
  connectors: 2,
  acme: 2,
  adapters: 2,
  observe: 2,
  "catalog.ts": 3,
  config: 4,
  snapshot: 5,
  gateway: 6,
  control: 7,
  data: 7,
  cli: 8,
  demo: 8,
  "boot.ts": 8,
  "main.ts": 8,
  "version.ts": 8,
};
const TOP = 8;
const MAX_LINES = 300;

const SOURCES = filesBelow("src").filter((name) => name.endsWith(".ts"));
const OURS = [...SOURCES, ...["test", "scripts"].flatMap(filesBelow).filter((name) => name.endsWith(".ts"))];
const TEXTS = new Map(OURS.map((name) => [name, readFileSync(name, "utf8")]));

interface Import {
  readonly from: string;
  readonly to: string;
  /** Gone after compilation. */
  readonly type: boolean;
}

/** Every import between our own files, type imports and dynamic ones included. */
const IMPORTS: readonly Import[] = SOURCES.flatMap((from) => {
  const found = TEXTS.get(from)!.matchAll(
    /^(import|export) (type )?[^;]*?\bfrom "(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"/gm,
  );
  return [...found].map(([, , type, still, late]) => {
    return { from, to: join(dirname(from), still ?? late!), type: type !== undefined };
  });
});

function placeOf(file: string): string {
  return file.split("/")[1]!;
}

function rankOf(file: string): number {
  const rank = RANKS[placeOf(file)];
  assert.notEqual(rank, undefined, `${file}: the folder has no rank; give it one in this test`);
  return rank!;
}

function refuseCycles(files: readonly string[]): void {
  const below = new Map<string, string[]>();
  for (const { from, to } of IMPORTS) below.set(from, [...(below.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]): void => {
    assert.ok(!above.includes(file), `a cycle: ${[...above.slice(above.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of below.get(file) ?? []) visit(next, [...above, file]);
    done.add(file);
  };
  for (const file of files) visit(file, []);
  assert.equal(done.size, files.length);
}

/** The code of a file without comments and without the content of its texts. */
function bare(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/"(?:[^"\\\n]|\\.)*"/g, '""')
    .replaceAll(/'(?:[^'\\\n]|\\.)*'/g, "''")
    .replaceAll(/`(?:[^`\\]|\\.)*`/g, "``")
    .replaceAll(/(^|[^:/])\/\/.*$/gm, "$1");
}

describe("imports", () => {
  test("are found at all", () => assert.ok(IMPORTS.length > 200));
  test("name files that exist, with their ending", () => {
    for (const { from, to } of IMPORTS) assert.ok(SOURCES.includes(to), `${from} imports ${to}`);
  });
  test("stay inside src", () => {
    for (const { from, to } of IMPORTS) assert.ok(to.startsWith("src/"), `${from} imports ${to}`);
  });
  test("point down, or stay in their folder", () => {
    const up = IMPORTS.filter(({ from, to }) => {
      if (placeOf(from) === placeOf(to)) return false;
      return rankOf(from) === TOP ? rankOf(to) > TOP : rankOf(to) >= rankOf(from);
    });
    assert.deepEqual(up, []);
  });
  test("of the gateway name core and wire only", () => {
    const others = IMPORTS.filter(
      ({ from, to }) => placeOf(from) === "gateway" && placeOf(to) !== "gateway" && rankOf(to) > 1,
    );
    assert.deepEqual(others, []);
  });
  test("of version.ts come from the top floor only", () => {
    assert.deepEqual(
      IMPORTS.filter(({ from, to }) => to === "src/version.ts" && rankOf(from) < TOP),
      [],
    );
  });
  test("of Node's modules say so", () => {
    for (const name of SOURCES) {
      for (const [, path] of TEXTS.get(name)!.matchAll(/^(?:import|export|\}).*\bfrom "([^".][^"]*)";$/gm)) {
        const ours = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: Record<string, string> };
        const [packageName] = /^(@[^/]+\/)?[^/]+/.exec(path!)!;
        assert.ok(path!.startsWith("node:") || packageName in ours.dependencies, `${name} imports ${path}`);
      }
    }
  });
  test("make no cycle, type imports included", () => refuseCycles(SOURCES));
  test("of the schema of the file come from config only: compilers read what it means", () => {
    const inside = (name: string) => name.startsWith("src/config/schema/") || name === "src/config/written.ts";
    const outside = IMPORTS.filter(({ from, to }) => placeOf(from) !== "config" && inside(to));
    assert.deepEqual(outside, []);
  });
  test("go one way between the adapters of both versions and what they share", () => {
    const versions = ["src/adapters/http", "src/adapters/http2"];
    const across = IMPORTS.filter(({ from, to }) => {
      return versions.includes(dirname(from)) && versions.includes(dirname(to)) && dirname(from) !== dirname(to);
    });
    assert.deepEqual(across, []);
  });
});

describe("files", () => {
  test("have a rank", () => {
    for (const name of SOURCES) rankOf(name);
  });
  for (const name of SOURCES) {
    const lines = TEXTS.get(name)!.split("\n").length - 1;
    if (lines > MAX_LINES) {
      test(`${name} has at most ${MAX_LINES} lines`, () => assert.ok(lines <= MAX_LINES, `${lines} lines`));
    }
  }
  test("of src open with what they are", () => {
    for (const name of SOURCES) {
      const [first = "", second = ""] = TEXTS.get(name)!.split("\n");
      assert.match(first.startsWith("#!") ? second : first, /^\/\/ \S/, name);
    }
  });
  test("of tests and scripts do too", () => {
    for (const name of OURS) assert.match(TEXTS.get(name)!, /^(#!.*\n)?\/\/ \S/, name);
  });
  test("of src find other files as the bundle does, which is in one folder", () => {
    for (const name of SOURCES.filter((one) => one !== "src/package-file.ts"))
      assert.doesNotMatch(
        TEXTS.get(name)!,
        /import\.meta\.(?:dirname|filename)|new URL\([^)]*\.\.\/[^)]*import\.meta/,
        name,
      );
  });
  test("do not only re-export", () => {
    for (const name of SOURCES) {
      const rest = bare(TEXTS.get(name)!).replaceAll(
        /export\s+(type\s+)?(\*(\s+as\s+\w+)?|\{[^}]*\})\s+from\s+""\s*;/g,
        "",
      );
      assert.notEqual(rest.trim(), "", `${name} is a barrel`);
    }
  });
  test("have no default export", () => {
    for (const name of OURS) assert.doesNotMatch(bare(TEXTS.get(name)!), /\bexport\s+default\b|\bas\s+default\b/, name);
  });
  test("have no any", () => {
    for (const name of OURS)
      assert.doesNotMatch(bare(TEXTS.get(name)!), /(?:[:<|&]\s*|\bas\s+)any\b(?!\s*[:(.=])|\bany\[\]/, name);
  });
  test("have no enum and no namespace", () => {
    for (const name of OURS)
      assert.doesNotMatch(bare(TEXTS.get(name)!), /^\s*(export\s+)?(const\s+)?(enum|namespace)\s+\w/m, name);
  });
  test("of src are median under 100 lines", () => {
    const counts = SOURCES.map((name) => TEXTS.get(name)!.split("\n").length).sort((a, b) => a - b);
    assert.ok(counts[counts.length >> 1]! < 100);
  });
});

describe("the repository", () => {
  const folders = ["src", "configs", "protos", "test", "scripts", "assets", "docs"];
  const files = ["Makefile", "package.json", "tsconfig.json", "gateway.yaml", "README.md", "CHANGELOG.md", "LICENSE"];
  const more = ["package-lock.json", "biome.json"];
  test("has nothing at the top but what belongs there", () => {
    const top = new Set(
      trackedFiles()
        .map((name) => name.split("/")[0]!)
        .filter((name) => !name.startsWith(".")),
    );
    const allowed = new Set([...folders, ...files, ...more]);
    assert.deepEqual(
      [...top].filter((name) => !allowed.has(name)),
      [],
    );
  });
  test("has what a newcomer looks for first", () => {
    for (const name of ["Makefile", "package.json", "gateway.yaml", "src/main.ts"]) assert.ok(existsSync(name), name);
  });
});
