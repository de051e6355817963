// The demo backends, talked to by the clients people use: ws, eventsource and fetch; the gRPC greeter has its own file.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { type Backends, startBackends } from "../../src/demo/backends.ts";
import { type DemoUrls, openStreams } from "../support/demo.ts";
import type { Reply } from "../support/greeter.ts";
import { Inbox, readUntil } from "../support/inbox.ts";
import { freePort } from "../support/ports.ts";

const PROMPT_MS = 2000;
const FREE_PORTS = { http: [0], webSocket: 0, events: 0, grpc: 0 };

let backends: Backends;
let urls: DemoUrls;

before(async () => {
  backends = await startBackends(FREE_PORTS);
  urls = urlsOf(backends);
});

after(() => backends.close());

function urlsOf({ servers }: Backends): DemoUrls {
  const [http = "", webSocket = "", events = "", grpc = ""] = servers.map((server) => server.url);
  return { http, webSocket, events, grpc: grpc.replace("grpc://", "") };
}

describe("the HTTP backend", () => {
  test("shows what arrived and who answered", async () => {
    const seen = (await (await fetch(`${urls.http}/a?b=c`, { headers: { "X-Test": "1" } })).json()) as {
      readonly [key: string]: unknown;
      readonly headers: Readonly<Record<string, string>>;
    };
    assert.deepEqual([seen.path, seen.method, seen.instance], ["/a?b=c", "GET", backends.servers[0]!.port]);
    assert.equal(seen.headers["x-test"], "1");
  });
  test("counts what is uploaded, answers with any status, streams", async () => {
    const { received } = (await (await fetch(urls.http, { method: "POST", body: "12345" })).json()) as Reply;
    assert.equal(received, 5);
    assert.equal((await fetch(`${urls.http}/status/418`)).status, 418);
    assert.match(await (await fetch(`${urls.http}/stream`)).text(), /^(line \d\n){5}$/);
  });
  test("is an authorization service, which takes names as bearer tokens", async () => {
    const ask = async (headers: Record<string, string>) => {
      const { status, headers: fields } = await fetch(`${urls.http}/authorize?for=x`, { headers });
      return [status, fields.get("x-user"), fields.get("x-scopes"), fields.get("www-authenticate")];
    };
    assert.deepEqual(await ask({ Authorization: "Bearer ann" }), [204, "ann", "read write", null]);
    assert.deepEqual(await ask({ Authorization: "bearer bob" }), [204, "bob", "read", null]);
    assert.deepEqual(await ask({ Authorization: "Bearer a b" }), [401, null, null, 'Bearer realm="demo"']);
    assert.deepEqual(await ask({ "X-Forwarded-Uri": "/public/logo" }), [204, null, null, null]);
  });
  test("survives targets that are no URL", async () => {
    assert.equal((await fetch(`${urls.http}//`)).status, 200);
  });
});

describe("the WebSocket backend", () => {
  test("echoes text as text and binary as binary, on any path", async () => {
    for (const path of ["/echo", "/", "/any/where?x=1"]) {
      const client = await connect(path);
      const inbox = new Inbox(client);
      client.send("hello");
      client.send(Buffer.from([0, 255]));
      assert.deepEqual(await inbox.next(), { text: "hello" });
      assert.deepEqual(await inbox.next(), { bytes: [0, 255] });
      client.close(1000);
      assert.equal((await once(client, "close"))[0], 1000);
    }
  });
  test("echoes more than the client reads at once, all and in order", async () => {
    const client = await connect("/echo");
    const inbox = new Inbox(client);
    client.pause();
    for (let i = 0; i < 40; i++) client.send(`${i}:${"x".repeat(256 * 1024)}`);
    await pause(200);
    client.resume();
    for (let i = 0; i < 40; i++) assert.ok((await inbox.next()).text?.startsWith(`${i}:`), String(i));
    client.close();
  });
  test("takes the subprotocols echo and chat, and no other", async () => {
    assert.equal((await connect("/echo", ["other", "chat"])).protocol, "chat");
    assert.equal((await connect("/echo", ["echo"])).protocol, "echo");
    assert.equal((await connect("/echo")).protocol, "");
    const refused = new WebSocket(`${urls.webSocket}/echo`, ["other"]);
    const [error] = (await once(refused, "error")) as [Error];
    assert.match(error.message, /subprotocol/);
  });
  test("lets the people of a room talk, and tells them who comes and goes", async () => {
    const ann = await join("garden", "ann");
    const { at, ...joined } = await ann.inbox.json();
    assert.deepEqual(joined, { from: "ann", note: "joined" });
    assert.ok(!Number.isNaN(Date.parse(at as string)));
    const bob = await join("garden", "bob");
    const eve = await join("cellar", "eve");
    assert.equal((await ann.inbox.json()).from, "bob");
    assert.equal((await bob.inbox.json()).from, "bob");
    assert.equal((await eve.inbox.json()).from, "eve");
    bob.client.send("hi");
    for (const { inbox } of [ann, bob]) {
      const { from, text } = await inbox.json();
      assert.deepEqual([from, text], ["bob", "hi"]);
    }
    bob.client.close();
    const { from, note } = await ann.inbox.json();
    assert.deepEqual([from, note], ["bob", "left"]);
    assert.equal(eve.inbox.waiting, 0);
    ann.client.close();
    eve.client.close();
  });
  test("closes a chat with 1003 when it gets binary", async () => {
    const { client } = await join("garden", "zed");
    client.send(Buffer.from([1]));
    assert.equal((await once(client, "close"))[0], 1003);
  });
  test("says in plain HTTP what it is", async () => {
    const response = await fetch(urls.webSocket.replace("ws:", "http:"));
    assert.equal(response.status, 200);
    assert.match(await response.text(), /WebSocket/);
  });
  test("refuses the handshake of /refuse with 403 and JSON", async () => {
    const client = new WebSocket(`${urls.webSocket}/refuse`);
    const [, response] = await once(client, "unexpected-response");
    assert.equal(response.statusCode, 403);
    assert.equal(response.headers["content-type"], "application/json");
    assert.equal((JSON.parse(await readUntil(response)) as Reply).error, "refused");
  });
});

describe("the event streams", () => {
  test("send numbered ticks with time and count, and end when asked", async () => {
    const response = await fetch(`${urls.events}/clock?count=3&interval=10`);
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    const text = await response.text();
    const ticks = [...text.matchAll(/id: (\d+)\nevent: tick\ndata: (.+)\n\n/g)];
    assert.deepEqual(
      ticks.map(([, id, data]) => [id, (JSON.parse(data!) as Reply).count]),
      [1, 2, 3].map((n) => [String(n), n]),
    );
  });
  test("come every second, and no faster than every 10 ms", async () => {
    const timed = async (query: string) => {
      const started = performance.now();
      await (await fetch(`${urls.events}/events?${query}`)).text();
      return performance.now() - started;
    };
    assert.ok((await timed("count=2")) > 900);
    assert.ok((await timed("count=21&interval=0")) > 150);
  });
  test("go on after the last event a client has", async () => {
    const response = await fetch(`${urls.events}/clock?count=1`, { headers: { "Last-Event-ID": "41" } });
    assert.match(await response.text(), /id: 42\n/);
  });
  test("lose nothing when an EventSource reconnects", async () => {
    const source = new EventSource(`${urls.events}/clock?count=2&interval=10`);
    const ids: string[] = [];
    await new Promise<void>((resolve) => {
      source.addEventListener("tick", (event) => {
        if (ids.push(event.lastEventId) === 4) resolve();
      });
    });
    source.close();
    assert.deepEqual(ids, ["1", "2", "3", "4"]);
  });
  test("bring news without end", async () => {
    const source = new EventSource(`${urls.events}/news?interval=20`);
    const headlines: string[] = [];
    await new Promise<void>((resolve) => {
      source.addEventListener("news", (event) => {
        if (headlines.push((JSON.parse(event.data) as { headline: string }).headline) === 5) resolve();
      });
    });
    source.close();
    assert.equal(headlines[4], headlines[0]);
  });
  test("can be refused, and say in plain text what they are", async () => {
    assert.equal((await fetch(`${urls.events}/refuse`)).status, 403);
    assert.match(await (await fetch(urls.events)).text(), /clock/);
    assert.equal((await fetch(`${urls.events}/clock`, { method: "HEAD" })).status, 200);
  });
});

describe("all together", () => {
  test("end promptly while streams are open, and free their ports", async () => {
    const mine = await startBackends(FREE_PORTS);
    const streams = await openStreams(urlsOf(mine));
    const started = performance.now();
    await mine.endStreams();
    assert.equal((await fetch(mine.servers[0]!.url)).status, 200);
    await mine.close();
    await mine.close();
    assert.ok(performance.now() - started < PROMPT_MS);
    assert.equal(await streams.closeCode, 1001);
    await streams.ended;
    const [http, webSocket, events, grpc] = mine.servers.map((server) => server.port);
    const again = await startBackends({ http: [http!], webSocket: webSocket!, events: events!, grpc: grpc! });
    await again.close();
  });
  test("none stays when one cannot start", async () => {
    const taken = backends.servers[0]!.port;
    const http = [await freePort()];
    const inUse = {
      message: `cannot start a demo backend on 127.0.0.1:${taken}: the port is in use`,
    };
    await assert.rejects(startBackends({ ...FREE_PORTS, http, webSocket: taken }), inUse);
    await assert.rejects(startBackends({ ...FREE_PORTS, http, grpc: taken }), inUse);
    await (await startBackends({ ...FREE_PORTS, http })).close();
  });
});

async function connect(path: string, protocols: string[] = []): Promise<WebSocket> {
  const client = new WebSocket(`${urls.webSocket}${path}`, protocols);
  await once(client, "open");
  return client;
}

async function join(room: string, name: string): Promise<{ readonly client: WebSocket; readonly inbox: Inbox }> {
  const client = new WebSocket(`${urls.webSocket}/chat?room=${room}&name=${name}`);
  const inbox = new Inbox(client);
  await once(client, "open");
  return { client, inbox };
}
