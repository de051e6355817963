// Answers of HTTP/2 services to clients of HTTP/1.1: framed anew, so that a kept connection never waits nor slips.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type Http2Backend, http2Backend } from "../support/http2-backend.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText } from "../support/setup.ts";

let backend: Http2Backend;
let gateway: GatewayProcess;

before(async () => {
  backend = await http2Backend((stream, headers) => {
    const [, kind, number] = headers[":path"]!.split("/");
    const status = Number(number);
    stream.on("error", () => undefined);
    if (kind === "head") return stream.respond({ ":status": status }, { endStream: true });
    stream.respond({ ":status": status });
    stream.end(kind === "body" ? "hello" : "");
  });
  const up = [{ address: "127.0.0.1", port: backend.port, scheme: "h2c" }];
  gateway = await startGateway(configText({ rules: [{ path: "/*", serviceName: "up" }], services: { up } }));
});

after(async () => {
  await gateway?.kill();
  await backend?.close();
});

const get = (path: string, method = "GET") => `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`;

for (const kind of ["head", "empty", "body"]) {
  test(`answers whose ${kind} is their end follow each other on one connection`, async () => {
    const client = await RawClient.to(gateway.port);
    const statuses = [200, 201, 204, 205, 302, 304, 404, 500];
    client.send(statuses.map((status) => get(`/${kind}/${status}`)).join("") + get("/body/200"));
    for (const status of statuses) {
      const reply = await client.reply();
      const bodiless = status === 204 || status === 205 || status === 304;
      assert.deepEqual([reply.status, reply.body], [status, kind === "body" && !bodiless ? "hello" : ""]);
    }
    assert.equal((await client.reply()).body, "hello");
    assert.equal(client.received, "");
    client.close();
  });
}

test("an answer to HEAD takes nothing of the next", async () => {
  const client = await RawClient.to(gateway.port);
  client.send(get("/body/200", "HEAD") + get("/body/200"));
  assert.equal((await client.reply(true)).status, 200);
  assert.equal((await client.reply()).body, "hello");
  client.close();
});
