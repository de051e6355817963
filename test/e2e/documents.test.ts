// Runs every command that the README and the guides show, so that they stay true.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { holdFixedPorts } from "../support/fixed-ports.ts";

const documents = ["README.md", ...readdirSync("docs/guides").map((file) => `docs/guides/${file}`)];
let release: () => void;
let folder: string;

before(async () => {
  release = await holdFixedPorts();
  folder = mkdtempSync(join(tmpdir(), "gateway-docs-"));
  symlinkSync(join(process.cwd(), "dist"), join(folder, "dist"));
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
  release();
});

for (const document of documents) {
  const text = readFileSync(document, "utf8");
  const commands = [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap((m) => m[1]!.trim().split("\n"));
  if (commands.length === 0) continue;
  test(`every command of ${document} works`, async () => {
    const yaml = /```yaml\n(gateway:[\s\S]*?)```/.exec(text)?.[1];
    if (yaml !== undefined) writeFileSync(join(folder, "my.yaml"), yaml);
    const running: ChildProcess[] = [];
    try {
      for (const command of commands) {
        if (command === "make run" || /^node dist\/main\.js (demo )?-config \S+$/.test(command)) {
          // The README says to stop the demo first: both take port 8080.
          if (document === "README.md") await stop(running.pop());
          running.push(await start(command));
        } else if (command.startsWith("make ")) {
          // These rebuild or rerun what is running now; that each target exists and expands is what can be shown here.
          execFileSync("make", ["-n", command.slice(5)], { stdio: "pipe" });
        } else if (/^(curl|node dist\/main\.js) /.test(command)) {
          const output = execFileSync("sh", ["-c", command], { cwd: folder, encoding: "utf8", stdio: "pipe" });
          assert.notEqual(output.trim(), "", command);
        } else if (command.startsWith("node -e ")) {
          // Short clients, which find their libraries in the repository.
          assert.notEqual(execFileSync("sh", ["-c", command], { encoding: "utf8", stdio: "pipe" }).trim(), "", command);
        } else {
          assert.fail(`no way to run this is known: ${command}`);
        }
      }
    } finally {
      for (const child of running) await stop(child);
    }
  });
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

async function start(command: string): Promise<ChildProcess> {
  const inRepository = command.startsWith("make") || command.includes("configs/examples/");
  const child = spawn("sh", ["-c", `exec ${command}`], {
    cwd: inRepository ? process.cwd() : folder,
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  let output = "";
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on("data", (chunk: Buffer) => {
      output += chunk;
      if (output.includes("Listening on")) resolve();
    });
    child.once("exit", (code) => reject(new Error(`${command} ended with ${code}:\n${output}`)));
  });
  return child;
}

async function stop(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return;
  // The whole group: make, tsx and node.
  const ended = once(child, "exit");
  process.kill(-child.pid!, "SIGTERM");
  await ended;
}
