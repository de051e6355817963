// Sticky sessions from outside: HTTP, WebSocket and event streams, through reloads, restarts and the death of an instance.
import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { type Backend, startBackend } from "../support/backend.ts";
import { call } from "../support/client.ts";
import { GatewayPool, type GatewayProcess } from "../support/gateway.ts";
import { configText, reload } from "../support/setup.ts";
import { opened, type WsBackend, wsBackend } from "../support/websocket.ts";

const LIMIT = { timeout: 60_000 };
const gateways = new GatewayPool();
const backends: Backend[] = [];
const sockets: WsBackend[] = [];

before(async () => {
  for (const name of ["one", "two", "three"]) {
    backends.push(
      await startBackend((request, response) => {
        const fields: Record<string, string> = { Instance: name };
        if (request.url === "/app/login") fields["Set-Cookie"] = `APPSESSION=${name}-7; HttpOnly`;
        if (request.url === "/events") fields["Content-Type"] = "text/event-stream";
        response.writeHead(200, fields).end(request.url === "/events" ? "data: x\n\n" : name);
      }),
    );
    sockets.push(await wsBackend());
  }
});
after(async () => {
  await Promise.all([...backends, ...sockets].map((backend) => backend.close()));
});

const instances = (ports: readonly number[]) => ports.map((port, i) => ({ id: `i${i}`, address: "127.0.0.1", port }));

function textFor(ports: readonly number[], more = {}): string {
  const secret = "a secret of thirty-two characters";
  return configText({
    rules: [
      { id: "web", path: "/*", serviceName: "web", loadBalance: "sticky_session", sessionAffinity: { secret } },
      { id: "app", path: "/app/*", serviceName: "web", sessionAffinity: { cookieName: "APPSESSION" } },
      { id: "header", path: "/header", serviceName: "web", sessionAffinity: { headerName: "X-User" } },
      { id: "chat", path: "/chat", serviceName: "chat", sessionAffinity: { secret } },
      ...Object.values(more),
    ] as never,
    services: { web: instances(ports), chat: instances(sockets.map((s) => s.port)) },
  });
}

async function gatewayFor(t: TestContext, text: string): Promise<GatewayProcess> {
  const gateway = await gateways.take(text);
  t.after(() => gateway.kill());
  return gateway;
}

/** Who answers, and the cookie to come back with. */
async function visit(port: number, path: string, headers: readonly string[] = []) {
  const reply = await call(port, { path, headers });
  assert.equal(reply.status, 200);
  const cookie = (reply.headers["set-cookie"] ?? []).map((line) => line.split(";")[0]).join("; ");
  return { by: reply.headers.instance, cookie, lines: reply.headers["set-cookie"] ?? [] };
}

const ports = () => backends.map((backend) => backend.port);

describe("sticky sessions", LIMIT, () => {
  for (const [maxEntries, instancesSeen] of [
    [1, 3],
    [2, 1],
  ] as const) {
    test(`with maxEntries ${maxEntries}, one of two sessions in turn meets ${instancesSeen} of 3 instances`, async (t) => {
      const sessionAffinity = { headerName: "X-User", maxEntries };
      const rules = [{ path: "/*", serviceName: "web", sessionAffinity }];
      const { port } = await gatewayFor(t, configText({ rules, services: { web: instances(ports()) } }));
      const seen = new Set<unknown>();
      for (let i = 0; i < 30; i++) {
        seen.add((await visit(port, "/", ["X-User", "ada"])).by);
        await visit(port, "/", ["X-User", "bob"]);
      }
      assert.equal(seen.size, instancesSeen);
    });
  }

  test("a client without a cookie is given one, comes back to the same instance, and others go elsewhere", async (t) => {
    const { port } = await gatewayFor(t, textFor(ports()));
    const clients = await Promise.all([1, 2, 3].map(() => visit(port, "/")));
    assert.equal(new Set(clients.map((c) => c.by)).size, 3);
    for (const { by, cookie, lines } of clients) {
      assert.match(lines[0]!, /^GATEWAY_SESSION=[\w-]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/);
      for (let i = 0; i < 3; i++)
        assert.deepEqual(await visit(port, "/", ["Cookie", cookie]), { by, cookie: "", lines: [] });
    }
  });

  test("a cookie lives through a reload, a restart, and at another gateway with the same secret", async (t) => {
    const text = textFor(ports());
    const [first, second] = [await gatewayFor(t, text), await gatewayFor(t, text)];
    await visit(first.port, "/");
    const { by, cookie } = await visit(first.port, "/");
    await visit(second.port, "/", ["Cookie", cookie]).then((seen) => assert.equal(seen.by, by));
    await reload(first, textFor(ports(), { rule: { path: "/new", serviceName: "chat" } }));
    assert.deepEqual(await visit(first.port, "/", ["Cookie", cookie]), { by, cookie: "", lines: [] });
  });

  test("a session known by header or by an application's cookie lives through a reload", async (t) => {
    const gateway = await gatewayFor(t, textFor(ports()));
    const login = await visit(gateway.port, "/app/login");
    assert.deepEqual(login.cookie, `APPSESSION=${login.by}-7`);
    const user = await visit(gateway.port, "/header", ["X-User", "ada"]);
    await reload(gateway, textFor(ports(), { rule: { path: "/new", serviceName: "chat" } }));
    for (let i = 0; i < 4; i++) {
      const again = await visit(gateway.port, "/app/page", ["Cookie", login.cookie]);
      assert.deepEqual(again, { by: login.by, cookie: "", lines: [] });
      assert.equal((await visit(gateway.port, "/header", ["x-user", "ada"])).by, user.by);
    }
  });

  test("when its instance is gone a client is served by another and stays there", async (t) => {
    const mortal = await startBackend((_, response) => response.writeHead(200, { Instance: "mortal" }).end());
    const [one] = ports();
    const { port } = await gatewayFor(t, textFor([mortal.port, one!]));
    let client = await visit(port, "/");
    if (client.by !== "mortal") client = await visit(port, "/");
    assert.equal(client.by, "mortal");
    const ada = ["X-User", "ada"];
    for (let i = 0; i < 2; i++) if ((await visit(port, "/header", ada)).by === "mortal") break;
    await mortal.close();
    const moved = await visit(port, "/", ["Cookie", client.cookie]);
    assert.equal(moved.by, "one");
    assert.notEqual(moved.cookie, "");
    assert.deepEqual(await visit(port, "/", ["Cookie", moved.cookie]), { by: "one", cookie: "", lines: [] });
    assert.equal((await visit(port, "/header", ada)).by, "one");
  });

  test("a forged cookie is replaced by a good one", async (t) => {
    const { port } = await gatewayFor(t, textFor(ports()));
    const { cookie } = await visit(port, "/", ["Cookie", `GATEWAY_SESSION=${"A".repeat(39)}`]);
    assert.match(cookie, /^GATEWAY_SESSION=(?!AAAA)/);
  });

  test("an event stream and a WebSocket handshake get the cookie and follow it, each service with its own seat", async (t) => {
    const { port } = await gatewayFor(t, textFor(ports()));
    const events = await visit(port, "/events");
    assert.notEqual(events.cookie, "");
    const handshake = async (headers: Record<string, string>) => {
      const client = await opened(port, "/chat", {
        headers,
        finishRequest: (request) => {
          request.on("upgrade", (response) => {
            cookie = (response.headers["set-cookie"] ?? []).join().split(";")[0]!;
          });
          request.end();
        },
      });
      client.terminate();
    };
    let cookie = "";
    await handshake({ Cookie: events.cookie });
    assert.notEqual(cookie, "");
    const both = cookie;
    const seen = () => sockets.map((s) => s.requests.length);
    const chosen = seen().findIndex((n) => n > 0);
    const count = seen()[chosen]!;
    for (let i = 0; i < 3; i++) {
      cookie = "";
      await handshake({ Cookie: both });
      assert.equal(cookie, "");
    }
    assert.equal(seen()[chosen], count + 3);
    assert.deepEqual(await visit(port, "/events", ["Cookie", both]), { by: events.by, cookie: "", lines: [] });
  });
});
