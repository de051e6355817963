// The faults of docs/guides/operating.md that no other test provokes: each is named by a log line and a metric.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createSecure } from "node:https";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, test } from "node:test";
import { startBackend } from "../support/backend.ts";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { sample, scrape } from "../support/metrics.ts";
import { type Block, configText, nextLine, soon } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const RULE = { id: "all", path: "/*", serviceName: "up" };

let gateway: GatewayProcess;
afterEach(() => gateway?.kill());

const text = (port: number, rule: Block = {}, more: Block = {}, instance: Block = {}) =>
  configText({
    rules: [{ ...RULE, ...rule }],
    services: { up: [{ id: "up-1", address: "127.0.0.1", port, ...instance }] },
    more: { metrics: { enabled: true }, ...more },
  });
const start = async (yaml: string) => {
  gateway = await startGateway(yaml, { args: ["-hot-reload=false"] });
};
const fails = () =>
  soon(
    gateway.line((l) => l.msg === "Instance fails"),
    "the line of the instance",
  );
const errors = async (error_type: string) =>
  sample(await scrape(gateway.port), "gateway_backend_errors_total", { service: "up", instance: "up-1", error_type });

describe("what is said of", LIMIT, () => {
  test("an instance whose answers take too long", async (t) => {
    const backend = await startBackend(() => undefined);
    t.after(() => backend.close());
    await start(text(backend.port, { timeout: "150ms" }));
    for (let i = 0; i < 3; i++) assert.equal((await call(gateway.port)).status, 504);
    const { instance, reason } = await fails();
    assert.deepEqual([instance, reason], ["up-1", "upstream_timeout"]);
    assert.equal(await errors("upstream_timeout"), 3);
  });

  test("an instance whose certificate has expired", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "gateway-expired-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { cert, key } = makeCertificate(folder, "up", makeAuthority(folder, "authority"));
    execFileSync(
      "openssl",
      ["x509", "-req", "-in", join(folder, "up.csr"), "-signkey", key, "-days", "-1", "-out", cert],
      { stdio: "ignore" },
    );
    const server = createSecure({ cert: readFileSync(cert), key: readFileSync(key) }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const { port } = server.address() as AddressInfo;
    const backend = { http: { tls: { enabled: true, rootCAFile: cert, serverName: "up" } } };
    await start(text(port, {}, { backend }, { scheme: "https" }));
    assert.equal((await call(gateway.port)).status, 502);
    const { reason, detail } = await fails();
    assert.deepEqual([reason, detail], ["upstream_tls_failed", "CERT_HAS_EXPIRED"]);
    assert.equal(await errors("upstream_tls_failed"), 1);
  });

  test("a reload that is refused, for what the file says and for a port that is taken", async (t) => {
    const other = createServer().listen(0, "127.0.0.1");
    await once(other, "listening");
    t.after(() => other.close());
    const { port: taken } = other.address() as AddressInfo;
    await start(text(1));
    for (const [yaml, problem] of [
      ["gateway: { nonsense: 1 }\n", /unknown key "nonsense"/],
      [text(1).replace('"port": 0', `"port": ${taken}`), /the port is in use/],
    ] as const) {
      const said = nextLine(
        gateway,
        "the refusal",
        (l) => l.msg === "Configuration rejected; the running one stays in effect",
      );
      writeFileSync(gateway.file, yaml);
      gateway.signal("SIGHUP");
      const { level, problems } = await said;
      assert.equal(level, "error");
      assert.match(String(problems), problem);
      assert.equal(sample(await scrape(gateway.port), "gateway_config_last_reload_success"), 0);
    }
  });

  test("a disk that is full", async () => {
    await start(text(1, {}, { telemetry: { logging: { output: "/dev/full" } } }));
    await call(gateway.port);
    await soon(
      gateway.line((l) => /log lines are being lost: cannot write to \/dev\/full: ENOSPC/.test(String(l.msg))),
      "the line on standard error",
    );
    assert.ok(sample(await scrape(gateway.port), "gateway_log_lines_dropped_total")! >= 1);
  });
});
