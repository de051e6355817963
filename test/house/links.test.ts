// Links between documents lead to files and headings that are there.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { trackedFiles } from "../support/tracked.ts";

const documents = ["README.md", "CHANGELOG.md", ...trackedFiles("docs").filter((name) => name.endsWith(".md"))];

/** Anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(file: string): string[] {
  const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map((m) => m[1]!.toLowerCase());
  return headings.map((heading) => heading.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-"));
}

for (const name of documents) {
  test(`links of ${name} lead somewhere`, () => {
    const text = readFileSync(name, "utf8").replaceAll(/```[\s\S]*?```/g, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? name : join(dirname(name), path);
      assert.ok(existsSync(target), link);
      if (anchor !== undefined) assert.ok(anchorsOf(target).includes(anchor), link);
    }
  });
}
