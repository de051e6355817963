// JSON in front of real gRPC servers, through the gateway: where descriptors come from, how answers are written, what ends a call.
import assert from "node:assert/strict";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { after, before, describe, type TestContext, test } from "node:test";
import { startGrpc } from "../../src/demo/grpc.ts";
import type { DemoServer } from "../../src/demo/server.ts";
import { compileProtos } from "../../src/translators/grpc-json/proto/sources.ts";
import { begin, call, headOf } from "../support/client.ts";
import { GatewayPool, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { readUntil } from "../support/inbox.ts";
import { readProto } from "../support/library.ts";
import { accessLine, type Block, configText, eventually, nextLine, soon } from "../support/setup.ts";
import { TappedSession } from "../support/tapped-session.ts";

const LIMIT = { timeout: 60_000 };

const gateways = new GatewayPool();
const JSON_TYPE = ["Content-Type", "application/json"];

let demo: DemoServer;
let folder: string;
let set: Buffer;

before(async () => {
  demo = await startGrpc(0);
  folder = mkdtempSync(join(tmpdir(), "gateway-transcoding-"));
  cpSync("protos", join(folder, "protos"), { recursive: true });
  set = Buffer.from(compileProtos({ files: ["demo/greeter.proto"], importPaths: ["protos"], read: readProto }));
  mkdirSync(join(folder, "sets"));
  writeFileSync(join(folder, "greeter.desc"), set);
  writeFileSync(join(folder, "sets", "greeter.pb"), set);
});
after(async () => {
  await demo?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const PROTO_FILES = { protoFiles: ["protos/demo/greeter.proto"], importPaths: ["protos"] };

interface Given {
  readonly rule?: Block;
  readonly grpc?: Block;
  readonly back?: Block;
  readonly more?: Block;
}

function textOf({
  rule = {},
  grpc = { ...PROTO_FILES, enableTranscoding: true },
  back = {},
  more = {},
}: Given): string {
  return configText({
    rules: [{ id: "json", path: "/*", serviceName: "up", protocol: "grpc", grpc, ...rule }],
    services: { up: demo.port },
    more: { backend: { grpc: back }, ...more },
  });
}

async function gatewayFor(t: TestContext, given: Given | string): Promise<GatewayProcess> {
  const gateway = await gateways.take(typeof given === "string" ? given : textOf(given));
  t.after(() => gateway.kill());
  return gateway;
}

/** One that has had no descriptors before, and watches its files. */
async function freshFor(t: TestContext, given: Given): Promise<GatewayProcess> {
  const gateway = await startGateway(textOf(given));
  t.after(() => gateway.kill());
  return gateway;
}

async function hello(gateway: GatewayProcess, path = "/v1/hello/Ann"): Promise<[number, unknown]> {
  const reply = await call(gateway.port, { path });
  return [reply.status, (JSON.parse(reply.text) as { message?: string }).message];
}
const HELLO = [200, "Hello, Ann!"];

describe("descriptors come from", LIMIT, () => {
  const sources: Record<string, () => Given> = {
    ".proto files": () => ({}),
    "a descriptor file": () => ({ grpc: { enableTranscoding: true, protoDescriptor: join(folder, "greeter.desc") } }),
    base64: () => ({
      grpc: { enableTranscoding: true, protoDescriptorBase64: set.toString("base64").replaceAll(/.{76}/g, "$&\n") },
    }),
    "files of the rule": () => ({
      grpc: { enableTranscoding: true, dynamicDescriptors: { files: [join(folder, "greeter.desc")] } },
    }),
    "a directory of the rule": () => ({
      grpc: { enableTranscoding: true, dynamicDescriptors: { directories: [join(folder, "sets")] } },
    }),
    "a directory for all": () => ({
      grpc: { enableTranscoding: true },
      back: { descriptors: { descriptorDirs: [join(folder, "sets")] } },
    }),
    "a file for all": () => ({
      grpc: { enableTranscoding: true },
      back: { descriptors: { descriptorFiles: [join(folder, "greeter.desc")] } },
    }),
    "protocols.grpc.descriptorSources": () => ({
      grpc: { enableTranscoding: true },
      more: { protocols: { grpc: { descriptorSources: [{ type: "file", paths: [join(folder, "greeter.desc")] }] } } },
    }),
  };
  for (const [name, given] of Object.entries(sources)) {
    test(name, async (t) => {
      const gateway = await gateways.take(textOf(given()));
      t.after(() => gateway.kill());
      assert.deepEqual(await hello(gateway), HELLO);
    });
  }
  test("the service itself, by reflection", async (t) => {
    const gateway = await gatewayFor(t, { grpc: { enableTranscoding: true }, back: { enableReflection: true } });
    await eventually("reflection", async () => (await hello(gateway))[0] === 200);
    assert.deepEqual(await hello(gateway), HELLO);
  });
  test("a URL: 503 while it has none, then calls", async (t) => {
    let ready = false;
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      if (ready) response.end(set);
      else response.writeHead(500).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/set`;
    const grpc = { reloadInterval: "300ms", descriptorSources: [{ type: "http", urls: [url] }] };
    const gateway = await freshFor(t, { grpc: { enableTranscoding: true }, more: { protocols: { grpc } } });
    await eventually("a first try", () => asked > 0);
    const refused = await call(gateway.port, { path: "/v1/hello/Ann" });
    assert.deepEqual([refused.status, JSON.parse(refused.text).error?.code], [503, "descriptor_unavailable"]);
    ready = true;
    await eventually("descriptors", async () => (await hello(gateway))[0] === 200);
  });
});

test("protocols.grpc.jsonTranscoding.enabled: false leaves JSON requests as they are", LIMIT, async (t) => {
  const more = { protocols: { grpc: { jsonTranscoding: { enabled: false } } } };
  const gateway = await gatewayFor(t, { grpc: { ...PROTO_FILES, enableTranscoding: true }, more });
  assert.notEqual((await call(gateway.port, { path: "/v1/hello/Ann" })).status, 200);
});

test(
  "an empty body that ends in a frame of its own is none, before the service is connected and after",
  LIMIT,
  async (t) => {
    const gateway = await gatewayFor(t, {});
    const client = await TappedSession.to(gateway.port);
    t.after(() => client.close());
    for (let i = 0; i < 2; i++) {
      const reply = await client.ask({ ":path": "/v1/hello/Ann" }, "");
      assert.deepEqual([reply.status, JSON.parse(reply.body).message, reply.ending], [...HELLO, "whole"]);
    }
  },
);

describe("methods are found by", LIMIT, () => {
  test("transcodingRules and methodMappings, custom verbs and variables with %2F", async (t) => {
    const transcodingRules = {
      "GET /x/{name}": "demo.v1.Greeter/SayHello",
      "POST /x/{name}:wave": "demo.v1.Greeter/SayHello",
      "GET /deep/{name=**}": "demo.v1.Greeter/SayHello",
    };
    const transcoding = { methodMappings: { "GET /mapped/{name}": "Greeter.SayHello" } };
    const gateway = await gatewayFor(t, { grpc: { ...PROTO_FILES, transcodingRules }, rule: { transcoding } });
    const message = async (path: string, method = "GET") => {
      const body = method === "GET" ? {} : { body: "", headers: [] };
      const reply = await call(gateway.port, { path, method, ...body });
      return reply.status === 200 ? (JSON.parse(reply.text) as { message: string }).message : reply.status;
    };
    assert.equal(await message("/x/Ann"), "Hello, Ann!");
    assert.equal(await message("/x/Ann:wave", "POST"), "Hello, Ann!");
    assert.equal(await message("/x/A%20n%C3%BC%25"), "Hello, A nü%!");
    assert.equal(await message("/x/a%2Fb"), "Hello, a/b!");
    assert.equal(await message("/deep/a/b"), "Hello, a/b!");
    assert.equal(await message("/mapped/Bob"), "Hello, Bob!");
    assert.equal(await message("/x/a/b"), 404);
  });
  test("pathMappings, and pkg.Service/Method", async (t) => {
    const rule = { path: "/api/*", transcoding: { pathMappings: { "/api/greeter": "demo.v1.Greeter" } } };
    const gateway = await gatewayFor(t, { grpc: PROTO_FILES, rule });
    for (const path of ["/api/greeter/SayHello", "/api/demo.v1.Greeter/SayHello"]) {
      const reply = await call(gateway.port, { path, method: "POST", headers: JSON_TYPE, body: '{"name":"Ann"}' });
      assert.deepEqual([reply.status, JSON.parse(reply.text).message], HELLO, path);
    }
    assert.equal((await call(gateway.port, { path: "/api/greeter/Nope", method: "POST", body: "{}" })).status, 404);
  });
  test("a fixed service and method", async (t) => {
    const gateway = await gatewayFor(t, { grpc: { ...PROTO_FILES, service: "demo.v1.Greeter", method: "SayHello" } });
    const reply = await call(gateway.port, {
      path: "/anything",
      method: "POST",
      headers: JSON_TYPE,
      body: '{"name":"Ann"}',
    });
    assert.deepEqual([reply.status, JSON.parse(reply.text).message], HELLO);
  });
});

describe("answers", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    const rule = { timeout: "2s" };
    gateway = await gateways.take(textOf({ rule }));
  });
  after(() => gateway?.kill());
  const stream = (query: string, accept: string) =>
    call(gateway.port, { path: `/v1/greetings/Ann?${query}`, headers: ["Accept", accept] });

  test("streams as NDJSON, as a JSON array and as server-sent events, by Accept", async () => {
    const lines = await stream("count=3&interval_ms=0", "application/x-ndjson");
    const numbers = lines.text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).number);
    assert.deepEqual(numbers, [1, 2, 3]);
    const events = await stream("count=2&interval_ms=0", "text/event-stream");
    assert.match(String(events.headers["content-type"]), /^text\/event-stream/);
    assert.deepEqual(
      events.text.match(/^data: .*$/gm)?.map((l) => JSON.parse(l.slice(6)).number),
      [1, 2],
    );
    const array = await stream("count=2&interval_ms=0", "application/json");
    const parsed: unknown = array.text.startsWith("[")
      ? JSON.parse(array.text)
      : array.text
          .trim()
          .split("\n")
          .map((line) => JSON.parse(line));
    assert.deepEqual(
      (parsed as { number: number }[]).map((m) => m.number),
      [1, 2],
    );
  });
  test("client streaming from NDJSON", async () => {
    const reply = await call(gateway.port, {
      method: "POST",
      path: "/demo.v1.Greeter/CollectNames",
      headers: ["Content-Type", "application/x-ndjson"],
      body: '{"name":"Ann"}\n{"name":"Bob"}\n',
    });
    assert.deepEqual([reply.status, JSON.parse(reply.text).names], [200, ["Ann", "Bob"]]);
  });
  test("bidi: each line is answered before the next is sent", async () => {
    const body = new PassThrough();
    const request = begin(gateway.port, {
      method: "POST",
      path: "/demo.v1.Greeter/Chat",
      headers: ["Content-Type", "application/x-ndjson", "Accept", "application/x-ndjson"],
      body,
    });
    body.write('{"from":"Ann","text":"one"}\n');
    const response = await soon(headOf(request), "the head");
    assert.match(await soon(readUntil(response, "\n"), "one"), /Ann said: one/);
    body.write('{"from":"Ann","text":"two"}\n');
    assert.match(await soon(readUntil(response, "two"), "two"), /Ann said: two/);
    body.end();
  });
  test("an error before the first message is an HTTP status", async () => {
    for (const [path, status, code] of [
      ["/v1/hello/nobody", 404, 5],
      ["/v1/greetings/nobody", 404, 5],
      ["/v1/greetings/Ann?count=-1", 400, 3],
      ["/demo.v1.Greeter/Nope", 404, undefined],
    ] as const) {
      const reply = await call(gateway.port, { path });
      assert.equal(reply.status, status, path);
      if (code !== undefined) assert.equal(JSON.parse(reply.text).code, code);
    }
  });
  test("what is no request of the method is refused and says why", async () => {
    assert.equal((await call(gateway.port, { path: "/v1/hello/Ann?no_such_field=1" })).status, 400);
    const post = (body: string, headers: readonly string[] = JSON_TYPE) =>
      call(gateway.port, { method: "POST", path: "/v1/hello", headers, body });
    assert.equal((await post("{")).status, 400);
    assert.equal((await post('{"name":7}')).status, 400);
    const xml = await post("<x/>", ["Content-Type", "text/xml"]);
    assert.deepEqual([xml.status, xml.headers.accept], [415, "application/json"]);
    assert.equal((await post('{"name":"Ann","unknown":{"deep":[1]}}')).status, 200);
    assert.equal((await post(`{"name":"${"x".repeat(5 * 1024 * 1024)}"}`)).status, 413);
  });
  test("the deadline of the client, and that of the route", async () => {
    const started = performance.now();
    const own = await call(gateway.port, { path: "/v1/hello/slow", headers: ["grpc-timeout", "300m"] });
    assert.equal(own.status, 504);
    assert.ok(performance.now() - started < 1500);
    assert.equal((await call(gateway.port, { path: "/v1/hello/slow" })).status, 504);
  });
  test("a client that leaves cancels the call, and nothing is left", async () => {
    const request = begin(gateway.port, {
      path: "/v1/greetings/Ann?count=100000&interval_ms=50",
      headers: ["Accept", "application/x-ndjson", "X-Request-ID", "leaver"],
    });
    request.on("error", () => undefined);
    const response = await headOf(request);
    response.on("error", () => undefined);
    await once(response, "data");
    request.destroy();
    assert.match(String((await accessLine(gateway, "leaver")).detail), /client closed/);
  });
  test("a slow reader gets it all", async () => {
    const response = await headOf(
      begin(gateway.port, {
        path: "/v1/greetings/Ann?count=100000&interval_ms=0",
        headers: ["Accept", "application/x-ndjson"],
      }),
    );
    response.pause();
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const end = readUntil(response);
    response.resume();
    const text = await soon(end, "the end");
    assert.equal(text.trim().split("\n").length, 100_000);
  });
  test("the access log has the status of the call", async () => {
    for (const [name, status] of [
      ["Ann", 0],
      ["nobody", 5],
    ] as const) {
      await call(gateway.port, { path: `/v1/hello/${name}`, headers: ["X-Request-ID", `log-${name}`] });
      assert.equal((await accessLine(gateway, `log-${name}`)).grpcStatus, status);
    }
  });
  test("print options", async (t) => {
    const text = async (printOptions: Block | undefined) => {
      const jsonTranscoding = printOptions === undefined ? {} : { printOptions };
      const one = await gatewayFor(t, { more: { protocols: { grpc: { jsonTranscoding } } } });
      return (await call(one.port, { path: "/v1/hello/Ann" })).text;
    };
    assert.match(await text(undefined), /"served_by":/);
    assert.match(await text({}), /"servedBy":/);
    assert.match(await text({ addWhitespace: true, preserveProtoFieldNames: true }), /\n {1,}"served_by": /);
  });
});

describe("descriptors that change", LIMIT, () => {
  test("a .proto that changes is used without losing calls in flight; a broken one keeps the old", async (t) => {
    const protos = join(folder, "protos");
    const file = join(protos, "demo/greeter.proto");
    const grpc = { enableTranscoding: true, protoFiles: [file], importPaths: [protos] };
    const gateway = await freshFor(t, { grpc });
    assert.deepEqual(await hello(gateway), HELLO);
    const flight = headOf(
      begin(gateway.port, {
        path: "/v1/greetings/Ann?count=4&interval_ms=700",
        headers: ["Accept", "application/x-ndjson"],
      }),
    );
    const response = await flight;
    const whole = readUntil(response);
    const source = readFileSync(file, "utf8");
    writeFileSync(file, source.replace("/v1/hello/{name}", "/v2/hello/{name}"));
    await eventually("the new path", async () => (await hello(gateway, "/v2/hello/Ann"))[0] === 200);
    assert.equal((await call(gateway.port, { path: "/v1/hello/Ann" })).status, 404);
    const said = nextLine(gateway, "what is wrong", (l) => l.level === "error" || l.level === "warn");
    writeFileSync(file, "this is { no proto");
    assert.match(JSON.stringify(await said), /greeter\.proto|descriptor/i);
    assert.deepEqual(await hello(gateway, "/v2/hello/Ann"), HELLO);
    assert.equal((await soon(whole, "the stream")).trim().split("\n").length, 4);
    writeFileSync(file, source);
    await eventually("the old path again", async () => (await hello(gateway))[0] === 200);
  });
  test("a descriptor set that changes, and one that is broken", async (t) => {
    const file = join(folder, "changing.desc");
    writeFileSync(file, set);
    const gateway = await freshFor(t, { grpc: { enableTranscoding: true, protoDescriptor: file } });
    assert.deepEqual(await hello(gateway), HELLO);
    const said = nextLine(gateway, "what is wrong", (l) => l.level === "error");
    writeFileSync(file, "garbage \xff\xff");
    await said;
    assert.deepEqual(await hello(gateway), HELLO);
  });
  const places: Record<string, (file: string, autoReload: boolean) => Pick<Given, "back" | "more">> = {
    "backend.grpc.descriptors": (file, autoReload) => ({
      back: { descriptors: { descriptorFiles: [file], autoReload } },
    }),
    "protocols.grpc": (file, autoReload) => ({
      more: { protocols: { grpc: { autoReload, descriptorSources: [{ type: "file", paths: [file] }] } } },
    }),
  };
  for (const [place, given] of Object.entries(places)) {
    test(`a descriptor set that changes, where autoReload of ${place} says so`, async (t) => {
      const file = join(folder, `${place}.desc`);
      writeFileSync(file, set);
      const grpc = { enableTranscoding: true };
      const follows = await freshFor(t, { grpc, ...given(file, true) });
      const stays = await freshFor(t, { grpc, ...given(file, false) });
      writeFileSync(
        file,
        Buffer.from(set.toString("latin1").replace("/v1/hello/{name}", "/v2/hello/{name}"), "latin1"),
      );
      await eventually("the new path", async () => (await hello(follows, "/v2/hello/Ann"))[0] === 200);
      assert.deepEqual(await hello(stays), HELLO);
    });
  }
  test("without descriptors the gateway runs and answers 503; with failOnError it does not start", async (t) => {
    const grpc = { enableTranscoding: true, dynamicDescriptors: { files: [join(folder, "missing.desc")] } };
    const gateway = await freshFor(t, { grpc });
    assert.equal((await call(gateway.port, { path: "/v1/hello/Ann" })).status, 503);
    const strict = textOf({ grpc, back: { descriptors: { failOnError: true } } });
    await assert.rejects(startGateway(strict), /missing\.desc/);
  });
  test("with an http rule it cannot serve, or base64 that is no descriptor set, it does not start", async () => {
    const protos = join(folder, "wrong");
    cpSync("protos", protos, { recursive: true });
    const file = join(protos, "demo/greeter.proto");
    writeFileSync(file, readFileSync(file, "utf8").replace("/v1/hello/{name}", "/v1/{name=**}/{nope=**}"));
    const rule = textOf({ grpc: { enableTranscoding: true, protoFiles: [file], importPaths: [protos] } });
    const named = /rule "json": GET \/v1\/\{name=\*\*\}\/\{nope=\*\*\}, demo\.v1\.Greeter\/SayHello: .*more than one/;
    await assert.rejects(startGateway(rule), named);
    const text = textOf({ grpc: { enableTranscoding: true, protoDescriptorBase64: "dGV4dA==" } });
    await assert.rejects(
      startGateway(text),
      /:\d+:\d+: router\.rules\[0\]\.grpc\.protoDescriptorBase64: not a serialized/,
    );
  });
});
