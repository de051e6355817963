// What clients send that nobody can serve, and every refusal of the gateway: each in the format of the client's API.
import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, test } from "node:test";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { keyDigest } from "../../src/auth/api-keys.ts";
import { call, type Reply } from "../support/client.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask as askHttp2, openSession } from "../support/http2-client.ts";
import { APIS, type ClientApi, errorIn } from "../support/llm/apis.ts";
import { completion, type ScriptedProvider, scriptedProvider } from "../support/llm/scripted-provider.ts";
import { scrape, sumOf } from "../support/metrics.ts";
import { RawClient } from "../support/raw-client.ts";
import { eventually } from "../support/setup.ts";

const LIMIT = { timeout: 60_000 };
const MAX_BYTES = 32 * 1024 * 1024;
const KEY = "key-of-a-client-0123456789";

let provider: ScriptedProvider;
let gateway: GatewayProcess;

/** Routes that refuse: their rule, and the status. */
const REFUSING: Readonly<Record<string, readonly [rule: object, status: number, headers?: readonly string[]]>> = {
  unauthenticated: [{ authRequired: true }, 401],
  "with a wrong key": [{ authRequired: true }, 401, ["X-API-Key", "no-such-key-0123456789"]],
  "without the scope": [{ requiredScopes: ["admin"] }, 403, ["X-API-Key", KEY]],
  "from a denied address": [{ deniedIPs: ["127.0.0.0/8"] }, 403],
  "by another method": [{ methods: ["DELETE"] }, 405],
  "too large for the rule": [{ maxRequestSize: 5 }, 413],
  "in a coding nobody knows": [{}, 415, ["Content-Encoding", "rot13"]],
  "more often than allowed": [{ rateLimit: { rate: 1, period: "1h", burst: 1 } }, 429],
  "with too many fields": [{ maxHeaders: 3 }, 431],
  "while too many wait": [{ concurrency: { max: 1 } }, 503],
  "to a provider that takes too long": [{ timeout: "200ms" }, 504],
};
const pathOf = (name: string, api: ClientApi) => `${name.replaceAll(" ", "-")}-${api.name}`;

before(async () => {
  provider = await scriptedProvider();
  const strategy = { type: "llm", models: ["p:m"] };
  const rule = (id: string, more: object = {}) => ({ id, path: `/${id}/*`, stripPrefix: true, strategy, ...more });
  const slow = ({ name }: ClientApi) => ({
    timeout: "200ms",
    strategy: { type: "llm", models: [`slow-${name}:m`] },
  });
  const section = {
    frontend: { http: { host: "127.0.0.1", port: 0, readTimeout: "1s" } },
    auth: { required: false, failures: { max: 0 }, apikey: { keys: { c: { key: keyDigest(KEY) } }, hashKeys: true } },
    llm: {
      providers: {
        p: { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${provider.port}/v1`, apiKeys: ["canary-key"] },
        ...Object.fromEntries(
          APIS.map(({ name }) => [
            `slow-${name}`,
            { kind: "openaiCompatible", baseUrl: `http://127.0.0.1:${provider.port}/v1`, apiKeys: ["canary-key"] },
          ]),
        ),
        broken: { kind: "openaiCompatible", baseUrl: "http://127.0.0.1:1/v1", apiKeys: ["canary-key"] },
      },
    },
    circuitBreaker: { enabled: true, failureThreshold: 2, timeout: "60s" },
    metrics: { enabled: true },
    router: {
      rules: [
        rule("open"),
        rule("broken", { strategy: { type: "llm", models: ["broken:m"] } }),
        ...Object.entries(REFUSING).flatMap(([name, [more]]) =>
          APIS.map((api) => rule(pathOf(name, api), name.includes("too long") ? slow(api) : more)),
        ),
      ],
    },
  };
  gateway = await startGateway(`${JSON.stringify({ gateway: section })}\n`, { args: ["-hot-reload=false"] });
});
after(async () => {
  await gateway?.kill();
  await provider?.close();
});
beforeEach(() => {
  provider.answer = completion("hello");
});

const send = (
  api: ClientApi,
  body: string | Buffer | Readable,
  headers: readonly string[] = [],
  route = "open",
  model = "p:m",
): Promise<Reply> =>
  call(gateway.port, {
    method: "POST",
    path: `/${route}${api.path(model, false)}`,
    headers: ["Content-Type", "application/json", ...api.headers, ...headers],
    body: typeof body === "string" ? body.replace("p:m", model) : body,
  });
const bodyOf = (api: ClientApi) => JSON.stringify(api.body("p:m", false));
const json = (reply: Reply) => assert.match(reply.headers["content-type"]!, /^application\/json/);
/** A body of a size, which is valid JSON. */
const padded = (api: ClientApi, bytes: number) => {
  const text = bodyOf(api);
  return Buffer.concat([Buffer.from(text), Buffer.alloc(bytes - text.length, " ")]);
};
const inPieces = (bytes: Buffer) =>
  Readable.from(
    Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) => bytes.subarray(i * 65_536, (i + 1) * 65_536)),
  );

/** A frame of Zstandard of stored blocks, or of one byte repeated. */
function zstd(bytes: Buffer, repeated = 0): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length + repeated);
  const blocks: Buffer[] = [];
  const block = (last: boolean, type: number, length: number, content: Buffer) => {
    const head = Buffer.alloc(3);
    head.writeUIntLE(Number(last) | (type << 1) | (length << 3), 0, 3);
    blocks.push(head, content);
  };
  block(repeated === 0, 0, bytes.length, bytes);
  for (let left = repeated; left > 0; left -= 131_072) {
    block(left <= 131_072, 1, Math.min(left, 131_072), Buffer.from(" "));
  }
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0]), size, ...blocks]);
}

const CODINGS: Readonly<Record<string, readonly [coding: string, encode: (bytes: Buffer) => Buffer]>> = {
  gzip: ["gzip", gzipSync],
  br: ["br", (bytes) => brotliCompressSync(bytes, { params: { 1: 1 } })],
  deflate: ["deflate", deflateSync],
  "bare deflate": ["deflate", deflateRawSync],
  "gzip twice": ["gzip, gzip", (bytes) => gzipSync(gzipSync(bytes))],
};

describe("a body", LIMIT, () => {
  for (const [name, [coding, encode]] of Object.entries({
    ...CODINGS,
    zstd: ["zstd", (b: Buffer) => zstd(b)] as const,
  })) {
    test(`in ${name} is read, and refused where it is malformed or cut`, async () => {
      for (const api of APIS) {
        const coded = encode(Buffer.from(bodyOf(api)));
        const read = await send(api, coded, ["Content-Encoding", coding]);
        assert.equal(read.status, 200, read.text);
        for (const bad of [coded.subarray(0, -3), Buffer.concat([coded, coded.subarray(0, 2)]), Buffer.from("?")]) {
          const reply = await send(api, bad, ["Content-Encoding", coding]);
          assert.equal(reply.status, 400, reply.text);
          errorIn(api, reply.text, 400);
        }
      }
    });
  }

  test("of more than 32 MiB is refused: announced, in chunks and decoded", async () => {
    const [chat] = APIS as [ClientApi];
    const most = padded(chat, MAX_BYTES);
    assert.equal((await send(chat, most)).status, 200);
    for (const api of APIS) {
      const over = padded(api, MAX_BYTES + 1);
      const replies = [await send(api, gzipSync(over, { level: 1 }), ["Content-Encoding", "gzip"])];
      if (api === chat) {
        replies.push(await send(api, brotliCompressSync(over, { params: { 1: 1 } }), ["Content-Encoding", "br"]));
        const text = Buffer.from(bodyOf(api));
        replies.push(await send(api, zstd(text, MAX_BYTES), ["Content-Encoding", "zstd"]));
      }
      for (const reply of replies) {
        assert.equal(reply.status, 413, reply.text);
        json(reply);
        errorIn(api, reply.text, 413);
      }
      const asked = provider.asked.length;
      for (const framing of ["Content-Length: 33554433", "Transfer-Encoding: chunked"]) {
        const client = await RawClient.to(gateway.port);
        client.send(`POST /open${api.path("p:m", false)} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n`);
        client.send(`${api.headers.length > 0 ? `${api.headers[0]}: ${api.headers[1]}\r\n` : ""}${framing}\r\n\r\n`);
        if (framing.startsWith("T"))
          client.send(Buffer.concat([Buffer.from("2000001\r\n"), over, Buffer.from("\r\n0\r\n\r\n")]));
        const reply = await client.reply();
        assert.equal(reply.status, 413, reply.head);
        errorIn(api, reply.body, 413);
        client.close();
      }
      assert.equal(provider.asked.length, asked);
    }
  });

  test("that expands a thousandfold is given up at the limit", async () => {
    const bomb = gzipSync(gzipSync(Buffer.alloc(512 * 1024 * 1024)));
    for (const [coding, body] of [
      ["gzip, gzip", bomb],
      ["zstd", zstd(Buffer.from("{}"), 3_000_000_000)],
    ] as const) {
      const reply = await send(APIS[0]!, body, ["Content-Encoding", coding]);
      assert.equal(reply.status, 413, reply.text);
    }
  });

  const MALFORMED: Readonly<Record<string, (body: string) => string | Buffer>> = {
    "that is empty": () => "",
    "that is cut": (body) => body.slice(0, -1),
    "with more behind it": (body) => `${body}{}`,
    "that is a list": (body) => `[${body}]`,
    "nested too deep": (body) => `${body.slice(0, -1)},"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
    "nested without end": () => '{"a":'.repeat(1_000_000),
    "with a key twice": (body) => `${body.slice(0, -1)},"model":"a","model":"b"}`,
    "with a key twice, once escaped": (body) => `${body.slice(0, -1)},"mode\\u006c":"x","model":"y"}`,
    "with a byte order mark": (body) => `\ufeff${body}`,
    "of bytes that are no text": (body) =>
      Buffer.concat([Buffer.from(body.slice(0, -2)), Buffer.from([0xff]), Buffer.from(body.slice(-2))]),
    "in UTF-16": (body) => Buffer.from(body, "utf16le"),
  };
  for (const [name, make] of Object.entries(MALFORMED)) {
    test(`${name} is refused`, async () => {
      const asked = provider.asked.length;
      for (const api of APIS) {
        const reply = await send(api, make(bodyOf(api)));
        assert.equal(reply.status, 400, `${api.name}: ${reply.text}`);
        json(reply);
        errorIn(api, reply.text, 400);
      }
      assert.equal(provider.asked.length, asked);
    });
  }

  test("with halves of surrogate pairs and other roles is served, or refused by name", async () => {
    const broken: Readonly<Record<ClientApi["name"], readonly object[]>> = {
      "openai-chat": [
        { messages: [{ role: "wizard", content: "a" }] },
        { messages: [{ role: "tool", content: "a", tool_call_id: "x" }] },
        { messages: 5 },
        { messages: [null] },
      ],
      "openai-responses": [
        { input: [{ role: "wizard", content: "a" }] },
        { input: [{ type: "function_call_output", call_id: "x", output: "a" }] },
        { input: 5 },
      ],
      "anthropic-messages": [
        { messages: [{ role: "wizard", content: "a" }] },
        { messages: [{ role: "user", content: [{ type: "tool_result", tool_use_id: "x", content: "a" }] }] },
        { messages: {} },
      ],
      gemini: [
        { contents: [{ role: "wizard", parts: [{ text: "a" }] }] },
        { contents: [{ parts: [{ functionResponse: { name: "f", response: {} } }] }] },
        { contents: 5 },
      ],
    };
    for (const api of APIS) {
      const lone = JSON.stringify(api.body("p:m", false)).replace('"hi"', '"hi \\ud800"');
      assert.equal((await send(api, lone)).status, 200);
      for (const more of broken[api.name]) {
        const reply = await send(api, JSON.stringify({ ...api.body("p:m", false), ...more }));
        if (reply.status === 200) continue;
        assert.equal(reply.status, 400, `${api.name}: ${reply.text}`);
        errorIn(api, reply.text, 400);
      }
    }
  });

  test("that comes in pieces, after 100 Continue, over HTTP/1.0 or HTTP/2 is served", async () => {
    const session = await openSession(gateway.port);
    for (const api of APIS) {
      assert.equal((await send(api, inPieces(padded(api, 300_000)))).status, 200);
      const body = bodyOf(api);
      const fields = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
      const own = api.headers.length > 0 ? `${api.headers[0]}: ${api.headers[1]}\r\n` : "";
      const client = await RawClient.to(gateway.port);
      client.send(
        `POST /open${api.path("p:m", false)} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n${own}${fields}\r\n`,
      );
      assert.equal((await client.reply()).status, 100);
      client.send(body);
      assert.equal((await client.reply()).status, 200);
      client.close();
      const old = await RawClient.to(gateway.port);
      old.send(
        `POST /open${api.path("p:m", true)} HTTP/1.0\r\nHost: a\r\n${own}${fields.replace(String(body.length), String(body.length + 1))}\r\n${body} `,
      );
      assert.match(await old.end(), /^HTTP\/1\.1 200 /);
      const headers = {
        ":method": "POST",
        ":path": `/open${api.path("p:m", false)}`,
        ...Object.fromEntries([[...api.headers]].filter((h) => h.length > 0)),
      };
      const reply = await askHttp2(session, { ...headers, "content-type": "application/json" }, body);
      assert.equal(reply.status, 200, reply.text);
    }
    session.close();
  });

  test("that stops halfway is refused in time, and its client forgotten", async () => {
    await Promise.all(
      APIS.map(async (api) => {
        const client = await RawClient.to(gateway.port);
        const own = api.headers.length > 0 ? `${api.headers[0]}: ${api.headers[1]}\r\n` : "";
        client.send(
          `POST /open${api.path("p:m", false)} HTTP/1.1\r\nHost: a\r\n${own}Content-Length: 500\r\n\r\n{"a":`,
        );
        const reply = await client.reply();
        assert.equal(reply.status, 408);
        errorIn(api, reply.body, 408);
        const gone = await RawClient.to(gateway.port);
        gone.send(`POST /open${api.path("p:m", false)} HTTP/1.1\r\nHost: a\r\n${own}Content-Length: 500\r\n\r\n{"a":`);
        gone.close();
      }),
    );
    await eventually(
      "nothing is open",
      async () => sumOf(await scrape(gateway.port), "gateway_http_requests_active") === 0,
    );
  });
});

describe("a request", LIMIT, () => {
  for (const [name, [, status, headers = []]] of Object.entries(REFUSING)) {
    test(`${name} is answered ${status}`, async () => {
      const isHeld = status === 504 || name === "while too many wait";
      if (isHeld) provider.answer = () => undefined;
      for (const api of APIS) {
        const route = pathOf(name, api);
        const before = provider.asked.length;
        const first = status === 429 || status === 503 ? send(api, bodyOf(api), headers, route) : null;
        first?.catch(() => undefined);
        if (first !== null) await eventually("the first is asked", () => provider.asked.length > before);
        if (first !== null && !isHeld) await first;
        const model = status === 504 ? "auto" : "p:m";
        const reply = await send(api, bodyOf(api), headers, route, model);
        assert.equal(reply.status, status, `${api.name}: ${reply.text}`);
        json(reply);
        errorIn(api, reply.text, status);
        if (name === "more often than allowed") assert.ok(Number(reply.headers["retry-after"]) > 0);
        for (const asked of provider.asked.slice(before)) if (!asked.response.headersSent) completion("late")(asked);
      }
    });
  }

  test("for a model or path that is not there is answered 404, over WebSocket 426", async () => {
    for (const api of APIS) {
      const path = `/open${api.path("none", false)}`;
      const headers = ["Content-Type", "application/json", ...api.headers];
      const reply = await call(gateway.port, {
        method: "POST",
        path,
        headers,
        body: JSON.stringify(api.body("none", false)),
      });
      assert.equal(reply.status, 404, reply.text);
      errorIn(api, reply.text, 404);
      const upgrade = await RawClient.to(gateway.port);
      const own = api.headers.length > 0 ? `${api.headers[0]}: ${api.headers[1]}\r\n` : "";
      upgrade.send(
        `GET /open${api.path("p:m", false)} HTTP/1.1\r\nHost: a\r\n${own}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
      );
      const refused = await upgrade.reply();
      assert.equal(refused.status, 426, refused.head);
      errorIn(api, refused.body, 426);
    }
  });

  test("to a provider whose circuit is open is answered 503", async () => {
    for (let i = 0; i < 4; i++) await send(APIS[0]!, bodyOf(APIS[0]!).replace("p:m", "broken:m"), [], "broken");
    for (const api of APIS) {
      const path = `/broken${api.path("broken:m", false)}`;
      const headers = ["Content-Type", "application/json", ...api.headers];
      const body = JSON.stringify(api.body("broken:m", false));
      const reply = await call(gateway.port, { method: "POST", path, headers, body });
      assert.equal(reply.status, 503, reply.text);
      errorIn(api, reply.text, 503);
    }
  });
});
