// Every way a backend can end a reply, by each protocol it may speak, as each kind of client must see it: whole or cut, never
// half passed for whole, never waited for in vain, and the connection in step afterwards.
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { openRaw } from "../support/http2-client.ts";
import {
  dataFrame,
  FLAG,
  FRAME,
  fieldBlock,
  frame,
  frameBackend,
  framesOf,
  goawayFrame,
  headersFrame,
  requestFields,
  resetFrame,
} from "../support/http2-frames.ts";
import { type RawBackend, rawBackend } from "../support/raw.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText, soon } from "../support/setup.ts";
import { TappedSession } from "../support/tapped-session.ts";

const LIMIT = { timeout: 120_000 };
const BODY = Buffer.from("hello");
const RESET = { noError: 0, protocol: 1, internal: 2, cancel: 8 } as const;

/** What a client must see: the reply, `cut` in its middle, or the gateway's own 502. */
interface Seen {
  readonly status: number;
  readonly body: string;
  readonly cut?: boolean;
  readonly trailer?: string;
}

/** One way to end, in the words of both protocols; null where a protocol has no such way. */
interface Way {
  readonly name: string;
  readonly method?: string;
  readonly http1: ((socket: Socket) => void) | null;
  readonly http2: ((socket: Socket, stream: number) => void) | null;
  readonly seen: Seen;
}

const write = (socket: Socket, ...frames: Buffer[]) => socket.write(Buffer.concat(frames));
const head = (fields: Readonly<Record<string, string>> = {}, status = 200) => ({
  ":status": String(status),
  ...fields,
});
const cut = { status: 200, body: "hello", cut: true };
const failed = { status: 502, body: "" };

const WAYS: readonly Way[] = [
  ...[200, 201, 302, 404, 500].map(
    (status): Way => ({
      name: `${status} ends with its head`,
      http1: (socket) => socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`),
      http2: (socket, stream) => write(socket, headersFrame(stream, head({}, status), FLAG.endStream)),
      seen: { status, body: "" },
    }),
  ),
  ...[204, 304].map(
    (status): Way => ({
      name: `${status} has no body`,
      http1: (socket) => socket.write(`HTTP/1.1 ${status} X\r\n\r\n`),
      http2: (socket, stream) => write(socket, headersFrame(stream, head({}, status), FLAG.endStream)),
      seen: { status, body: "" },
    }),
  ),
  {
    name: "205 loses the body it must not have",
    http1: (socket) => socket.write("HTTP/1.1 205 X\r\nContent-Length: 5\r\n\r\nhello"),
    http2: (socket, stream) =>
      write(
        socket,
        headersFrame(stream, head({ "content-length": "5" }, 205)),
        dataFrame(stream, BODY, FLAG.endStream),
      ),
    seen: { status: 205, body: "" },
  },
  {
    name: "a head alone, its end in an empty frame",
    http1: null,
    http2: (socket, stream) =>
      write(socket, headersFrame(stream, head()), dataFrame(stream, Buffer.alloc(0), FLAG.endStream)),
    seen: { status: 200, body: "" },
  },
  {
    name: "HEAD is answered with the length of what it asks about",
    method: "HEAD",
    http1: (socket) => socket.write("HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\n"),
    http2: (socket, stream) => write(socket, headersFrame(stream, head({ "content-length": "5" }), FLAG.endStream)),
    seen: { status: 200, body: "" },
  },
  {
    name: "a body as long as announced",
    http1: (socket) => socket.write("HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\nhello"),
    http2: (socket, stream) =>
      write(socket, headersFrame(stream, head({ "content-length": "5" })), dataFrame(stream, BODY, FLAG.endStream)),
    seen: { status: 200, body: "hello" },
  },
  {
    name: "a body of unknown length",
    http1: (socket) => socket.write("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    http2: (socket, stream) =>
      write(
        socket,
        headersFrame(stream, head()),
        dataFrame(stream, BODY),
        dataFrame(stream, BODY.subarray(5), FLAG.endStream),
      ),
    seen: { status: 200, body: "hello" },
  },
  {
    name: "a body with trailers",
    http1: (socket) =>
      socket.write("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n"),
    http2: (socket, stream) =>
      write(
        socket,
        headersFrame(stream, head()),
        dataFrame(stream, BODY),
        headersFrame(stream, { "x-sum": "1" }, FLAG.endStream),
      ),
    seen: { status: 200, body: "hello", trailer: "1" },
  },
  {
    name: "less than announced, then its end",
    http1: (socket) => socket.end("HTTP/1.1 200 X\r\nContent-Length: 9\r\n\r\nhello"),
    http2: (socket, stream) =>
      write(socket, headersFrame(stream, head({ "content-length": "9" })), dataFrame(stream, BODY, FLAG.endStream)),
    seen: cut,
  },
  {
    name: "a reset without error before the head",
    http1: null,
    http2: (socket, stream) => write(socket, resetFrame(stream, RESET.noError)),
    seen: failed,
  },
  {
    name: "a reset without error behind the head",
    http1: null,
    http2: (socket, stream) => write(socket, headersFrame(stream, head()), resetFrame(stream, RESET.noError)),
    seen: { ...cut, body: "" },
  },
  ...Object.entries(RESET).map(
    ([code, value]): Way => ({
      name: `a reset (${code}) in the middle of the body`,
      http1: null,
      http2: (socket, stream) =>
        write(socket, headersFrame(stream, head()), dataFrame(stream, BODY), resetFrame(stream, value)),
      seen: cut,
    }),
  ),
  {
    name: "a reset without error behind a whole reply",
    http1: null,
    http2: (socket, stream) =>
      write(
        socket,
        headersFrame(stream, head()),
        dataFrame(stream, BODY, FLAG.endStream),
        resetFrame(stream, RESET.noError),
      ),
    seen: { status: 200, body: "hello" },
  },
  {
    name: "the end of the connection in the middle of the body",
    http1: (socket) => socket.end("HTTP/1.1 200 X\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
    http2: (socket, stream) => socket.end(Buffer.concat([headersFrame(stream, head()), dataFrame(stream, BODY)])),
    seen: cut,
  },
  {
    name: "GOAWAY and the end of the connection in the middle of the body",
    http1: null,
    http2: (socket, stream) =>
      socket.end(Buffer.concat([headersFrame(stream, head()), dataFrame(stream, BODY), goawayFrame(stream, 0)])),
    seen: cut,
  },
  {
    name: "the end of the connection where that ends the body",
    http1: (socket) => socket.end("HTTP/1.1 200 X\r\n\r\nhello"),
    http2: null,
    seen: { status: 200, body: "hello" },
  },
];

/** A backend that ends one reply as it is told; those after it are ordinary ones. */
class Ender {
  readonly backend: RawBackend;
  next: Way | null = null;
  private constructor(backend: RawBackend) {
    this.backend = backend;
  }

  static async http1(): Promise<Ender> {
    const ender: Ender = new Ender(
      await rawBackend((socket) => {
        socket.on("data", (chunk: Buffer) => {
          const text = chunk.toString("latin1");
          if (!/^[A-Z]+ \//.test(text)) return; // more of a body
          const way = ender.#take();
          if (way !== null) way.http1!(socket);
          else socket.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnext");
        });
      }),
    );
    return ender;
  }

  static async http2(): Promise<Ender> {
    const ender: Ender = new Ender(
      await frameBackend((socket, stream) => {
        const way = ender.#take();
        if (way !== null) return void way.http2!(socket, stream);
        const next = Buffer.from("next");
        write(socket, headersFrame(stream, head({ "content-length": "4" })), dataFrame(stream, next, FLAG.endStream));
      }),
    );
    return ender;
  }

  #take(): Way | null {
    const way = this.next;
    this.next = null;
    return way;
  }
}

type Client = (port: number, method: string, open: boolean) => Promise<Seen & { readonly next: string }>;

/** A raw HTTP/1.1 client; the next request on the connection tells whether it is in step. */
const byHttp1: Client = async (port, method, open) => {
  const client = await RawClient.to(port);
  const body = open ? "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n" : "\r\n";
  client.send(`${open ? "POST" : method} /ways HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n${body}`);
  try {
    const reply = await soon(client.reply(method === "HEAD"), "a reply").catch((error: Error) => error);
    if (reply instanceof Error) {
      if (!client.ended) throw reply;
      const [, status = "0", body = ""] = /^HTTP\/1\.1 (\d+)[\s\S]*?\r\n\r\n([\s\S]*)$/.exec(client.received) ?? [];
      return { status: Number(status), body: body.replace(/^5\r\n|\r\n$/g, ""), cut: true, next: "" };
    }
    const { status } = reply;
    // A body that ends with its connection has no other end: whether it is whole, nobody can tell.
    assert.ok(
      reply.field("content-length") ?? reply.field("transfer-encoding") ?? [204, 304].includes(status),
      reply.head,
    );
    const trailer = /x-sum: (.*)/i.exec(reply.trailers)?.[1];
    const kept = !open && reply.field("connection") !== "close";
    let next = "";
    if (kept) {
      client.send("GET /next HTTP/1.1\r\nHost: x\r\n\r\n");
      next = (await soon(client.reply(), "the next reply")).body;
    }
    const own = reply.field("content-type")?.includes("json") === true ? "" : reply.body;
    return { status, body: own, ...(trailer === undefined ? {} : { trailer }), next: kept ? next : "next" };
  } finally {
    client.close();
  }
};

const byHttp2: Client = async (port, method, open) => {
  const client = await TappedSession.to(port);
  try {
    const headers = { ":path": "/ways", ":method": open ? "POST" : method };
    const { status, body, trailers, ending } = await client.ask(headers, open ? "hi" : null, open);
    assert.notEqual(ending, "lost", "reset without error before the end");
    const next = await client.ask({ ":path": "/next" });
    const own = status === 502 ? "" : body;
    const trailer = trailers["x-sum"] as string | undefined;
    return {
      status,
      body: own,
      ...(ending === "cut" ? { cut: true } : {}),
      ...(trailer === undefined ? {} : { trailer }),
      next: next.body,
    };
  } finally {
    client.close();
  }
};

for (const protocol of ["http1", "http2"] as const) {
  describe(`replies of ${protocol === "http1" ? "HTTP/1.1" : "h2c"} backends`, LIMIT, () => {
    let ender: Ender;
    let gateway: GatewayProcess;
    before(async () => {
      ender = await Ender[protocol]();
      const scheme = protocol === "http1" ? "http" : "h2c";
      const instance = { id: "up-1", address: "127.0.0.1", port: ender.backend.port, scheme };
      gateway = await startGateway(
        configText({ rules: [{ path: "/*", serviceName: "up", timeout: "5s" }], services: { up: [instance] } }),
      );
    });
    after(async () => {
      await gateway?.kill();
      await ender?.backend.close();
    });

    for (const way of WAYS) {
      if (way[protocol] === null) continue;
      test(way.name, async () => {
        const { seen } = way;
        for (const [client, ask] of Object.entries({ byHttp1, byHttp2 })) {
          for (const open of way.method === undefined ? [false, true] : [false]) {
            ender.next = way;
            const got = await ask(gateway.port, way.method ?? "GET", open);
            const expected = { ...seen, next: client === "byHttp1" && seen.cut === true ? "" : "next" };
            assert.deepEqual(got, expected, `${client}, ${open ? "still sending" : "complete"}`);
          }
        }
      });
    }
  });
}

describe("answers of the gateway itself", LIMIT, () => {
  let gateway: GatewayProcess;
  before(async () => {
    gateway = await startGateway(configText({ rules: [{ path: "/up", serviceName: "up" }], services: { up: 1 } }));
  });
  after(() => gateway?.kill());

  test("reach an HTTP/2 client that still sends, whole", async () => {
    for (const [path, status] of Object.entries({ "/none": 404, "/up": 502 })) {
      const client = await TappedSession.to(gateway.port);
      const reply = await client.ask({ ":path": path, ":method": "POST" }, "hi", true);
      assert.deepEqual([reply.status, reply.ending], [status, "whole"]);
      assert.match(reply.body, /^\{"error":\{.*\}\}\n$/);
      client.close();
    }
  });

  test("wait for a client without a window, and are not cut off by the end of its stream", async () => {
    const client = await openRaw(gateway.port);
    client.send(frame(FRAME.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0, 0]))); // SETTINGS_INITIAL_WINDOW_SIZE: 0
    client.send(frame(FRAME.headers, FLAG.endHeaders, 1, fieldBlock(requestFields("/none"))));
    const onStream = () => framesOf(client.received).filter((f) => f.stream === 1 && f.type !== FRAME.window);
    await soon(
      client.until(() => onStream().length > 0),
      "the head",
    );
    // A PING is answered behind whatever would have been sent before it.
    client.send(frame(FRAME.ping, 0, 0, Buffer.alloc(8)));
    const ponged = (text: string) => framesOf(text).some((f) => f.type === FRAME.ping && f.flags === FLAG.ack);
    await soon(client.until(ponged), "the answer to a ping");
    assert.deepEqual(
      onStream().map((f) => f.type),
      [FRAME.headers],
    );
    client.send(frame(FRAME.window, 0, 1, Buffer.from([0, 0, 0x10, 0])));
    await soon(
      client.until(() => onStream().some((f) => f.type === FRAME.reset)),
      "the reset",
    );
    const [, ...rest] = onStream();
    const ends = rest.map((f) => f.type === FRAME.data && (f.flags & FLAG.endStream) !== 0);
    assert.deepEqual([ends.indexOf(true) >= 0, rest.at(-1)!.type], [true, FRAME.reset]);
    assert.equal(rest.at(-1)!.payload.readUInt32BE(0), RESET.noError);
    client.close();
  });
});
