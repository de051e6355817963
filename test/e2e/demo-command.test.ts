// `gateway demo`: what it says, the ports it takes and how all of them are moved, and its end.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { DEMO_PORTS } from "../../src/demo/ports.ts";
import { openStreams, startDemo } from "../support/demo.ts";
import type { Reply } from "../support/greeter.ts";
import { withPortOffset } from "../support/port-offset.ts";

const PROMPT_MS = 2000;

test("`gateway demo` prints a line for each and stops on a signal while streams are open", () =>
  withPortOffset(async (offset) => {
    const { child, output } = await startDemo(["-port-offset", String(offset)], "Try:");
    const { http, webSocket, events, grpc } = DEMO_PORTS;
    for (const port of [...http, webSocket, events, grpc])
      assert.match(output, new RegExp(`127\\.0\\.0\\.1:${port + offset}"`));
    await openStreams({
      http: "",
      webSocket: `ws://127.0.0.1:${webSocket + offset}`,
      events: `http://127.0.0.1:${events + offset}`,
      grpc: `127.0.0.1:${grpc + offset}`,
    });
    const started = performance.now();
    child.kill("SIGINT");
    assert.equal((await once(child, "exit"))[0], 0);
    assert.ok(performance.now() - started < PROMPT_MS);
  }));
test("`gateway demo -port-offset` moves its listeners and what they call, with the default configuration and others", async () => {
  for (const args of [[], ["-config", "configs/examples/management.yaml"]]) {
    await withPortOffset(async (offset) => {
      const { child } = await startDemo([...args, "-port-offset", String(offset)], "Demo: gRPC");
      try {
        const { instance } = (await (await fetch(`http://127.0.0.1:${8080 + offset}/api/users`)).json()) as Reply;
        assert.ok(DEMO_PORTS.http.includes((instance as number) - offset), String(instance));
        if (args.length > 0)
          assert.equal((await fetch(`http://127.0.0.1:${9090 + offset}/management/health/live`)).status, 200);
      } finally {
        child.kill("SIGTERM");
        await once(child, "close");
      }
    });
  }
});
test("`gateway demo` says how to move its ports when one of them is in use", () =>
  withPortOffset(async (offset) => {
    const { child } = await startDemo(["-port-offset", String(offset)], "Try:");
    try {
      for (const other of [offset, offset + 2]) {
        const hint = /the port is in use; -port-offset 10000 moves all ports of the demo/;
        await assert.rejects(startDemo(["-port-offset", String(other)], "Try:"), (error) => hint.test(String(error)));
      }
    } finally {
      child.kill("SIGTERM");
      await once(child, "close");
    }
  }));
test("`gateway demo -port-offset` takes whole numbers that keep every port below 65536", async () => {
  for (const text of ["-1", "1.5", "ten", "15485"])
    await assert.rejects(startDemo([`-port-offset=${text}`], "Try:"), (e) => /from 0 to 15484/.test(String(e)));
});
test("`gateway demo -certificates` makes a folder of them, for a listener of HTTPS and its clients", () =>
  withPortOffset(async (offset) => {
    const folder = mkdtempSync(join(tmpdir(), "demo-"));
    const certificates = join(folder, "made");
    const config = join(folder, "tls.yaml");
    writeFileSync(config, tlsConfig(certificates));
    const { child, output } = await startDemo(
      ["-config", config, "-certificates", certificates, "-port-offset", String(offset)],
      "certificates",
    );
    try {
      assert.match(output, /Demo: certificates in .*made; clients trust them by its ca\.pem/);
      const url = `https://localhost:${8443 + offset}/`;
      const { stdout } = await promisify(execFile)("curl", ["-sS", "--cacert", join(certificates, "ca.pem"), url]);
      assert.match(stdout, /"instance"/);
    } finally {
      child.kill("SIGTERM");
      await once(child, "close");
      rmSync(folder, { recursive: true });
    }
  }));
test("`gateway demo` makes certificates where the configuration names their folder, and moves where HTTPS is told to be", () =>
  withPortOffset(async (offset) => {
    const args = ["-config", "configs/examples/tls.yaml", "-port-offset", String(offset)];
    const { child, output } = await startDemo(args, "Demo: certificates");
    try {
      assert.match(output, /Demo: certificates in demo-certificates;/);
      const trust = ["--cacert", "demo-certificates/ca.pem"];
      const url = `http://localhost:${8080 + offset}/a`;
      const { stdout } = await promisify(execFile)("curl", ["-sSL", "-w", "%{url_effective}", ...trust, url]);
      assert.ok(stdout.endsWith(`https://localhost:${8443 + offset}/a`), stdout);
    } finally {
      child.kill("SIGTERM");
      await once(child, "close");
    }
  }));
test("a path to try is named only where it is known to be there", () =>
  withPortOffset(async (offset) => {
    const args = ["-config", "configs/examples/retry.yaml", "-port-offset", String(offset)];
    const { child, said } = await startDemo(args, "Demo: gRPC");
    child.kill("SIGTERM");
    await once(child, "close");
    assert.match(said(), /Stopped/);
    assert.doesNotMatch(said(), /Try:/);
  }));
test("no other command loads what they are made of", () => {
  const script = `await import("./dist/main.js");
    const { createRequire } = await import("node:module");
    console.log(JSON.stringify(Object.keys(createRequire(import.meta.url).cache)));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script, "gateway", "version"], {
    encoding: "utf8",
  });
  const loaded = JSON.parse(output.trimEnd().split("\n").at(-1)!) as string[];
  assert.ok(loaded.length > 0);
  assert.deepEqual(
    loaded.filter((file) => /node_modules\/(@grpc|@peculiar|node-forge)\//.test(file)),
    [],
  );
});

/** HTTPS on port 8443 with the certificate for localhost of a folder. */
function tlsConfig(folder: string): string {
  return `gateway:
  frontend:
    http:
      host: 127.0.0.1
      port: 8443
      tls: { enabled: true, certFile: ${folder}/localhost.pem, keyFile: ${folder}/localhost-key.pem }
  router: { rules: [ { path: "/*", serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1, port: 3000 } ] } ] } }
`;
}
