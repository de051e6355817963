// docs/architecture.md is the map of the tree: it names only what is there, and leaves no folder out.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

const text = readFileSync("docs/architecture.md", "utf8");
const entries = readdirSync("src", { recursive: true, withFileTypes: true });
const pathOf = (entry: (typeof entries)[number]) => `${entry.parentPath}/${entry.name}`;
const files = entries.filter((entry) => entry.isFile()).map(pathOf);
const folders = entries.filter((entry) => entry.isDirectory()).map(pathOf);

/** Words in code style that are paths, each as far below `src/` as the sentence around it needs. */
const named = [...text.matchAll(/`([^`\n]+)`/g)]
  .flatMap((m) => m[1]!.split(" "))
  .filter((word) => /^[\w./-]+(\.ts|\/)$/.test(word));

test("every file and folder that the architecture names exists", () => {
  const known = [...files, ...folders.map((folder) => `${folder}/`), ...listed("test"), ...listed("docs")];
  assert.ok(named.length > 50);
  assert.deepEqual(
    named.filter((name) => !known.some((path) => path === name || path.endsWith(`/${name}`))),
    [],
  );
});

test("every folder of the sources is on the map", () => {
  assert.deepEqual(
    folders.filter((folder) => !text.includes(`${folder.slice("src/".length)}/`)),
    [],
  );
});

test("every file of the path of a request is on the map", () => {
  const missing = files
    .filter((file) => file.startsWith("src/gateway/"))
    .map((file) => file.slice("src/gateway/".length))
    .filter((file) => !text.includes(file));
  assert.deepEqual(missing, []);
});

function listed(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" }).map((path) => `${folder}/${path}`);
}
