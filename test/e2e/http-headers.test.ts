// What the gateway says about a request and leaves of it: forwarded fields, request ids, Via, Host, path, query, loops.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Backend, type Mirrored, mirror, startBackend, valuesOf } from "../support/backend.ts";
import { type Call, call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { accessLine, configText, reload } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };

let backend: Backend;
let gateway: GatewayProcess;
let trusting: GatewayProcess;

before(async () => {
  backend = await startBackend((request, response) => {
    response.setHeader("Via", "1.1 inner");
    response.setHeader("Connection", "X-Private");
    response.setHeader("X-Private", "1");
    response.setHeader("Keep-Alive", "timeout=99");
    response.setHeader("X-Request-ID", "the backend's own");
    const { "x-location": location, "x-cookie": cookie } = request.headers;
    if (typeof location === "string") response.setHeader("Location", location).setHeader("Content-Location", location);
    if (cookie !== undefined) response.setHeader("Set-Cookie", cookie);
    mirror(request, response);
  });
  const rule = (id: string, more: object = {}) => ({ id, path: `/${id}/*`, serviceName: "up", ...more });
  const setup = {
    rules: [
      rule("plain"),
      rule("client-host", { preserveHost: true }),
      rule("own-host", { rewriteHost: "inner.example:81" }),
      rule("strip", { stripPrefix: true }),
      rule("replace", { rewritePrefix: "/v2/api" }),
      { id: "exact", path: "/exact", serviceName: "up", rewritePrefix: "/other" },
    ],
    services: { up: backend.port },
  };
  [gateway, trusting] = await Promise.all([
    startGateway(configText(setup)),
    startGateway(configText({ ...setup, front: { sendVia: true, trustedProxies: ["127.0.0.0/8", "10.0.0.0/8"] } })),
  ]);
});

after(async () => {
  await Promise.all([gateway?.kill(), trusting?.kill()]);
  await backend?.close();
});

interface Sent {
  readonly reply: Reply;
  readonly url: string;
  /** All values the backend saw of a field. */
  seen(name: string): string[];
}

async function send(headers: readonly string[], path = "/plain/x", to = gateway, more: Call = {}): Promise<Sent> {
  const reply = await call(to.port, { ...more, path, headers });
  assert.equal(reply.status, 200);
  const { headers: flat, url } = JSON.parse(reply.text) as Mirrored;
  return { reply, url, seen: (name) => valuesOf(flat, name) };
}

describe("forwarded fields of a peer that is not trusted", LIMIT, () => {
  test("say who the peer is, whatever it claims", async () => {
    const { seen } = await send([
      ...["Host", "shop.example:8080", "X-Forwarded-For", "6.6.6.6", "x-forwarded-for", "7.7.7.7"],
      ...["X-Forwarded-Proto", "https", "X-Forwarded-Host", "evil.example", "X-Real-IP", "6.6.6.6"],
      ...["X-Forwarded-Port", "1", "X-Forwarded-Ssl", "on", "Forwarded", "for=6.6.6.6"],
    ]);
    assert.deepEqual(seen("x-forwarded-for"), ["127.0.0.1"]);
    assert.deepEqual(seen("x-real-ip"), ["127.0.0.1"]);
    assert.deepEqual(seen("x-forwarded-proto"), ["http"]);
    assert.deepEqual(seen("x-forwarded-host"), ["shop.example:8080"]);
    assert.deepEqual(seen("x-forwarded-port"), []);
    assert.deepEqual(seen("x-forwarded-ssl"), []);
    assert.deepEqual(seen("forwarded"), ['for=127.0.0.1;proto=http;host="shop.example:8080"']);
  });

  test("cannot be smuggled in under a spelling with underscores", async () => {
    const { seen } = await send([
      ...["X_Forwarded_For", "6.6.6.6", "X-Forwarded_For", "6.6.6.6", "X_Real_IP", "6.6.6.6"],
      ...["X_Auth_Subject", "root", "X-Auth-Subject", "root", "X-Auth_Scopes", "all"],
    ]);
    for (const name of ["X_Forwarded_For", "X-Forwarded_For", "X_Real_IP"]) assert.deepEqual(seen(name), [], name);
    for (const name of ["X_Auth_Subject", "X-Auth-Subject", "X-Auth_Scopes"]) assert.deepEqual(seen(name), [], name);
  });

  test("cannot be taken away by nominating them in Connection", async () => {
    const { seen } = await send([
      ...["Connection", "close, X-Forwarded-For, X-Real-IP, X-Request-ID, X-Gateway, Host, X-Mine", "X-Mine", "1"],
      ...["Host", "shop.example"],
    ]);
    assert.deepEqual(seen("x-forwarded-for"), ["127.0.0.1"]);
    assert.deepEqual(seen("x-real-ip"), ["127.0.0.1"]);
    assert.equal(seen("x-gateway").length, 1);
    assert.deepEqual(seen("host"), [`127.0.0.1:${backend.port}`]);
    assert.equal(seen("x-request-id").length, 1);
    assert.deepEqual(seen("x-mine"), []);
  });
});

describe("forwarded fields of a trusted peer", LIMIT, () => {
  test("are kept and extended, and the client is the right-most untrusted address", async () => {
    const { seen } = await send(
      [
        ...["Host", "shop.example", "X-Forwarded-For", "6.6.6.6, 203.0.113.7", "X-Forwarded-For", "10.0.0.1"],
        ...["X-Forwarded-Proto", "https", "X-Forwarded-Host", "www.example", "X-Forwarded-Port", "443"],
        ...["Forwarded", "for=203.0.113.7", "X-Request-ID", "chain"],
      ],
      "/plain/x",
      trusting,
    );
    assert.deepEqual(seen("x-forwarded-for"), ["6.6.6.6, 203.0.113.7, 10.0.0.1, 127.0.0.1"]);
    assert.deepEqual(seen("x-real-ip"), ["203.0.113.7"]);
    assert.deepEqual(seen("x-forwarded-proto"), ["https"]);
    assert.deepEqual(seen("x-forwarded-host"), ["www.example"]);
    assert.deepEqual(seen("x-forwarded-port"), ["443"]);
    assert.deepEqual(seen("forwarded"), ["for=203.0.113.7, for=127.0.0.1;proto=http;host=shop.example"]);
    assert.equal((await accessLine(trusting, "chain")).client, "203.0.113.7");
  });

  test("are filled in where it left them out", async () => {
    const { seen } = await send(["Host", "shop.example"], "/plain/x", trusting);
    assert.deepEqual(seen("x-forwarded-for"), ["127.0.0.1"]);
    assert.deepEqual(seen("x-real-ip"), ["127.0.0.1"]);
    assert.deepEqual(seen("x-forwarded-proto"), ["http"]);
    assert.deepEqual(seen("x-forwarded-host"), ["shop.example"]);
  });

  test("do not extend to identity", async () => {
    const { seen } = await send(["X-Auth-Subject", "root", "X_Forwarded_For", "6.6.6.6"], "/plain/x", trusting);
    assert.deepEqual(seen("x-auth-subject"), []);
    assert.deepEqual(seen("x_forwarded_for"), []);
  });
});

describe("request ids", LIMIT, () => {
  test("a harmless one is kept, sent on, echoed once and logged", async () => {
    const { reply, seen } = await send(["X-Request-ID", "abc.DEF_1-2"]);
    assert.deepEqual(seen("x-request-id"), ["abc.DEF_1-2"]);
    assert.deepEqual(valuesOf(reply.rawHeaders, "x-request-id"), ["abc.DEF_1-2"]);
    assert.equal((await accessLine(gateway, "abc.DEF_1-2")).path, "/plain/x");
  });

  for (const [what, id] of [
    ["missing", null],
    ["empty", ""],
    ["too long", "x".repeat(129)],
    ["of other characters", 'a"b'],
  ] as const) {
    test(`one that is ${what} is replaced by the same new one on both sides`, async () => {
      const { reply, seen } = await send(id === null ? [] : ["X-Request-ID", id]);
      const made = String(reply.headers["x-request-id"]);
      assert.match(made, /^[A-Za-z0-9._-]{1,128}$/);
      assert.notEqual(made, id);
      assert.deepEqual(seen("x-request-id"), [made]);
    });
  }

  test("two made ones differ", async () => {
    const ids = await Promise.all([send([]), send([])]);
    assert.notEqual(ids[0]!.reply.headers["x-request-id"], ids[1]!.reply.headers["x-request-id"]);
  });
});

describe("other fields", LIMIT, () => {
  test("Via passes both ways as it came, and none is added: backends would take the client for one that cannot decompress", async () => {
    const { reply, seen } = await send(["Via", "1.0 fred"]);
    assert.deepEqual(seen("via"), ["1.0 fred"]);
    assert.equal(reply.headers.via, "1.1 inner");
    assert.deepEqual((await send([])).seen("via"), []);
  });

  test("sendVia extends Via both ways", async () => {
    const { reply, seen } = await send(["Via", "1.0 fred"], "/plain/x", trusting);
    assert.deepEqual(seen("via"), ["1.0 fred, 1.1 gateway"]);
    assert.equal(reply.headers.via, "1.1 inner, 1.1 gateway");
  });

  test("Location becomes the client's where it names the instance or lacks the stripped prefix", async () => {
    const located = async (location: string, path: string, to = gateway, more: readonly string[] = []) => {
      const { reply } = await send(["Host", "shop.example:81", "X-Location", location, ...more], path, to);
      assert.equal(reply.headers["content-location"], reply.headers.location);
      return reply.headers.location;
    };
    const instance = `http://127.0.0.1:${backend.port}`;
    assert.equal(await located(`${instance}/a?b`, "/plain/x"), "http://shop.example:81/a?b");
    assert.equal(
      await located(`https://127.0.0.1:${backend.port}/a`, "/plain/x"),
      `https://127.0.0.1:${backend.port}/a`,
    );
    assert.equal(await located("/login", "/strip/x"), "/strip/login");
    assert.equal(await located(`${instance}/v2/api/a`, "/replace/x"), "http://shop.example:81/replace/a");
    assert.equal(await located(`${instance}/a`, "/client-host/x"), `${instance}/a`);
    const told = ["X-Forwarded-Proto", "https", "X-Forwarded-Host", "www.example"];
    assert.equal(await located(`${instance}/a`, "/plain/x", trusting, told), "https://www.example/a");
    assert.equal(await located(`${instance}/a`, "/plain/x", gateway, told), "http://shop.example:81/a");
  });

  test("Set-Cookie passes as it came, whatever domain and path it names", async () => {
    const cookie = `a=b; Domain=127.0.0.1; Path=/v2/api`;
    const { reply } = await send(["X-Cookie", cookie], "/replace/x");
    assert.deepEqual(reply.headers["set-cookie"], [cookie]);
  });

  test("hop-by-hop fields and what Connection names end here, both ways", async () => {
    const { reply, seen } = await send([
      ...["Connection", "keep-alive, X-Hop", "X-Hop", "1", "Keep-Alive", "timeout=5", "TE", "gzip"],
      ...["Proxy-Authorization", "Basic eA==", "Proxy-Connection", "keep-alive", "Proxy", "http://evil.example"],
    ]);
    for (const name of ["x-hop", "keep-alive", "te", "proxy-authorization", "proxy-connection", "proxy", "trailer"])
      assert.deepEqual(seen(name), [], name);
    assert.equal(reply.headers["x-private"], undefined);
    assert.notEqual(reply.headers["keep-alive"], "timeout=99");
  });

  test("everything else passes in order, repeated fields and odd spellings included", async () => {
    const { seen } = await send([
      "Cookie",
      "a=1",
      "X-One",
      "1",
      "x-ONE",
      "2",
      "Cookie",
      "b=2",
      "Authorization",
      "Basic eA==",
    ]);
    assert.deepEqual(seen("cookie"), ["a=1", "b=2"]);
    assert.deepEqual(seen("x-one"), ["1", "2"]);
    assert.deepEqual(seen("authorization"), ["Basic eA=="]);
  });
});

describe("Host, path and query", LIMIT, () => {
  const host = ["Host", "shop.example"];

  test("the backend's own address is the Host by default", async () => {
    assert.deepEqual((await send(host)).seen("host"), [`127.0.0.1:${backend.port}`]);
  });

  test("preserveHost sends the client's", async () => {
    assert.deepEqual((await send(host, "/client-host/x")).seen("host"), ["shop.example"]);
  });

  test("rewriteHost sends the one written", async () => {
    assert.deepEqual((await send(host, "/own-host/x")).seen("host"), ["inner.example:81"]);
  });

  for (const [path, sent] of [
    ["/strip/a/b", "/a/b"],
    ["/strip", "/"],
    ["/strip/", "/"],
    ["/strip?q=1", "/?q=1"],
    ["/replace/a?q=1", "/v2/api/a?q=1"],
    ["/replace", "/v2/api"],
    ["/exact", "/other"],
    ["/plain/./a/%7euser//b/../c", "/plain/a/~user/c"],
    ["/plain/a%2fb%3fc", "/plain/a%2Fb%3Fc"],
  ] as const) {
    test(`${path} is sent as ${sent}`, async () => {
      assert.equal((await send([], path)).url, sent);
    });
  }

  test("the query is sent untouched", async () => {
    const query = "?a=1&&b=%20%2f%zz&c=+x;y=../..&d[]=%C3%A9&=&e";
    assert.equal((await send([], `/plain/x${query}`)).url, `/plain/x${query}`);
    assert.equal((await send([], `/strip/x${query}`)).url, `/x${query}`);
  });

  test("the authority of an absolute target counts, not Host", async () => {
    const { seen, url } = await send(["Host", "evil.example"], "http://real.example/client-host/x?q=1");
    assert.deepEqual(seen("host"), ["real.example"]);
    assert.equal(url, "/client-host/x?q=1");
  });
});

test("a request that comes back to the gateway that sent it is cut with 508", LIMIT, async (t) => {
  const setup = { rules: [{ path: "/*", serviceName: "up" }], services: { up: backend.port } };
  const looping = await startGateway(configText(setup), { args: ["-hot-reload=false"] });
  t.after(() => looping.kill());
  await reload(looping, configText({ ...setup, services: { up: looping.port } }));
  const reply = await call(looping.port, { path: "/x" });
  assert.equal(reply.status, 508);
  assert.equal(JSON.parse(reply.text).error.code, "loop_detected");
});
