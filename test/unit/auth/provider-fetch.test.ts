// Documents of identity providers: what is fetched, and what is not believed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fetchJson, isSafeUrl, type ProviderAccess } from "../../../src/auth/provider-fetch.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";

/** An issuer on a port of its own. */
async function issuer(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const NEVER = new AbortController().signal;
const DIRECT: ProviderAccess = { ca: "", proxy: "" };

describe("a document of a provider", () => {
  test("is fetched, also where its place has moved within the origin", async (t) => {
    const url = await issuer(t, (request, response) => {
      if (request.url === "/keys") response.end('{"keys":[]}');
      else response.writeHead(302, { Location: "/keys" }).end();
    });
    assert.deepEqual(await fetchJson(`${url}/old`, DIRECT, NEVER), { keys: [] });
  });
  test("is not fetched from another origin", async (t) => {
    let asked = 0;
    const other = await issuer(t, (_, response) => response.end(String(asked++)));
    const url = await issuer(t, (_, response) => response.writeHead(302, { Location: `${other}/keys` }).end());
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /leads to another origin/);
    assert.equal(asked, 0);
  });
  test("is not looked for in a circle", async (t) => {
    const url = await issuer(t, (_, response) => response.writeHead(307, { Location: "/" }).end());
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /lead on and on/);
  });
  test("is not read beyond a megabyte", async (t) => {
    const url = await issuer(t, (_, response) => response.end(" ".repeat(2 * 1024 * 1024)));
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /larger than 1048576 bytes/);
  });
  test("is nothing else than JSON with status 200, and errors do not quote it", async (t) => {
    const url = await issuer(t, (request, response) => {
      response.writeHead(request.url === "/500" ? 500 : 200).end("s3cret");
    });
    await assert.rejects(fetchJson(`${url}/500`, DIRECT, NEVER), /status 500/);
    await assert.rejects(fetchJson(url, DIRECT, NEVER), (error: Error) => error.message === "the answer is no JSON");
  });
  test("is fetched by HTTPS from whom the given authority vouches for, and from nobody else", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "provider-test-"));
    const authority = makeAuthority(folder, "authority");
    const stranger = makeAuthority(folder, "stranger");
    const { cert, key } = makeCertificate(folder, "issuer", authority, ["IP:127.0.0.1"]);
    const options = { cert: readFileSync(cert), key: readFileSync(key) };
    const server = createSecureServer(options, (_, response) => response.end("[7]")).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      server.close();
      rmSync(folder, { recursive: true });
    });
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    assert.deepEqual(await fetchJson(url, { ...DIRECT, ca: readFileSync(authority.cert, "utf8") }, NEVER), [7]);
    await assert.rejects(
      fetchJson(url, { ...DIRECT, ca: readFileSync(stranger.cert, "utf8") }, NEVER),
      /UNABLE_TO_VERIFY|SELF_SIGNED/,
    );
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /UNABLE_TO_VERIFY|SELF_SIGNED/);
  });
  test("is not waited for when nobody needs it any more", async (t) => {
    const url = await issuer(t, () => gone.abort());
    const gone = new AbortController();
    await assert.rejects(fetchJson(url, DIRECT, gone.signal));
  });
});

test("providers are asked by HTTPS, or on this machine", () => {
  const safe = ["https://id.example/keys", "http://localhost:8080/k", "http://127.0.0.1/k", "http://[::1]:1/k"];
  const unsafe = [
    "http://id.example/k",
    "http://localhost.example/k",
    "http://127.0.0.1.example",
    "ftp://id",
    "keys",
    "",
    "file:///etc/passwd",
    "https://u:p@id.example/",
  ];
  assert.deepEqual([safe.filter(isSafeUrl), unsafe.filter(isSafeUrl)], [safe, []]);
});
