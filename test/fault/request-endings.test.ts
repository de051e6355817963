// Every way a request body can end, from each kind of client to each kind of backend: at once, on a connection that has to be
// opened first, and on a second instance after a first that is not there.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { openRaw } from "../support/http2-client.ts";
import { dataFrame, FLAG, FRAME, framesOf, headersFrame } from "../support/http2-frames.ts";
import { NOBODYS_PORT } from "../support/ports.ts";
import { RawClient } from "../support/raw-client.ts";
import { configText, soon } from "../support/setup.ts";

/** What a backend got. */
interface Got {
  readonly method: string;
  readonly body: string;
  readonly sum: string;
  /** Value of `Content-Length`; "" none. HTTP/1.1 only. */
  readonly length: string;
}

interface Way {
  readonly name: string;
  readonly method: string;
  /** What follows the request line and Host; null: HTTP/1.1 has no such way. */
  readonly http1: readonly string[] | null;
  /** Frames behind the head, by the write they leave in; the head has END_STREAM when there are none. */
  readonly http2: ((stream: number) => readonly Buffer[]) | null;
  readonly fields?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly sum?: string;
  /** What an HTTP/1.1 backend reads as its length. */
  readonly length: string;
}

const end = (stream: number) => dataFrame(stream, Buffer.alloc(0), FLAG.endStream);
const data = (stream: number, text: string, flags = 0) => dataFrame(stream, Buffer.from(text), flags);
const trailers = (stream: number) => headersFrame(stream, { "x-sum": "1" }, FLAG.endStream);
const later = Buffer.alloc(0);

const WAYS: readonly Way[] = [
  { name: "GET without a body", method: "GET", http1: ["\r\n"], http2: () => [], length: "" },
  { name: "POST without a body", method: "POST", http1: ["\r\n"], http2: () => [], length: "0" },
  {
    name: "an announced body of no bytes",
    method: "POST",
    http1: ["Content-Length: 0\r\n\r\n"],
    http2: null,
    length: "0",
  },
  {
    name: "an announced body of no bytes and its end",
    method: "POST",
    http1: null,
    http2: (n) => [end(n)],
    fields: { "content-length": "0" },
    length: "0",
  },
  {
    name: "an empty body",
    method: "POST",
    http1: ["Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    http2: (n) => [end(n)],
    length: "0",
  },
  { name: "GET with an empty body", method: "GET", http1: null, http2: (n) => [end(n)], length: "" },
  {
    name: "an empty body whose end comes later",
    method: "POST",
    http1: ["Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n"],
    http2: (n) => [later, end(n)],
    length: "",
  },
  {
    name: "trailers alone",
    method: "POST",
    http1: ["Transfer-Encoding: chunked\r\n\r\n0\r\nX-Sum: 1\r\n\r\n"],
    http2: (n) => [trailers(n)],
    sum: "1",
    length: "",
  },
  {
    name: "a body of announced length",
    method: "PUT",
    http1: ["Content-Length: 4\r\n\r\n", "body"],
    http2: (n) => [later, data(n, "body", FLAG.endStream)],
    fields: { "content-length": "4" },
    body: "body",
    length: "4",
  },
  {
    name: "a body of unknown length",
    method: "PUT",
    http1: ["Transfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n", "2\r\ndy\r\n0\r\n\r\n"],
    http2: (n) => [data(n, "bo"), data(n, "dy"), end(n)],
    body: "body",
    length: "",
  },
  {
    name: "a body with trailers",
    method: "PUT",
    http1: ["Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n"],
    http2: (n) => [data(n, "body"), trailers(n)],
    body: "body",
    sum: "1",
    length: "",
  },
];

/** A backend that says what it gets. */
class Backend {
  readonly server: Server;
  readonly #closing: boolean;
  /** Called with each head, and with each whole request. */
  heard: () => void = () => undefined;
  got: (request: Got) => void = () => undefined;

  private constructor(http2: boolean, closing: boolean) {
    this.#closing = closing;
    this.server = http2 ? this.#http2() : this.#http1();
  }

  static async start(http2: boolean, closing: boolean): Promise<Backend> {
    const backend = new Backend(http2, closing);
    backend.server.listen(0, "127.0.0.1");
    await once(backend.server, "listening");
    return backend;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  #http1(): Server {
    return createHttp1Server(async (request, response) => {
      this.heard();
      const body = await textOf(request);
      const { method = "", headers } = request;
      const sum = request.trailers["x-sum"] ?? "";
      this.got({ method, body, sum, length: headers["content-length"] ?? "" });
      if (this.#closing) response.setHeader("Connection", "close");
      response.end();
    });
  }

  #http2(): Server {
    const server = createHttp2Server();
    server.on("stream", async (stream, headers) => {
      this.heard();
      let sum = "";
      stream.on("trailers", (fields) => {
        sum = String(fields["x-sum"] ?? "");
      });
      const body = await textOf(stream);
      this.got({ method: headers[":method"] ?? "", body, sum, length: "" });
      stream.respond({ ":status": 200 }, { endStream: true });
      if (this.#closing) stream.session!.close();
    });
    return server as unknown as Server;
  }
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** Sends a request; pieces behind a `later` wait until the backend has heard of it. @returns the status of the reply */
type Client = (port: number, way: Way, path: string, heard: Promise<void>) => Promise<number>;

const byHttp1: Client = async (port, way, path, heard) => {
  const client = await RawClient.to(port);
  const [first, ...rest] = way.http1!;
  client.send(`${way.method} ${path} HTTP/1.1\r\nHost: x\r\n${first}`);
  if (rest.length > 0) await soon(heard, "the head at the backend");
  for (const piece of rest) client.send(piece);
  const { status } = await soon(client.reply(), "a reply");
  client.close();
  return status;
};

const byHttp2: Client = async (port, way, path, heard) => {
  const client = await openRaw(port);
  const frames = way.http2!(1);
  const head = { ":method": way.method, ":scheme": "http", ":authority": "x", ":path": path, ...way.fields };
  const wait = frames.indexOf(later);
  const first = wait === -1 ? frames : frames.slice(0, wait);
  client.send(Buffer.concat([headersFrame(1, head, frames.length === 0 ? FLAG.endStream : 0), ...first]));
  if (wait !== -1) {
    await soon(heard, "the head at the backend");
    client.send(Buffer.concat(frames.slice(wait + 1)));
  }
  const replied = (text: string) => framesOf(text).find((f) => f.type === FRAME.headers && f.stream === 1);
  const head1 = replied(
    await soon(
      client.until((text) => replied(text) !== undefined),
      "a reply",
    ),
  )!;
  client.close();
  return head1.payload[0] === INDEXED_200 ? 200 : 0;
};

/** `:status: 200` of the static table (RFC 7541 appendix A). */
const INDEXED_200 = 0x88;

for (const protocol of ["HTTP/1.1", "h2c"] as const) {
  describe(`request bodies to ${protocol} backends`, { timeout: 60_000 }, () => {
    const backends: Backend[] = [];
    let gateway: GatewayProcess;
    before(async () => {
      const scheme = protocol === "h2c" ? "h2c" : "http";
      for (const closing of [false, true]) backends.push(await Backend.start(protocol === "h2c", closing));
      const at = (id: string, port: number) => ({ id, address: "127.0.0.1", port, scheme });
      const [kept, closing] = backends.map((backend) => at("up", backend.port));
      gateway = await startGateway(
        configText({
          rules: ["kept", "closing", "second"].map((name) => ({ path: `/${name}`, serviceName: name, timeout: "8s" })),
          services: {
            kept: [kept!],
            closing: [closing!],
            second: [at("gone", NOBODYS_PORT), { ...kept!, id: "there" }],
          },
        }),
      );
    });
    after(async () => {
      await gateway?.kill();
      for (const { server } of backends) server.close();
    });

    for (const way of WAYS) {
      test(way.name, async () => {
        for (const [client, ask] of Object.entries({ byHttp1, byHttp2 })) {
          if (way[client === "byHttp1" ? "http1" : "http2"] === null) continue;
          // Each twice: of two instances in turn, one of the two tries begins with the one that is gone.
          for (const path of ["/kept", "/kept", "/closing", "/closing", "/second", "/second"]) {
            const backend = backends[path === "/closing" ? 1 : 0]!;
            const heard = new Promise<void>((resolve) => {
              backend.heard = resolve;
            });
            const got = new Promise<Got>((resolve) => {
              backend.got = resolve;
            });
            const what = `${client} ${path}`;
            assert.equal(await ask(gateway.port, way, path, heard), 200, what);
            const length = protocol === "h2c" ? "" : way.length;
            const expected = { method: way.method, body: way.body ?? "", sum: way.sum ?? "", length };
            assert.deepEqual(await got, expected, what);
          }
        }
      });
    }
  });
}
