// The recipes of the contributor guide, applied to a copy of the sources: it compiles, starts, and does what they say.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";

const GUIDE = readFileSync("docs/contributing.md", "utf8");

/** A block of the guide: a new file, or lines that are added to one behind lines it has. */
interface Block {
  readonly recipe: string;
  readonly kind: "ts" | "diff";
  readonly file: string;
  readonly text: string;
}

const BLOCKS: readonly Block[] = GUIDE.split(/^## /m).flatMap((section) => {
  const recipe = section.slice(0, section.indexOf("\n"));
  return [...section.matchAll(/^```(ts|diff) (\S+)\n([\s\S]*?)^```/gm)].map(([, kind, file, text]) => {
    return { recipe, kind: kind as Block["kind"], file: file!, text: text! };
  });
});

/** Puts the `+` lines of a block behind the line of the file that the line before them repeats. */
function patched(source: string, { file, text }: Block): string {
  let lines = source.split("\n");
  let at = -1;
  for (const line of text.trimEnd().split("\n")) {
    if (line.startsWith("+")) lines = lines.toSpliced(++at, 0, line.slice(1));
    else {
      at = lines.indexOf(line.slice(1));
      assert.notEqual(at, -1, `${file} has no line ${JSON.stringify(line.slice(1))}`);
    }
  }
  return lines.join("\n");
}

/** A copy of the sources in which every recipe was followed, compiled. @returns its folder */
function cooked(): string {
  const folder = mkdtempSync(join(tmpdir(), "gateway-recipes-"));
  for (const name of ["src", "scripts", "package.json", "tsconfig.json"])
    cpSync(name, join(folder, name), { recursive: true });
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  for (const block of BLOCKS) {
    const path = join(folder, block.file);
    if (block.kind === "diff") writeFileSync(path, patched(readFileSync(path, "utf8"), block));
    else {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, block.text);
    }
  }
  const build = spawnSync("scripts/build", { cwd: folder, encoding: "utf8" });
  assert.equal(build.status, 0, build.stdout + build.stderr);
  return folder;
}

test("a balancer and a registry are one file and the catalog, a filter with its key at most four files", () => {
  const filesOf = (recipe: string) =>
    new Set(BLOCKS.filter((block) => block.recipe.startsWith(recipe)).map((b) => b.file));
  const recipes = ["A balancer", "A filter", "A strategy", "A responder", "A registry", "A translator"];
  for (const recipe of recipes) assert.ok(filesOf(recipe).size > 1, recipe);
  assert.deepEqual([...filesOf("A balancer")], ["src/balancing/first.ts", "src/catalog.ts"]);
  assert.deepEqual([...filesOf("A registry")], ["src/registries/variable.ts", "src/catalog.ts"]);
  assert.ok(filesOf("A filter").size <= 4);
});

describe("a gateway in which every recipe was followed", { timeout: 120_000 }, () => {
  let folder: string;
  let backends: Backend[];
  let port: number;
  let stop: () => void;
  before(async () => {
    folder = cooked();
    backends = await Promise.all(
      ["a", "b", "other"].map((name) =>
        startBackend(async (request, response) => {
          let body = "";
          for await (const chunk of request) body += chunk;
          response.end(`${name} ${body}`);
        }),
      ),
    );
    const [a, b, other] = backends.map((backend) => backend.port);
    writeFileSync(
      join(folder, "gateway.yaml"),
      `gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  registry: { type: variable }
  router:
    rules:
      - { path: /first, serviceName: web, loadBalance: first, stamp: seen }
      - { path: /turns, serviceName: web, loadBalance: first, alternateService: other }
      - { path: /hex, serviceName: other, hexBodies: true }
`,
    );
    const child = spawn(process.execPath, ["dist/main.js", "-config", "gateway.yaml"], {
      cwd: folder,
      env: { ...process.env, SERVICES: `web=127.0.0.1:${a},127.0.0.1:${b} other=127.0.0.1:${other}` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    stop = () => child.kill("SIGKILL");
    port = await new Promise((found, failed) => {
      let text = "";
      child.stdout.on("data", (chunk: Buffer) => {
        text += chunk;
        const line = text.split("\n").find((l) => l.includes('"listener":"http"'));
        if (line !== undefined) found((JSON.parse(line) as { port: number }).port);
      });
      child.on("exit", () => failed(new Error(`it ended:\n${text}`)));
    });
  });
  after(async () => {
    stop?.();
    for (const backend of backends ?? []) await backend.close();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  });
  const ask = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, init);

  test("has the balancer, on the instances of the registry, and the filter", async () => {
    for (let i = 0; i < 5; i++) {
      const reply = await ask("/first");
      assert.deepEqual([await reply.text(), reply.headers.get("x-stamp")], ["a ", "seen"]);
    }
  });
  test("has the strategy", async () => {
    const asked = [];
    for (let i = 0; i < 4; i++) asked.push(await (await ask("/turns")).text());
    assert.deepEqual(asked, ["a ", "other ", "a ", "other "]);
  });
  test("has the translator", async () => {
    assert.equal(await (await ask("/hex", { method: "POST", body: "hi!" })).text(), "other 686921");
  });
  test("has the responder", async () => {
    const reply = await ask("/_gateway/version");
    assert.deepEqual(
      [reply.status, (await reply.text()).trim()],
      [200, JSON.parse(readFileSync("package.json", "utf8")).version],
    );
  });
});
