// The HTTP/1.1 adapter holds a reply to what its head announced, whatever the connector writes: to the byte on the wire.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { HttpFront } from "../../src/adapters/front.ts";
import { Listener, tcpAddress } from "../../src/adapters/listener.ts";
import type { HttpServerOptions } from "../../src/adapters/options.ts";
import type { RequestContext } from "../../src/core/context.ts";
import type { Downstream } from "../../src/core/edges.ts";
import type { Gateway } from "../../src/core/gateway.ts";
import { frontParts } from "../support/clients.ts";
import { RawClient } from "../support/raw-client.ts";

const OPTIONS: HttpServerOptions = {
  readMs: 2000,
  writeMs: 2000,
  idleMs: 5000,
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  http2: null,
  listener: "http",
  http1: true,
  upgrades: true,
  proxyProtocol: { trustedPeers: [], timeoutMs: 0 },
  tls: null,
};

let replies: (to: Downstream) => void = () => undefined;
interface Done {
  readonly ctx: RequestContext;
  readonly completed: boolean;
}

/** How the first request ended. */
let first: Promise<Done> = new Promise(() => undefined);
let tell: (done: Done) => void = () => undefined;
const gateway: Gateway = {
  handle(ctx) {
    ctx.upstream = { resume: () => undefined, abort: () => undefined };
    if (ctx.rawPath === "/next") ctx.downstream.answer(200, [], "next", false);
    else replies(ctx.downstream);
  },
  refuse: (ctx, code) => ctx.downstream.answer(400, ["x-code", code], "", true),
  done: (ctx, completed) => tell({ ctx, completed }),
};
let listener: Listener;

before(async () => {
  listener = new Listener(tcpAddress("127.0.0.1", 0), new HttpFront(OPTIONS, frontParts(gateway)));
  await listener.listen();
});
after(() => listener.destroy());

const bytes = (text: string) => Buffer.from(text);
const NEXT = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
const HANDSHAKE =
  "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

async function open(reply: (to: Downstream) => void): Promise<RawClient> {
  replies = reply;
  first = new Promise((resolve) => {
    tell = resolve;
  });
  return RawClient.to(listener.boundPort);
}

interface Whole {
  readonly name: string;
  readonly method?: string;
  readonly reply: (to: Downstream) => void;
  readonly length: string | null;
  readonly body: string;
}

const whole: Whole[] = [
  {
    name: "ends with its head and says nothing of a length",
    reply: (to) => {
      to.head(404, "", ["X", "y"], 0);
      to.end(null, []);
    },
    length: "0",
    body: "",
  },
  {
    name: "is flushed before it ends without a body",
    reply: (to) => {
      to.head(200, "", [], 0);
      to.flush();
      to.end(null, []);
    },
    length: "0",
    body: "",
  },
  {
    name: "is of unknown length and has no body",
    reply: (to) => {
      to.head(200, "", [], -1);
      to.end(null, []);
    },
    length: null,
    body: "",
  },
  {
    name: "has as many bytes as were announced, in two pieces",
    reply: (to) => {
      to.head(200, "", ["Content-Length", "5"], 5);
      to.write(bytes("he"), null);
      to.end(bytes("llo"), []);
    },
    length: "5",
    body: "hello",
  },
  {
    name: "has as many bytes as were announced, though no field says so",
    reply: (to) => {
      to.head(200, "", [], 5);
      to.end(bytes("hello"), []);
    },
    length: "5",
    body: "hello",
  },
  {
    name: "answers HEAD, with the length of what GET would bring",
    method: "HEAD",
    reply: (to) => {
      to.head(200, "", ["Content-Length", "5"], 5);
      to.end(bytes("hello"), []);
    },
    length: "5",
    body: "",
  },
  {
    name: "is 204, whatever it announces and brings",
    reply: (to) => {
      to.head(204, "", ["Content-Length", "5"], 5);
      to.write(bytes("he"), null);
      to.end(bytes("llo"), []);
    },
    length: null,
    body: "",
  },
  {
    name: "is 304, whose length is that of another answer",
    reply: (to) => {
      to.head(304, "", ["Content-Length", "5"], 0);
      to.end(null, []);
    },
    length: "5",
    body: "",
  },
  ...[5, -1].map((length) => ({
    name: `is 205 with a body of ${length === 5 ? "known" : "unknown"} length, which goes to nobody`,
    reply: (to: Downstream) => {
      to.head(205, "", length === 5 ? ["Content-Length", "5"] : [], length);
      to.write(bytes("he"), null);
      to.end(bytes("llo"), []);
    },
    length: "0",
    body: "",
  })),
];

describe("a reply leaves its connection in step when it", () => {
  for (const { name, method = "GET", reply, length, body } of whole) {
    test(name, async () => {
      const client = await open(reply);
      client.send(`${method} / HTTP/1.1\r\nHost: a\r\n\r\n${NEXT}`);
      const answer = await client.reply(method === "HEAD");
      assert.deepEqual([answer.field("content-length"), answer.body], [length, body]);
      assert.equal((await client.reply()).body, "next");
      assert.equal(client.received, "");
      client.close();
      const { ctx, completed } = await first;
      assert.deepEqual([completed, ctx.bytesOut], [true, body.length]);
    });
  }
});

test("a reply of unknown length without a body ends with the connection of a client of HTTP/1.0", async () => {
  const client = await open((to) => {
    to.head(200, "", [], -1);
    to.end(null, []);
  });
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.match(await client.end(), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n$/s);
});

const tooMuch: { name: string; reply: (to: Downstream) => void }[] = [
  { name: "in one piece", reply: (to) => to.end(bytes("hello world"), []) },
  {
    name: "in its last piece",
    reply: (to) => {
      to.write(bytes("hel"), null);
      to.end(bytes("lo world"), []);
    },
  },
  {
    name: "in a piece before the last",
    reply: (to) => {
      to.write(bytes("hel"), null);
      to.write(bytes("lo world"), null);
      to.end(bytes("more"), []);
    },
  },
  {
    name: "after all of it",
    reply: (to) => {
      to.write(bytes("hello"), null);
      to.write(bytes(" world"), null);
      to.end(null, []);
    },
  },
];

describe("more than was announced is never written, and the reply counts as broken", () => {
  for (const { name, reply } of tooMuch) {
    for (const request of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", HANDSHAKE]) {
      test(`${name}${request === HANDSHAKE ? ", to a handshake" : ""}`, async () => {
        const client = await open((to) => {
          to.head(200, "", ["Content-Length", "5"], 5);
          reply(to);
        });
        client.send(request === HANDSHAKE ? request : request + NEXT);
        assert.equal((await client.reply()).body, "hello");
        if (request !== HANDSHAKE) assert.equal((await client.reply()).body, "next");
        assert.equal(request === HANDSHAKE ? await client.end() : client.received, "");
        client.close();
        const { ctx, completed } = await first;
        assert.deepEqual([completed, ctx.error, ctx.bytesOut], [false, "upstream_protocol", 5]);
        assert.match(ctx.detail, /more than it announced/);
      });
    }
  }

  test("handed-over buffers are given back", async () => {
    let given = 0;
    const client = await open((to) => {
      to.head(200, "", ["Content-Length", "5"], 5);
      to.write(bytes("hello world"), () => given++);
      to.write(bytes("more"), () => given++);
    });
    client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal((await client.reply()).body, "hello");
    client.close();
    assert.equal(given, 2);
  });
});

describe("a reply that is less than it announced is cut off", () => {
  for (const [name, reply] of Object.entries({
    "in the middle": (to: Downstream) => to.write(bytes("hel"), null),
    "before its first byte": () => undefined,
  })) {
    for (const request of ["GET / HTTP/1.1\r\nHost: a\r\n\r\n", HANDSHAKE]) {
      test(`${name}${request === HANDSHAKE ? ", to a handshake" : ""}`, async () => {
        const client = await open((to) => {
          to.head(200, "", ["Content-Length", "5"], 5);
          reply(to);
          to.end(null, []);
        });
        client.send(request === HANDSHAKE ? request : request + NEXT);
        assert.doesNotMatch(await client.end(), /next|HTTP.*HTTP/s);
        const { ctx, completed } = await first;
        assert.deepEqual([completed, ctx.error], [false, "upstream_protocol"]);
        assert.match(ctx.detail, /less than it announced/);
      });
    }
  }
});
