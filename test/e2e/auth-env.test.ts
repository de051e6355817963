// The example auth-env.yaml, with keys from the environment and from files that change.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { type Backend, mirror, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { eventually } from "../support/setup.ts";
import { signed, signingKey } from "../support/tokens.ts";

const KEY = signingKey("ES256");
const NEXT = signingKey("ES256");
const folder = mkdtempSync(join(tmpdir(), "auth-env-"));
const pemFile = join(folder, "key.pem");
const keysFile = join(folder, "keys.yaml");
let backend: Backend;
let gateway: GatewayProcess;

const keysOf = (key: string) =>
  JSON.stringify({ keys: { nightly: { hashedKey: keyDigest(key), scopes: ["deploy"] } } });

before(async () => {
  backend = await startBackend(mirror);
  writeFileSync(pemFile, KEY.pem);
  writeFileSync(keysFile, keysOf("first-key"));
  const example = readFileSync("configs/examples/auth-env.yaml", "utf8");
  gateway = await startGateway(example.replace("port: 3000", `port: ${backend.port}`), {
    env: {
      GATEWAY_FRONTEND_HTTP_HOST: "127.0.0.1",
      GATEWAY_FRONTEND_HTTP_PORT: "0",
      GATEWAY_AUTH_FAILURES_MAX: "0",
      JWT_ISSUER: "https://id.test",
      JWT_AUDIENCE: "shop",
      JWT_ALGORITHM: "ES256",
      JWT_PUBLIC_KEY_FILE: pemFile,
      API_KEYS_FILE: keysFile,
      CI_API_KEY: "key-from-the-environment",
    },
  });
});
after(async () => {
  await gateway?.kill();
  await backend.close();
  rmSync(folder, { recursive: true });
});

async function statusWith(headers: readonly string[], path = "/deploy/now"): Promise<number> {
  return (await call(gateway.port, { path, headers })).status;
}

test("keys, issuer, audience and algorithm are those of the environment", { timeout: 60_000 }, async () => {
  const claims = { iss: "https://id.test", aud: "shop" };
  const bearer = async (key = KEY, more = {}) => [
    "Authorization",
    `Bearer ${await signed(key, { ...claims, ...more })}`,
  ];
  assert.equal(await statusWith(await bearer(), "/"), 200);
  for (const token of [
    await bearer(NEXT),
    await bearer(KEY, { iss: "https://id.example.org" }),
    await bearer(KEY, { aud: "demo-api" }),
  ])
    assert.equal(await statusWith(token, "/"), 401);
  assert.equal(await statusWith(["X-API-Key", "key-from-the-environment"]), 200);
  assert.equal(await statusWith(["X-API-Key", "demo-key-of-ci"]), 401);
  assert.equal(await statusWith(["X-API-Key", "first-key"]), 200);
  assert.equal(await statusWith([]), 401);
});

test("changed files take effect, and nothing of them is logged", { timeout: 60_000 }, async () => {
  writeFileSync(keysFile, keysOf("second-key"));
  await eventually("the new API key", async () => (await statusWith(["X-API-Key", "second-key"])) === 200);
  assert.equal(await statusWith(["X-API-Key", "first-key"]), 401);
  writeFileSync(pemFile, NEXT.pem);
  const token = ["Authorization", `Bearer ${await signed(NEXT, { iss: "https://id.test", aud: "shop" })}`];
  await eventually("the new public key", async () => (await statusWith(token, "/")) === 200);
  assert.doesNotMatch(JSON.stringify(gateway.lines), /key-from-the-environment|first-key|second-key/);
});
