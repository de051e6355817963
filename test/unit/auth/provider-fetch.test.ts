// Documents of identity providers: what is fetched, and what is not believed.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, type TestContext, test } from "node:test";
import { fetchAnswer, fetchJson, isSafeUrl, type ProviderAccess } from "../../../src/auth/provider-fetch.ts";
import { makeAuthority, makeCertificate } from "../../support/certificates.ts";
import { startConnectProxy } from "../../support/connect-proxy.ts";
import { eventually } from "../../support/setup.ts";

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

async function listening(t: TestContext, server: TcpServer): Promise<number> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** A proxy whose tunnels lead to somebody who says nothing. */
async function issuerOfSilence(t: TestContext) {
  const proxy = await startConnectProxy(await listening(t, createTcpServer()));
  t.after(() => proxy.close());
  return proxy;
}

/** An issuer that speaks TLS, the authority that vouches for it, and one that does not. */
async function secureIssuer(t: TestContext, names: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), "provider-test-"));
  const authority = makeAuthority(folder, "authority");
  const other = makeAuthority(folder, "stranger");
  const { cert, key } = makeCertificate(folder, "issuer", authority, names);
  const options = { cert: readFileSync(cert), key: readFileSync(key) };
  const server = createSecureServer(options, (_, response) => response.end("[7]")).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });
  const [ca, stranger] = [authority, other].map((each) => readFileSync(each.cert, "utf8"));
  return { port: (server.address() as AddressInfo).port, ca: ca!, stranger: stranger! };
}

const NEVER = new AbortController().signal;
const DIRECT: ProviderAccess = { ca: "", proxy: "" };

describe("a document of a provider", () => {
  test("is fetched, also after a redirect within the origin", async (t) => {
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
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /redirects to another origin/);
    assert.equal(asked, 0);
  });
  test("is not fetched in a redirect loop", async (t) => {
    const url = await issuer(t, (_, response) => response.writeHead(307, { Location: "/" }).end());
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /too many redirects/);
  });
  test("is not read beyond a megabyte", async (t) => {
    const url = await issuer(t, (_, response) => response.end(" ".repeat(2 * 1024 * 1024)));
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /larger than 1048576 bytes/);
  });
  test("must be JSON with status 200, and errors do not quote it", async (t) => {
    const url = await issuer(t, (request, response) => {
      response.writeHead(request.url === "/500" ? 500 : 200).end("s3cret");
    });
    await assert.rejects(fetchJson(`${url}/500`, DIRECT, NEVER), /status 500/);
    await assert.rejects(
      fetchJson(url, DIRECT, NEVER),
      (error: Error) => error.message === "the answer is not valid JSON",
    );
  });
  test("is fetched by HTTPS only from servers that the given authority has certified", async (t) => {
    const { port, ca, stranger } = await secureIssuer(t, ["IP:127.0.0.1"]);
    const url = `https://127.0.0.1:${port}/`;
    assert.deepEqual(await fetchJson(url, { ...DIRECT, ca }, NEVER), [7]);
    await assert.rejects(fetchJson(url, { ...DIRECT, ca: stranger }, NEVER), /UNABLE_TO_VERIFY|SELF_SIGNED/);
    await assert.rejects(fetchJson(url, DIRECT, NEVER), /UNABLE_TO_VERIFY|SELF_SIGNED/);
  });
  test("is no longer fetched when the signal is aborted", async (t) => {
    const url = await issuer(t, () => gone.abort());
    const gone = new AbortController();
    await assert.rejects(fetchJson(url, DIRECT, gone.signal));
  });
});

test("URLs of providers must be HTTPS, or on this machine", () => {
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

describe("a form", () => {
  test("is posted, and the answer returned with any status", async (t) => {
    const seen: string[] = [];
    const url = await issuer(t, async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString();
      seen.push(`${request.method} ${request.headers["content-type"]} ${request.headers.authorization} ${body}`);
      response.writeHead(418).end("tea");
    });
    const form = { token: "a b&c" };
    const { status, body } = await fetchAnswer(url, DIRECT, NEVER, { form, headers: { Authorization: "Basic x" } });
    assert.deepEqual([status, body.toString()], [418, "tea"]);
    assert.deepEqual(seen, ["POST application/x-www-form-urlencoded Basic x token=a+b%26c"]);
  });
  test("does not follow redirects, even within the origin", async (t) => {
    let asked = 0;
    const url = await issuer(t, (_, response) => {
      asked++;
      response.writeHead(307, { Location: "/elsewhere" }).end();
    });
    await assert.rejects(fetchAnswer(url, DIRECT, NEVER, { form: { token: "t" } }), /is a redirect/);
    assert.equal(asked, 1);
  });
});

describe("behind a proxy, a provider", () => {
  async function setUp(t: TestContext) {
    const { port, ca, stranger } = await secureIssuer(t, ["DNS:id.example"]);
    const proxy = await startConnectProxy(port);
    t.after(() => proxy.close());
    const access = (more: Partial<ProviderAccess> = {}) => ({ ca, proxy: `http://127.0.0.1:${proxy.port}`, ...more });
    return { proxy, access, stranger };
  }
  test("is reached through a tunnel, and its certificate verified", async (t) => {
    const { proxy, access, stranger } = await setUp(t);
    assert.deepEqual(await fetchJson("https://id.example/keys", access(), NEVER), [7]);
    assert.deepEqual(await fetchJson("https://id.example:8443/keys", access(), NEVER), [7]);
    assert.deepEqual(proxy.asked, ["id.example:443", "id.example:8443"]);
    await assert.rejects(
      fetchJson("https://id.example/", access({ ca: stranger }), NEVER),
      /UNABLE_TO_VERIFY|SELF_SIGNED/,
    );
    await assert.rejects(fetchJson("https://other.example/", access(), NEVER), /ERR_TLS_CERT_ALTNAME_INVALID/);
  });
  test("is reached with the credentials for the proxy", async (t) => {
    const { proxy, access } = await setUp(t);
    const named = { proxy: `http://u%20ser:p%40ss@127.0.0.1:${proxy.port}` };
    await fetchJson("https://id.example/", access(named), NEVER);
    assert.deepEqual(proxy.asked, [`id.example:443 Basic ${Buffer.from("u ser:p@ss").toString("base64")}`]);
  });
  test("is not reached if the proxy refuses", async (t) => {
    const { proxy, access } = await setUp(t);
    proxy.status = 407;
    await assert.rejects(fetchJson("https://id.example/", access(), NEVER), /the proxy answered 407/);
    await proxy.close();
    await assert.rejects(fetchJson("https://id.example/", access(), NEVER), /the proxy: ECONNREFUSED/);
  });
  test("on this machine is reached directly", async (t) => {
    const url = await issuer(t, (_, response) => response.end("[8]"));
    assert.deepEqual(await fetchJson(url, { ca: "", proxy: "http://127.0.0.1:1" }, NEVER), [8]);
  });
  test("is no longer fetched when the signal is aborted", async (t) => {
    const { proxy, access } = await setUp(t);
    const mute = await issuerOfSilence(t);
    for (const [status, to] of [
      [0, proxy],
      [200, mute],
    ] as const) {
      to.status = status;
      const gone = new AbortController();
      const asked = fetchJson("https://id.example/", access({ proxy: `http://127.0.0.1:${to.port}` }), gone.signal);
      await eventually("the proxy is asked", () => to.asked.length > 0);
      gone.abort();
      await assert.rejects(asked);
    }
  });
  test("that closes the connection in the tunnel counts as not reachable", async (t) => {
    const { access } = await setUp(t);
    const port = await listening(
      t,
      createTcpServer((socket) => socket.destroy()),
    );
    const proxy = await startConnectProxy(port);
    t.after(() => proxy.close());
    await assert.rejects(
      fetchJson("https://id.example/", access({ proxy: `http://127.0.0.1:${proxy.port}` }), NEVER),
      /ECONNRESET|disconnected/,
    );
  });
});
