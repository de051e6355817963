// Streams of users who have logged in, and of opaque tokens: a real provider says what they stand for, and until when.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CookieClient } from "../support/cookie-client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type LoginWorld, startLogin } from "../support/login.ts";
import { GATEWAY_CLIENT, startApis } from "../support/oidc-apis.ts";
import { accessLine, configText, eventually, reload } from "../support/setup.ts";
import { closeOf, messageOf, opened, type WsBackend, wsBackend } from "../support/websocket.ts";
import { assertCalm } from "../support/websocket-gateway.ts";

const LIMIT = { timeout: 60_000 };
const OFTEN = { websocket: { tokenCheckInterval: "1s" } };
const gateways = new GatewayPool();
let sockets: WsBackend;

before(async () => {
  sockets = await wsBackend();
});
after(() => sockets.close());

describe("the WebSocket of a session", LIMIT, () => {
  let world: LoginWorld;
  let gateway: GatewayProcess;
  before(async () => {
    world = await startLogin();
    const text = world.text({
      rules: [{ id: "ws", path: "/ws", serviceName: "sockets" }],
      services: { sockets: sockets.port },
      more: { frontend: { http: { host: "127.0.0.1", port: world.ports[0] }, ...OFTEN } },
    });
    gateway = await startGateway(text, { args: ["-hot-reload=false"] });
  });
  after(async () => {
    assertCalm(gateway);
    await gateway.kill();
    await world.close();
  });

  test("ends with its logout, while that of another user goes on", async () => {
    const open = async (id: string) => {
      const browser = new CookieClient();
      assert.equal((await browser.go(world.at("/"))).reply.status, 200);
      const headers = { Cookie: browser.line("/ws"), Origin: world.at(""), "X-Request-ID": id };
      return { browser, socket: await opened(gateway.port, "/ws", { headers }) };
    };
    const ann = await open("ann");
    const other = await open("other");
    const closed = closeOf(ann.socket);
    await ann.browser.ask(world.at("/auth/logout"), { headers: ["Sec-Fetch-Site", "same-origin"] });
    assert.deepEqual(await closed, { code: 4401, reason: "authentication expired" });
    const { error, detail } = await accessLine(gateway, "ann");
    assert.deepEqual([error, detail], ["expired_credentials", "session: the session has ended"]);
    other.socket.send("still here");
    assert.equal(String((await messageOf(other.socket)).data), "still here");
    other.socket.close();
  });
});

describe("the WebSocket of an opaque token", LIMIT, () => {
  test("ends when its provider has revoked it, and not while that is down", async (t) => {
    const apis = await startApis();
    t.after(() => apis.oidc.close());
    const provider = { name: "main", issuerUrl: apis.oidc.issuer, ...GATEWAY_CLIENT, subjectClaim: "client_id" };
    const text = (more: object = {}) =>
      configText({
        rules: [{ id: "ws", path: "/*", serviceName: "sockets" }],
        services: { sockets: sockets.port },
        more: {
          frontend: { http: { host: "127.0.0.1", port: 0 }, ...OFTEN },
          auth: { required: true, oauth2: { providers: [{ ...provider, audience: "urn:opaque:chat", ...more }] } },
        },
      });
    const gateway = await gateways.take(text());
    t.after(() => gateway.kill());
    const [token, other] = [await apis.token("urn:opaque:chat"), await apis.token("urn:opaque:chat")];
    const socket = await opened(gateway.port, "/", { headers: { Authorization: `Bearer ${token}` } });
    const kept = await opened(gateway.port, "/", { headers: { Authorization: `Bearer ${other}` } });
    const closed = closeOf(socket);
    apis.oidc.answer = (_, response) => void response.writeHead(500).end();
    // Answers are remembered for a minute, and not over a change of the provider's settings.
    await reload(gateway, text({ audience: ["urn:opaque:chat", "urn:opaque:more"] }));
    const asked = apis.oidc.asked.length;
    await eventually("it is asked in vain", () => apis.oidc.asked.length > asked);
    socket.send("still here");
    assert.equal(String((await messageOf(socket)).data), "still here");
    apis.oidc.answer = null;
    await apis.revoke(token);
    assert.equal((await closed).code, 4401);
    kept.send("still here");
    assert.equal(String((await messageOf(kept)).data), "still here");
    kept.close();
    assertCalm(gateway);
  });
});
