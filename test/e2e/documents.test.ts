// Runs every command that the README and the guides show, so that they stay true.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { withPortOffset } from "../support/port-offset.ts";
import { trackedFiles } from "../support/tracked.ts";

const documents = ["README.md", ...trackedFiles("docs/guides")];
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-docs-"));
  // The demo runs in the repository, and makes its certificates there; the examples name files in it.
  for (const name of ["dist", "configs", "demo-certificates"])
    symlinkSync(join(process.cwd(), name), join(folder, name));
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const document of documents) {
  const text = readFileSync(document, "utf8");
  // Commands, and what the document shows as their output.
  const blocks = [...text.matchAll(/```(sh|text)\n([\s\S]*?)```/g)].map((m) => [m[1]!, m[2]!.trim()] as const);
  if (blocks.length === 0) continue;
  test(`every command of ${document} works, with the output that is shown`, () =>
    withPortOffset(async (offset) => {
      const yaml = /```yaml\n(gateway:[\s\S]*?)```/.exec(text)?.[1];
      if (yaml !== undefined) writeFileSync(join(folder, "my.yaml"), moved(yaml, offset));
      const port = Number(/http:\s+port: (\d+)/.exec(yaml ?? "")?.[1] ?? 8080) + offset;
      const running: ChildProcess[] = [];
      let output = "";
      try {
        for (const [kind, content] of blocks) {
          if (kind === "text") {
            assert.match(output, shown(moved(content, offset)));
            continue;
          }
          output = "";
          for (const command of content.split("\n")) {
            if (command === "make run" || /^node dist\/main\.js (demo )?-config \S+$/.test(command)) {
              // Nothing runs beside a second demo, which takes the same ports, nor beside anything in the README.
              if (document === "README.md" || command.includes(" demo ")) await stopAll(running);
              running.push(await start(startable(command, offset), port));
            } else {
              output += `${runToEnd(moved(command, offset))}\n`;
            }
          }
        }
      } finally {
        await stopAll(running);
      }
    }));
}

test("the README leads to every guide", () => {
  const readme = readFileSync("README.md", "utf8");
  assert.deepEqual(
    documents.filter((document) => document !== "README.md" && !readme.includes(`(${document})`)),
    [],
  );
});

test("the ten lines of YAML in the README are ten lines", () => {
  const yaml = /```yaml\n(gateway:[\s\S]*?)```/.exec(readFileSync("README.md", "utf8"))![1]!;
  assert.equal(yaml.trim().split("\n").length, 9 + 1);
});

/** What a shell without settings of its own passes on: no proxy, no `.curlrc`, no variable of a gateway. */
function env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: folder, ...more };
}

/** Text with every port that it names moved. */
function moved(text: string, offset: number): string {
  return text.replace(/(?<=localhost:|127\.0\.0\.1:|port: )\d+/g, (port) => String(Number(port) + offset));
}

/** Matches output that has these lines in this order; `…` stands for anything. */
function shown(lines: string): RegExp {
  const escaped = lines.split("\n").map((line) => line.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll("…", ".*"));
  return new RegExp(`^${escaped.join("\\s*$[\\s\\S]*?^")}`, "m");
}

/** Runs a command that ends by itself. @returns what it said, never nothing */
function runToEnd(command: string): string {
  // make rebuilds or reruns what is running now: that each target exists and expands is what can be shown here.
  const made = command.replace(/^make /, "make -n ");
  assert.match(made, /^(make -n|curl|node -e|node dist\/main\.js|openssl|printf) /, "no way to run this is known");
  // Targets and the libraries of short clients are in the repository.
  const cwd = /^(curl|node dist|openssl|printf)/.test(made) ? folder : process.cwd();
  const output = execFileSync("sh", ["-c", made], { cwd, encoding: "utf8", stdio: "pipe", env: env() });
  assert.notEqual(output.trim(), "", command);
  return output;
}

function startable(command: string, offset: number): string {
  // What the tests run on is installed, and stays as it is.
  if (command === "make run") return `make -o node_modules/.package-lock.json run DEMO="-port-offset ${offset}"`;
  return command.includes(" demo ") ? `${command} -port-offset ${offset}` : command;
}

/** @param port the HTTP port of a gateway that is not the demo, which has it by default or in a file already moved */
async function start(command: string, port: number): Promise<ChildProcess> {
  const inRepository = command.startsWith("make") || command.includes("configs/examples/");
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: inRepository ? process.cwd() : folder,
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: env(command.includes("-port-offset") ? {} : { GATEWAY_PORT: String(port) }),
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
        if (output.includes("Listening on")) resolve();
      });
    }
    child.once("close", (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
  });
  return child;
}

async function stopAll(children: ChildProcess[]): Promise<void> {
  for (const child of children.splice(0)) await stop(child);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  // The whole group: make, tsx and node.
  const ended = once(child, "exit");
  process.kill(-child.pid!, "SIGTERM");
  await ended;
}
