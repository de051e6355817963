// `gateway reload`: the command beside a running gateway.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { makeAuthority, makeCertificate } from "../support/certificates.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { TOKEN } from "../support/management.ts";
import { freePort } from "../support/ports.ts";
import { type Block, configText } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function reload(file: string, ...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, ["dist/main.js", "reload", "-config", file, ...args], (error, out, err) => {
      resolve({ code: (error?.code as number | undefined) ?? 0, out, err });
    });
  });
}

function text(management: Block, timeout = "1s"): string {
  return configText({
    rules: [{ id: "all", path: "/*", serviceName: "up", timeout }],
    services: { up: 1 },
    more: { management: { enabled: true, ...management } },
  });
}

async function gatewayFor(t: TestContext, management: Block): Promise<GatewayProcess> {
  const gateway = await startGateway(text(management), { args: ["-hot-reload=false"] });
  t.after(() => gateway.kill());
  return gateway;
}

describe("gateway reload", LIMIT, () => {
  test("makes a change take effect, and says what became of the routes", async (t) => {
    const management = { port: await freePort(), auth: { token: TOKEN } };
    const gateway = await gatewayFor(t, management);
    writeFileSync(gateway.file, text(management, "2s"));
    const { code, out } = await reload(gateway.file);
    assert.equal(code, 0);
    assert.equal((JSON.parse(out) as Block).routesUpdated, 1);
  });

  test("says what is wrong with the file, and asks nobody", async (t) => {
    const management = { port: await freePort(), auth: { users: { ada: "pw" } } };
    const gateway = await gatewayFor(t, management);
    writeFileSync(gateway.file, text(management).replace('"all"', '"all", "no-such-key": 1'));
    const refused = await reload(gateway.file);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /gateway\.yaml:\d+:\d+: unknown key "no-such-key"/);
    writeFileSync(gateway.file, text(management, "3s"));
    assert.equal((await reload(gateway.file)).code, 0);
  });

  test("with the token that was made, that one must be named", async (t) => {
    const gateway = await gatewayFor(t, { port: await freePort() });
    const line = await gateway.line((l) => /^Management API token/.test(l.msg ?? ""));
    const wrong = await reload(gateway.file);
    assert.deepEqual([wrong.code, wrong.err], [1, "refused (401): Invalid token\n"]);
    assert.equal((await reload(gateway.file, "-token", line.msg!.split(": ")[1]!)).code, 0);
  });

  test("shows its credential only to the configured certificate", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "gateway-reload-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const authority = makeAuthority(folder, "authority");
    const [real, other] = ["real", "other"].map((name) => makeCertificate(folder, name, authority, ["DNS:gw.example"]));
    const port = await freePort();
    const section = ({ cert, key }: { cert: string; key: string }) => ({
      port,
      auth: { token: TOKEN },
      tls: { enabled: true, certFile: cert, keyFile: key },
    });
    const gateway = await gatewayFor(t, section(real!));
    assert.equal((await reload(gateway.file)).code, 0);
    const elsewhere = join(folder, "other.yaml");
    writeFileSync(elsewhere, text(section(other!)));
    const refused = await reload(elsewhere);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /its certificate is not the configured one/);
  });

  test("without the API, or with nobody there, it says so", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "gateway-reload-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, "gateway.yaml");
    writeFileSync(file, text({ enabled: false }));
    const off = await reload(file);
    assert.deepEqual(
      [off.code, off.err],
      [1, "management is not enabled; send the signal HUP to the gateway instead\n"],
    );
    writeFileSync(file, text({ port: await freePort(), auth: { token: TOKEN } }));
    const nobody = await reload(file);
    assert.equal(nobody.code, 1);
    assert.match(nobody.err, /^no answer from the management API: .*ECONNREFUSED/);
  });
});
