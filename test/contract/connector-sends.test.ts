// Everything a send can carry reaches the backend, the same by every connector: what one forgets, this table finds.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttp1Server, type IncomingMessage } from "node:http";
import { constants, createServer as createHttp2Server } from "node:http2";
import type { AddressInfo, Server } from "node:net";
import { after, before, describe, test } from "node:test";
import { HttpConnector } from "../../src/connectors/http/connector.ts";
import { PoolSet } from "../../src/connectors/http/pools.ts";
import { Http2Connector } from "../../src/connectors/http2/connector.ts";
import { Http2PoolSet } from "../../src/connectors/http2/pools.ts";
import type { Connector } from "../../src/core/connector.ts";
import type { RequestContext } from "../../src/core/context.ts";
import type { BodyReceiver, Receiver, RequestBody } from "../../src/core/edges.ts";
import { NO_BODY } from "../../src/core/null-upstream.ts";
import type { TargetRule } from "../../src/core/route-settings.ts";
import type { UpstreamRequest } from "../../src/core/upstream-request.ts";
import { AUTHORIZATION, knownField, OTHER } from "../../src/wire/known.ts";
import { NOT_IN_TRAILERS } from "../../src/wire/response-head.ts";
import { DEFAULT_TLS } from "../../src/wire/secure.ts";
import { contextOf, routeOf, snapshotOf } from "../support/context.ts";
import { testNetwork } from "../support/network.ts";
import { upstreamRequestOf } from "../support/upstream-request.ts";

/** A request as its backend got it; fields by lower-case name, in the order of their names. */
interface Got {
  readonly method: string;
  readonly target: string;
  readonly authority: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
  readonly trailers: Readonly<Record<string, string>>;
}

/** A body that comes in pieces, one each turn of the loop, and ends with trailers. */
class Pieces implements RequestBody {
  readonly length: number;
  complete = false;
  bytes = 0;
  readonly #pieces: readonly string[];
  readonly #trailers: readonly string[];
  constructor(pieces: readonly string[], length: number, trailers: readonly string[] = []) {
    this.#pieces = pieces;
    this.length = length;
    this.#trailers = trailers;
  }
  limit(): void {}
  resume(): void {}
  start(to: BodyReceiver): void {
    setImmediate(async () => {
      for (const piece of this.#pieces) {
        this.bytes += piece.length;
        to.data(Buffer.from(piece));
        await new Promise((resolve) => setImmediate(resolve));
      }
      this.complete = true;
      to.end(this.#trailers);
    });
  }
}

/** A body of unknown length that is over as soon as it is asked for. */
const endsAtOnce = (trailers: readonly string[] = []): RequestBody => ({
  length: -1,
  complete: false,
  bytes: 0,
  limit: () => undefined,
  resume: () => undefined,
  start: (to) => to.end(trailers),
});

interface Row {
  readonly name: string;
  readonly method?: string;
  readonly query?: string;
  readonly fields?: readonly string[];
  readonly body?: () => RequestBody;
  readonly target?: Partial<TargetRule>;
  /** What the pipeline notes on the request. */
  readonly note?: (ctx: RequestContext) => void;
  readonly lastEventId?: string;
  readonly dropAcceptEncoding?: boolean;
  readonly sendsVia?: boolean;
  /** What must arrive; null: a field that must not. */
  readonly arrives?: { readonly [key in keyof Omit<Got, "fields" | "trailers">]?: string };
  readonly with?: Readonly<Record<string, string | null>>;
  readonly trailers?: Readonly<Record<string, string>>;
}

const ROWS: readonly Row[] = [
  {
    name: "method, path and query",
    method: "DELETE",
    query: "?a=%20b",
    arrives: { method: "DELETE", target: "/p?a=%20b" },
  },
  {
    name: "fields as they came",
    fields: ["X-One", "1", "Accept", "a/b, c/d"],
    with: { "x-one": "1", accept: "a/b, c/d" },
  },
  { name: "a field that comes twice", fields: ["X-Two", "a", "X-Two", "b"], with: { "x-two": "a, b" } },
  {
    name: "a list that comes in two fields",
    fields: ["If-None-Match", '"a"', "If-None-Match", '"b"', "Accept-Encoding", "gzip", "Accept-Encoding", "br"],
    with: { "if-none-match": '"a", "b"', "accept-encoding": "gzip, br" },
  },
  {
    name: "the first of a field that has one value",
    fields: ["User-Agent", "a", "User-Agent", "b"],
    with: { "user-agent": "a" },
  },
  {
    name: "names that objects of JavaScript have",
    fields: ["Constructor", "1", "Constructor", "2"],
    with: { constructor: "1, 2" },
  },
  { name: "cookies, in one field", fields: ["Cookie", "a=1; b=2"], with: { cookie: "a=1; b=2" } },
  { name: "bytes above ASCII", fields: ["X-Bytes", "caf\u00e9"], with: { "x-bytes": "caf\u00e9" } },
  {
    name: "a body of known length",
    method: "POST",
    fields: ["Content-Length", "6"],
    body: () => new Pieces(["abc", "def"], 6),
    arrives: { body: "abcdef" },
    with: { "content-length": "6" },
  },
  {
    name: "a body of unknown length",
    method: "POST",
    body: () => new Pieces(["abc", "def"], -1),
    arrives: { body: "abcdef" },
  },
  {
    name: "trailers behind a body",
    method: "POST",
    body: () => new Pieces(["abc"], -1, ["X-Sum", "7"]),
    arrives: { body: "abc" },
    trailers: { "x-sum": "7" },
  },
  { name: "trailers alone", method: "POST", body: () => endsAtOnce(["X-Sum", "7"]), trailers: { "x-sum": "7" } },
  { name: "a body of unknown length that is empty", method: "POST", body: () => endsAtOnce(), arrives: { body: "" } },
  {
    name: "no hop-by-hop field",
    fields: ["Keep-Alive", "timeout=5", "Proxy-Authorization", "x", "Upgrade", "foo", "Transfer-Encoding", "chunked"],
    with: { "keep-alive": null, "proxy-authorization": null, upgrade: null },
  },
  {
    name: "no field the client nominates",
    fields: ["X-Mine", "1", "X-Other", "2"],
    note: (ctx) => {
      ctx.nominated = new Set(["x-mine"]);
    },
    with: { "x-mine": null, "x-other": "2" },
  },
  { name: "that the client takes trailers", fields: ["TE", "gzip;q=0.5, trailers"], with: { te: "trailers" } },
  { name: "credentials", fields: ["Authorization", "Bearer t"], with: { authorization: "Bearer t" } },
  { name: "the encodings a client accepts", fields: ["Accept-Encoding", "gzip"], with: { "accept-encoding": "gzip" } },
  {
    name: "no encoding where compression is off",
    fields: ["Accept-Encoding", "gzip"],
    dropAcceptEncoding: true,
    with: { "accept-encoding": null },
  },
  {
    name: "who the client is, in the gateway's own words",
    fields: ["X-Forwarded-For", "203.0.113.9", "X-Real-IP", "203.0.113.9", "X_Real_IP", "203.0.113.9"],
    with: {
      "x-forwarded-for": "192.0.2.1",
      "x-real-ip": "192.0.2.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "client.test",
      x_real_ip: null,
    },
  },
  { name: "the mark of the gateway, and no Via", with: { via: null, "x-gateway": "test" } },
  {
    name: "the Via of the client as it came",
    fields: ["Via", "1.0 first", "Via", "1.1 second"],
    with: { via: "1.0 first, 1.1 second", "x-gateway": "test" },
  },
  { name: "the hop, where Via is sent", sendsVia: true, with: { via: "1.1 gateway", "x-gateway": "test" } },
  {
    name: "the hop behind those before it, where Via is sent",
    sendsVia: true,
    fields: ["Via", "1.0 first", "Via", "1.1 second"],
    with: { via: "1.0 first, 1.1 second, 1.1 gateway" },
  },
  {
    name: "the id of the request, and no other",
    fields: ["X-Request-ID", "theirs", "X_Request_ID", "theirs"],
    note: (ctx) => {
      ctx.requestId = "ours";
    },
    with: { "x-request-id": "ours", x_request_id: null },
  },
  {
    name: "that it is not the first try",
    note: (ctx) => {
      ctx.attempts = 3;
    },
    with: { "x-retry-attempt": "2" },
  },
  {
    name: "where a resumed stream goes on",
    fields: ["Last-Event-ID", "1"],
    lastEventId: "2\u00e9",
    with: { "last-event-id": Buffer.from("2\u00e9").toString("latin1") },
  },
  {
    name: "where a stream goes on, in the client's words",
    fields: ["Last-Event-ID", "1"],
    with: { "last-event-id": "1" },
  },
  { name: "the authority of the endpoint", arrives: { authority: "backend" } },
  { name: "the authority the client named", target: { host: "client" }, arrives: { authority: "client.test" } },
  { name: "an authority of the route", target: { host: { name: "route.test" } }, arrives: { authority: "route.test" } },
  { name: "a path without what the route strips", target: { strip: "/p" }, query: "?a", arrives: { target: "/?a" } },
  { name: "a path behind the prefix of the route", target: { prefix: "/v1" }, arrives: { target: "/v1/p" } },
];

function requestOf(row: Row, body: RequestBody): UpstreamRequest {
  const { method = "GET", query = "", fields = [], target = {} } = row;
  const route = routeOf({ target });
  const ctx = contextOf({
    method,
    target: `/p${query}`,
    fields: [...fields, "Host", "client.test"],
    authority: "client.test",
    route,
    snapshot: snapshotOf({ requestId: { propagate: true }, via: row.sendsVia === true }),
  });
  row.note?.(ctx);
  return upstreamRequestOf(ctx, route, { body, lastEventId: row.lastEventId ?? "" });
}

interface Implementation {
  server(got: (request: Got) => void): Server;
  connect(port: number, dropAcceptEncoding: boolean): Connector;
  close(): void;
}

/** Every name node:http2 knows, twice, but for those a connector does not pass on. */
const TWICE: readonly string[] = Object.entries(constants)
  .filter(([key, name]) => key.startsWith("HTTP2_HEADER_") && typeof name === "string" && !name.startsWith(":"))
  .map(([, name]) => String(name))
  .filter((name) => [OTHER, AUTHORIZATION].includes(knownField(name)))
  .flatMap((name) => [name, "1", name, "1"]);

const SHARED = { dialTimeoutMs: 2000, tlsTimeoutMs: 2000, idleTimeoutMs: 0, tls: DEFAULT_TLS };
/** Framing, which is each connection's own. */
const OWN = new Set(["host", "connection", "transfer-encoding"]);

function plainFields(
  entries: Iterable<readonly [string, string | readonly string[] | undefined]>,
): Record<string, string> {
  const fields: Record<string, string> = {};
  for (const [name, value] of entries) {
    if (value === undefined || OWN.has(name) || name.startsWith(":")) continue;
    fields[name] = typeof value === "string" ? value : value.join(", ");
  }
  return fields;
}

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function http1(): Implementation {
  const pools = new PoolSet(testNetwork(), () => performance.now());
  const options = {
    ...SHARED,
    maxIdlePerHost: 4,
    maxPerHost: 0,
    probeMs: 0,
    headTimeoutMs: 0,
    continueTimeoutMs: 1000,
  };
  return {
    server: (got) =>
      createHttp1Server(async (request: IncomingMessage, response) => {
        const body = await textOf(request);
        const { method = "", url = "", headers } = request;
        const fields = plainFields(Object.entries(headers));
        got({
          method,
          target: url,
          authority: headers.host ?? "",
          fields,
          body,
          trailers: plainFields(Object.entries(request.trailers)),
        });
        response.end();
      }),
    connect: (port, dropAcceptEncoding) =>
      new HttpConnector(
        pools.add({ scheme: "http", address: "127.0.0.1", port }, options),
        { host: "backend", dropAcceptEncoding, maxUpgrades: 0 },
        { open: 0 },
      ),
    close: () => pools.close(),
  };
}

function http2(): Implementation {
  const pools = new Http2PoolSet(testNetwork(), () => performance.now());
  const sizes = { poolSize: 1, maxPoolSize: 1, maxStreams: 100, streamWindow: 65_535, connectionWindow: 65_535 };
  const options = { ...SHARED, ...sizes, headTimeoutMs: 0, pingMs: 0, pingTimeoutMs: 0 };
  return {
    server: (got) => {
      const server = createHttp2Server();
      server.on("stream", async (stream, headers) => {
        let trailers = {};
        stream.on("trailers", (fields) => {
          trailers = plainFields(Object.entries(fields) as [string, string][]);
        });
        const body = await textOf(stream);
        const { ":method": method = "", ":path": target = "", ":authority": authority = "" } = headers;
        got({ method, target, authority, fields: plainFields(Object.entries(headers)), body, trailers });
        stream.respond({ ":status": 200 }, { endStream: true });
      });
      return server as unknown as Server;
    },
    connect: (port, dropAcceptEncoding) =>
      new Http2Connector(
        pools.add({ scheme: "http", address: "127.0.0.1", port }, options),
        { scheme: "http", authority: "backend", dropAcceptEncoding },
        { maxSendBytes: 0, maxReceiveBytes: 0 },
      ),
    close: () => pools.close(),
  };
}

/** Resolves when the response is complete. @throws Error when it failed */
function answered(): { receiver: Receiver; over: Promise<void> } {
  let receiver!: Receiver;
  const over = new Promise<void>((resolve, reject) => {
    receiver = {
      interim: () => undefined,
      head: () => undefined,
      data: () => true,
      end: () => resolve(),
      flush: () => undefined,
      failed: ({ detail }) => reject(new Error(detail)),
    };
  });
  return { receiver, over };
}

for (const [name, make] of Object.entries({ http1, http2 })) {
  describe(name, () => {
    const implementation = make();
    let server: Server;
    let port: number;
    let got: Got;
    before(async () => {
      server = implementation.server((request) => {
        got = request;
      });
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
      ({ port } = server.address() as AddressInfo);
    });
    after(async () => {
      implementation.close();
      server.close();
      await once(server, "close");
    });

    for (const row of ROWS) {
      test(`carries ${row.name}`, async () => {
        const { receiver, over } = answered();
        const connector = implementation.connect(port, row.dropAcceptEncoding === true);
        connector.send(requestOf(row, row.body?.() ?? NO_BODY), receiver);
        await over;
        assert.deepEqual({ ...got, ...row.arrives }, got);
        for (const [field, value] of Object.entries(row.with ?? {}))
          assert.equal(got.fields[field], value ?? undefined, field);
        assert.deepEqual(got.trailers, row.trailers ?? {});
      });
    }

    test("carries every field that may come twice, and trailers alike", async () => {
      const { receiver, over } = answered();
      const trailers = TWICE.filter((_, i) => !NOT_IN_TRAILERS.has(TWICE[i - (i % 2)]!));
      const row = { name: "", method: "POST", fields: TWICE };
      implementation.connect(port, false).send(requestOf(row, endsAtOnce(trailers)), receiver);
      await over;
      const names = (fields: readonly string[]) => [...new Set(fields.filter((_, i) => i % 2 === 0))].sort();
      const sent = names(TWICE);
      const arrived = Object.keys(got.fields).filter((name) => sent.includes(name));
      assert.deepEqual(arrived.sort(), sent);
      assert.deepEqual(Object.keys(got.trailers).sort(), names(trailers));
    });
  });
}
