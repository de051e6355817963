// The gRPC greeter of the demo, talked to by grpc-js: every kind of call, refusals, deadlines, reflection.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { Greeter, type Reply, reflect } from "../support/greeter.ts";

describe("the gRPC greeter", () => {
  let server: DemoServer;
  let address: string;
  let greeter: Greeter;
  before(async () => {
    server = await startGrpc(0);
    address = `127.0.0.1:${server.port}`;
    greeter = new Greeter(address);
  });
  after(() => {
    greeter.close();
    return server.stop();
  });

  test("says hello", async () => {
    assert.deepEqual(await greeter.unary("SayHello", { name: "Ann" }), {
      message: "Hello, Ann!",
      served_by: address,
      number: 1,
    });
  });
  test("lists greetings, as many and as fast as asked", async () => {
    const numbers = async (request: Reply) => (await greeter.list({ name: "Ann", ...request })).map((r) => r.number);
    assert.deepEqual(await numbers({}), [1, 2, 3]);
    assert.deepEqual(await numbers({ count: 0 }), []);
    assert.equal((await numbers({ count: 2000, interval_ms: 0 })).length, 2000);
  });
  test("collects names", async () => {
    assert.deepEqual(await greeter.collect(["Ann", "Bob"]), {
      message: "Hello, Ann, Bob!",
      count: 2,
      names: ["Ann", "Bob"],
    });
    assert.equal((await greeter.collect([])).count, 0);
  });
  test("answers each message of a chat before the next is sent", async () => {
    const chat = greeter.chat();
    for (const text of ["one", "two"]) {
      chat.write({ from: "Ann", text });
      assert.deepEqual((await once(chat, "data"))[0], { from: "greeter", text: `Ann said: ${text}` });
    }
    chat.end();
    await once(chat.resume(), "end");
  });
  test("refuses some names with a status and a message, in every kind of call", async () => {
    const missing = { code: 5, details: "there is nobody to greet" };
    const empty = { code: 3, details: "name must not be empty" };
    await assert.rejects(greeter.unary("SayHello", { name: "nobody" }), missing);
    await assert.rejects(greeter.unary("SayHello", {}), empty);
    await assert.rejects(greeter.list({ name: "nobody" }), missing);
    await assert.rejects(greeter.list({ name: "Ann", count: -1 }), { code: 3 });
    await assert.rejects(greeter.collect(["Ann", "nobody"]), missing);
    const chat = greeter.chat();
    chat.write({ from: "", text: "who am I" });
    const [error] = (await once(chat, "error")) as [Error];
    assert.equal((error as Error & typeof empty).details, empty.details);
  });
  test("lets the deadline pass for whoever is slow", async () => {
    const started = performance.now();
    await assert.rejects(greeter.unary("SayHello", { name: "slow" }, 300), { code: 4 });
    assert.ok(performance.now() - started > 250);
  });
  test("goes on after a client has cancelled", async () => {
    const call = greeter.start("ListGreetings", { name: "Ann", count: 100_000, interval_ms: 0 });
    await once(call, "data");
    call.cancel();
    assert.equal(((await once(call, "error"))[0] as { code: number }).code, 1);
    assert.equal((await greeter.unary("SayHello", { name: "Ann" })).number, 1);
  });
  test("describes itself by reflection, HTTP rules included", async () => {
    for (const version of ["v1", "v1alpha"]) {
      const { services, file, rules } = await reflect(address, version);
      assert.deepEqual(services, ["demo.v1.Greeter"]);
      assert.equal(file.package, "demo.v1");
      assert.deepEqual(rules.SayHello, {
        get: "/v1/hello/{name}",
        additional_bindings: [{ post: "/v1/hello", body: "*" }],
      });
      assert.deepEqual(rules.ListGreetings, { get: "/v1/greetings/{name}" });
    }
  });
});
