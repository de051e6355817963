// Backends that fail in every way they can: the client gets the truth, and no byte of one answer reaches another.
import assert from "node:assert/strict";
import { once } from "node:events";
import type { Socket } from "node:net";
import { after, before, test } from "node:test";
import { type BlackHole, blackHole } from "../support/black-hole.ts";
import { type GatewayProcess, startGateway } from "../support/gateway.ts";
import { type Answer, ask, OK, RawClient, type Received, type Recorder, recorder, within } from "../support/hostile.ts";
import { rawBackend } from "../support/raw.ts";
import { handshake } from "../support/websocket.ts";

const BIG = "x".repeat(70_000);
const SECRET = "secret-of-the-backend";
const HEAD = `HTTP/1.1 200 OK\r\nX-Up: ${SECRET}\r\n`;

const then =
  (text: string, end: "end" | "reset" | "keep" = "keep") =>
  (_: Received, socket: Socket) => {
    socket.write(text, "latin1", () => {
      if (end === "end") socket.end();
      if (end === "reset") socket.resetAndDestroy();
    });
  };

/** Backends by the path they are reached at: `/name`. */
const backends = new Map<string, Recorder>();
let gateway: GatewayProcess;
let hole: BlackHole;

interface Failing {
  readonly name: string;
  readonly serve: (request: Received, socket: Socket) => void;
  readonly status: number;
  readonly code: string;
}

const protocol = (name: string, text: string): Failing => ({
  name,
  serve: then(text),
  status: 502,
  code: "upstream_protocol",
});

/** Answers that never begin, or are none: the client gets an error of the table. */
const failing: Failing[] = [
  {
    name: "resets before the first byte",
    serve: (_, s) => void s.resetAndDestroy(),
    status: 502,
    code: "upstream_reset",
  },
  { name: "ends before the first byte", serve: (_, s) => void s.end(), status: 502, code: "upstream_reset" },
  { name: "resets inside the head", serve: then(`${HEAD}X: `, "reset"), status: 502, code: "upstream_reset" },
  { name: "ends inside the head", serve: then(`${HEAD}X: `, "end"), status: 502, code: "upstream_reset" },
  {
    name: "ends after an interim response",
    serve: then("HTTP/1.1 100 Continue\r\n\r\n", "end"),
    status: 502,
    code: "upstream_reset",
  },
  { name: "never answers", serve: () => undefined, status: 504, code: "upstream_timeout" },
  { name: "stops inside the head", serve: then(`${HEAD}X: `), status: 504, code: "upstream_timeout" },
  {
    name: "sends only an interim response",
    serve: then("HTTP/1.1 102 Processing\r\n\r\n"),
    status: 504,
    code: "upstream_timeout",
  },
  protocol("speaks another protocol", `220 ${SECRET} ESMTP\r\n\r\n`),
  protocol("speaks another protocol and waits", `220 ${SECRET} ESMTP\r\n`),
  protocol("ends lines with CR", "HTTP/1.1 200 OK\rX: a\r\r"),
  protocol("sends binary garbage", "\x15\x03\x03\x00\x02\x02\x46\r\n\r\n"),
  protocol("sends a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
  protocol("sends a bad status", "HTTP/1.1 abc OK\r\n\r\n"),
  protocol("sends a status of two digits", "HTTP/1.1 20 OK\r\n\r\n"),
  protocol("says HTTP/2.0", "HTTP/2.0 200 OK\r\n\r\n"),
  protocol(
    "sends length and chunked",
    `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
  ),
  protocol("sends two lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\nok`),
  protocol("sends a negative length", `${HEAD}Content-Length: -2\r\n\r\nok`),
  protocol("sends an unknown Transfer-Encoding", `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`),
  protocol("folds a line", `${HEAD}X: a\r\n b\r\nContent-Length: 2\r\n\r\nok`),
  protocol("splits a field with CR", `${HEAD}X: a\rSet-Cookie: b=c\r\nContent-Length: 2\r\n\r\nok`),
  protocol("sends NUL in a field", `${HEAD}X: a\0b\r\nContent-Length: 2\r\n\r\nok`),
  protocol("sends a head of 70 KB", `${HEAD}X: ${BIG}\r\n\r\n`),
  protocol("sends a head without end", `${HEAD}X: ${BIG}`),
  protocol("sends interim responses without end", "HTTP/1.1 102 Processing\r\n\r\n".repeat(40)),
  protocol(
    "switches protocols unasked",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
  ),
];

interface Broken {
  readonly name: string;
  readonly serve: (request: Received, socket: Socket) => void;
}

/** Answers that begin and do not end: the client must see that. */
const broken: Broken[] = [];
for (const end of ["end", "reset"] as const) {
  broken.push(
    { name: `${end} inside a body of known length`, serve: then(`${HEAD}Content-Length: 10\r\n\r\nhello`, end) },
    {
      name: `${end} inside a large body of known length`,
      serve: then(`${HEAD}Content-Length: 90000\r\n\r\n${BIG}`, end),
    },
    { name: `${end} before a body of known length`, serve: then(`${HEAD}Content-Length: 10\r\n\r\n`, end) },
    { name: `${end} inside a chunk`, serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\na\r\nhello`, end) },
    { name: `${end} between chunks`, serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, end) },
    {
      name: `${end} before the last line of chunks`,
      serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`, end),
    },
  );
}
broken.push(
  { name: "reset inside a body that ends with the connection", serve: then(`${HEAD}\r\nhello`, "reset") },
  {
    name: "a bad chunk after a good one",
    serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n`),
  },
  {
    name: "a chunk longer than its size",
    serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello!!\r\n0\r\n\r\n`),
  },
);

interface Good {
  readonly name: string;
  readonly serve: (request: Received, socket: Socket) => void;
  readonly body: string;
  /** Whether the second request may come on the same backend connection. */
  readonly reused: boolean;
}

const EVIL = `HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX-Evil: 1\r\n\r\nevil`;

/** Answers that are fine for the client; asked for twice, the second time nothing of the first may be left. */
const good: Good[] = [
  { name: "known length", serve: then(OK), body: "ok", reused: true },
  {
    name: "chunks",
    serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`),
    body: "ok",
    reused: true,
  },
  {
    name: "an answer byte by byte",
    serve: (_, s) => void drip(s, `${HEAD}Transfer-Encoding: chunked\r\n\r\n2;x=y\r\nok\r\n0\r\nT: 1\r\n\r\n`),
    body: "ok",
    reused: true,
  },
  {
    name: "Connection: close",
    serve: then("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
    body: "ok",
    reused: false,
  },
  {
    name: "HTTP/1.0 without keep-alive",
    serve: then("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    body: "ok",
    reused: false,
  },
  {
    name: "HTTP/1.0 with keep-alive",
    serve: then("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"),
    body: "ok",
    reused: true,
  },
  { name: "a body that ends with the connection", serve: then(`${HEAD}\r\nok`, "end"), body: "ok", reused: false },
  {
    name: "an HTTP/1.0 body that ends with the connection",
    serve: then("HTTP/1.0 200 OK\r\n\r\nok", "end"),
    body: "ok",
    reused: false,
  },
  {
    name: "interim responses first",
    serve: then(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n${OK}`),
    body: "ok",
    reused: true,
  },
  { name: "a body longer than its length", serve: then(`${OK}extra`), body: "ok", reused: false },
  { name: "a second answer behind the first", serve: then(`${OK}${EVIL}`), body: "ok", reused: false },
  {
    name: "a second answer behind chunks",
    serve: then(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n${EVIL}`),
    body: "ok",
    reused: false,
  },
  { name: "a body behind 204", serve: then(`HTTP/1.1 204 No Content\r\n\r\n${EVIL}`), body: "", reused: false },
  {
    name: "a body behind 304",
    serve: then(`HTTP/1.1 304 Not Modified\r\nContent-Length: 60\r\n\r\n${EVIL}`),
    body: "",
    reused: false,
  },
  {
    name: "lines that end with LF",
    serve: then("HTTP/1.1 200 OK\nX: a\nContent-Length: 2\n\nok"),
    body: "ok",
    reused: true,
  },
  {
    name: "a blank before a colon",
    serve: then("HTTP/1.1 200 OK\r\nContent-Length : 2\r\n\r\nok"),
    body: "ok",
    reused: true,
  },
  {
    name: "two equal lengths",
    serve: then(`${HEAD}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok`),
    body: "ok",
    reused: true,
  },
  { name: "a list of equal lengths", serve: then(`${HEAD}Content-Length: 2, 2\r\n\r\nok`), body: "ok", reused: true },
  { name: "an empty line behind the answer", serve: then(`${OK}\r\n`), body: "ok", reused: false },
];

async function drip(socket: Socket, text: string): Promise<void> {
  socket.setNoDelay(true);
  for (const char of text) await new Promise((resolve) => socket.write(char, resolve));
}

const slug = (name: string) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
const path = (name: string) => `/${slug(name)}`;
const at = (name: string) => backends.get(slug(name))!;

/** Reached by tests of their own. */
const special: Record<string, (request: Received, socket: Socket) => void> = {
  healthy: (request, socket) =>
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.target.length}\r\n\r\n${request.target}`),
  // Closes a kept-alive connection at the very moment the next request comes on it.
  racing: (() => {
    const seen = new WeakSet<Socket>();
    return (_: Received, socket: Socket) => {
      if (seen.has(socket)) return void socket.resetAndDestroy();
      seen.add(socket);
      socket.write(OK);
    };
  })(),
  // Times a kept-alive connection out at the very moment the next request comes on it.
  late: (() => {
    const seen = new WeakSet<Socket>();
    return (_: Received, socket: Socket) => {
      if (seen.has(socket)) {
        return void socket.end("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nslow");
      }
      seen.add(socket);
      socket.write(OK);
    };
  })(),
  hints: then(
    `HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n${OK}`,
  ),
  interims: then(
    `HTTP/1.1 102 Processing\r\nX-Step: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\nX-No: link\r\n\r\n` +
      `HTTP/1.1 103 Early Hints\r\nLink: no link at all\r\nLink: </b>\r\n\r\nHTTP/1.1 142 Of Tomorrow\r\nX: y\r\n\r\n${OK}`,
  ),
  head: (request, socket) =>
    socket.write(request.head.startsWith("HEAD") ? "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" : OK),
  headbody: (request, socket) =>
    socket.write(request.head.startsWith("HEAD") ? `HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n${EVIL}` : OK),
};

before(async () => {
  for (const { name, serve } of [...failing, ...broken, ...good]) backends.set(slug(name), await recorder(serve));
  for (const [name, serve] of Object.entries(special)) backends.set(name, await recorder(serve));
  const early = await rawEarly();
  backends.set("early", early);
  const unsolicited = await recorder(then(OK));
  backends.set("unsolicited", unsolicited);
  const gone = await recorder();
  await gone.close();
  const ports: [string, number[]][] = [...backends].map(([name, backend]) => [name, [backend.port]]);
  hole = await blackHole();
  ports.push(["dead", [gone.port]], ["half", [gone.port, at("healthy").port]], ["hole", [hole.port]]);
  const rules = ports.map(([name]) => `      - { id: ${name}, path: "/${name}/*", serviceName: ${name} }`).join("\n");
  const services = ports
    .map(([name, list]) => {
      const instances = list.map((port, i) => `{ id: ${name}-${i}, address: 127.0.0.1, port: ${port} }`);
      return `      - { name: ${name}, instances: [ ${instances.join(", ")} ] }`;
    })
    .join("\n");
  gateway = await startGateway(`gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  backend: { http: { responseHeaderTimeout: 300ms, dialTimeout: 400ms }, websocket: { connectionTimeout: 900ms } }
  router:
    rules:
${rules}
  registry:
    static:
      services:
${services}
`);
});

after(async () => {
  await gateway?.kill();
  hole?.close();
  for (const [, backend] of backends) if (backend.server.listening) await backend.close();
});

/** Answers as soon as it has read a head, whatever body is still to come. */
async function rawEarly(): Promise<Recorder> {
  const record = await recorder();
  await record.close();
  const raw = await rawBackend((socket) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (!text.includes("\r\n\r\n")) return;
      text = "";
      socket.write("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      socket.removeAllListeners("data");
      socket.resume();
    });
  });
  return { ...record, ...raw };
}

const get = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** An error of the table, and nothing that tells of the backend. */
function assertError(answer: Answer, status: number, code: string): void {
  assert.deepEqual([answer.status, answer.code], [status, code], answer.head + answer.body);
  assert.equal(answer.field("content-type"), "application/json; charset=utf-8");
  const parsed = JSON.parse(answer.body) as { error: Record<string, string> };
  assert.deepEqual(Object.keys(parsed), ["error"]);
  assert.deepEqual(Object.keys(parsed.error), ["type", "message", "code", "requestId"]);
  assert.equal(parsed.error.requestId, answer.field("x-request-id"));
  const told = answer.head + answer.body;
  assert.ok(!told.includes(SECRET) && !told.includes("127.0.0.1") && !/E[A-Z]{6,}|:\d{4,5}/.test(told), told);
}

test("an answer that never begins, or is none, is an error of the table, and the connection lives on", async (t) => {
  for (const { name, status, code } of failing) {
    await t.test(`the backend ${name}`, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      client.send(get(path(name)));
      let answer = await client.next();
      while (answer.status < 200) answer = await client.next();
      assertError(answer, status, code);
      assert.equal(at(name).requests.length, 1, "sent once");
      client.send(get("/healthy"));
      assert.equal((await client.next()).body, "/healthy");
    });
  }
});

test("an answer that breaks off is broken for the client too", async (t) => {
  for (const { name } of broken) {
    for (const version of ["1.1", "1.0"]) {
      await t.test(`${name}, client of HTTP/${version}`, async (t) => {
        const client = await RawClient.open(gateway.port);
        t.after(() => client.close());
        client.send(`GET ${path(name)} HTTP/${version}\r\nHost: a\r\n\r\n`);
        const { ending, text } = await client.toEnd();
        // An answer that would look whole had it ended with FIN must end with RST.
        const framed = /\r\ncontent-length: \d+\r\n/i.test(text) || /\r\ntransfer-encoding: chunked\r\n/i.test(text);
        if (!framed) assert.equal(ending, "reset", text.slice(0, 300));
        assert.ok(!text.endsWith("0\r\n\r\n"), "no last chunk");
        assert.doesNotMatch(text.slice(1), /HTTP\/1\.1 502/, "no second answer inside the first");
      });
    }
  }
});

test("a body that ends with a reset right behind its last byte is never taken for whole", async () => {
  const name = "reset inside a body that ends with the connection";
  for (let i = 0; i < 40; i++) {
    const client = await RawClient.open(gateway.port);
    client.send(`GET ${path(name)}/${i} HTTP/1.0\r\nHost: a\r\n\r\n`);
    assert.equal((await client.toEnd()).ending, "reset", `try ${i}`);
  }
});

test("a good answer is whole, and the next request gets its own", async (t) => {
  for (const { name, body, reused } of good) {
    await t.test(name, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      for (let i = 0; i < 3; i++) {
        client.send(get(`${path(name)}/${i}`));
        let answer = await client.next();
        while (answer.status < 200) answer = await client.next();
        assert.ok(answer.status < 400, answer.head);
        assert.equal(answer.body, body);
        assert.doesNotMatch(answer.head, /X-Evil/);
      }
      assert.equal(client.rest, "");
      assert.equal(at(name).connections(), reused ? 1 : 3, "backend connections");
      assert.equal(at(name).requests.length, 3);
    });
  }
});

test("chunked in HTTP/1.0 is not a framing to trust: the connection is not used again", async (t) => {
  const backend = await recorder(
    then("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
  );
  const one = await startGateway(`gateway:
  frontend: { http: { host: 127.0.0.1, port: 0 } }
  router: { rules: [ { path: "/*", serviceName: up } ] }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: ${backend.port} } ] } ] } }
`);
  t.after(async () => {
    await one.kill();
    await backend.close();
  });
  for (let i = 0; i < 2; i++) await ask(one.port, get(`/${i}`));
  assert.equal(backend.connections(), backend.requests.length);
});

test("an answer to HEAD has no body, and a body sent all the same goes to nobody", async () => {
  for (const name of ["head", "headbody"]) {
    const client = await RawClient.open(gateway.port);
    client.send(`HEAD /${name} HTTP/1.1\r\nHost: a\r\n\r\n`);
    const answer = await client.next(true);
    assert.equal(answer.status, 200);
    assert.equal(answer.field("content-length"), name === "head" ? "9" : "4");
    client.send(get(`/${name}`));
    assert.equal((await client.next()).body, "ok");
    client.close();
    assert.equal(at(name).connections(), name === "head" ? 1 : 2);
  }
});

test("early hints go to the client without any framing", async () => {
  const client = await RawClient.open(gateway.port);
  client.send(get("/hints"));
  const hint = await client.next();
  assert.equal(hint.status, 103);
  assert.equal(hint.field("link"), "</a.css>; rel=preload");
  for (const name of ["content-length", "transfer-encoding", "connection"])
    assert.equal(hint.field(name), undefined, name);
  assert.equal((await client.next()).body, "ok");
  client.close();
});

test("interim responses of every kind go to the client as they are", async () => {
  const client = await RawClient.open(gateway.port);
  client.send(get("/interims") + get("/healthy"));
  for (const [status, fields] of [
    [102, "X-Step: 1\r\n"],
    [103, "X-No: link\r\n"],
    [103, "Link: no link at all\r\nLink: </b>\r\n"],
    [142, "X: y\r\n"],
  ] as const) {
    const interim = await client.next();
    assert.equal(interim.status, status);
    assert.equal(interim.head.slice(interim.head.indexOf("\r\n") + 2), `${fields}\r\n`);
  }
  assert.equal((await client.next()).body, "ok");
  assert.equal((await client.next()).body, "/healthy");
  client.close();
});

test("a client of HTTP/1.0 gets no interim response", async () => {
  const client = await RawClient.open(gateway.port);
  client.send("GET /interims HTTP/1.0\r\n\r\n");
  assert.match((await client.toEnd()).text, /^HTTP\/1\.1 200 /);
});

test("bytes on an idle connection close it, and reach nobody", async () => {
  const backend = at("unsolicited");
  assert.equal((await ask(gateway.port, get("/unsolicited/1"))).body, "ok");
  const [socket] = backend.sockets;
  const closed = once(socket!, "close");
  socket!.write(EVIL);
  await within(closed, () => "the connection stayed open");
  const answer = await ask(gateway.port, get("/unsolicited/2"));
  assert.equal(answer.body, "ok");
  assert.equal(backend.connections(), 2);
});

for (const [method, body] of [
  ["GET", ""],
  ["HEAD", ""],
  ["DELETE", ""],
  ["PUT", "body"],
] as const) {
  test(`${method} on a connection that is reset when it is reused is sent again on a fresh one`, async () => {
    const backend = at("racing");
    const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
    for (const socket of backend.sockets) socket.destroy();
    assert.equal((await ask(gateway.port, get("/racing/first"))).status, 200);
    backend.forget();
    const answer = await ask(gateway.port, `${method} /racing/second HTTP/1.1\r\nHost: a\r\n${length}\r\n${body}`);
    assert.equal(answer.status, 200);
    assert.deepEqual(
      backend.requests.map((r) => [r.target, r.body]),
      [
        ["/racing/second", body],
        ["/racing/second", body],
      ],
    );
    assert.notEqual(backend.requests[0]!.connection, backend.requests[1]!.connection);
  });
}

for (const [method, body, status, sent] of [
  ["GET", "", 200, 2],
  ["POST", "", 200, 2],
  ["POST", "a body that is not kept", 502, 1],
] as const) {
  test(`${method} with ${body || "nothing"} never gets the 408 of an idle connection`, async () => {
    const backend = at("late");
    for (const socket of backend.sockets) socket.destroy();
    assert.equal((await ask(gateway.port, get("/late/first"))).status, 200);
    backend.forget();
    const length = `Content-Length: ${body.length}\r\n`;
    const answer = await ask(gateway.port, `${method} /late/second HTTP/1.1\r\nHost: a\r\n${length}\r\n${body}`);
    assert.equal(answer.status, status);
    assert.equal(new Set(backend.requests.map((r) => r.connection)).size, sent);
  });
}

for (const [name, fields, body] of [
  ["POST with a body", "Content-Length: 4\r\n", "body"],
  ["POST without a body", "Content-Length: 0\r\n", ""],
  ["POST in chunks", "Transfer-Encoding: chunked\r\n", "4\r\nbody\r\n0\r\n\r\n"],
  ["PATCH", "Content-Length: 4\r\n", "body"],
] as const) {
  test(`${name} on a connection that is reset when it is reused is not sent twice`, async () => {
    const backend = at("racing");
    for (const socket of backend.sockets) socket.destroy();
    assert.equal((await ask(gateway.port, get("/racing/first"))).status, 200);
    backend.forget();
    const method = name.split(" ", 1)[0];
    assertError(
      await ask(gateway.port, `${method} /racing/post HTTP/1.1\r\nHost: a\r\n${fields}\r\n${body}`),
      502,
      "upstream_reset",
    );
    assert.equal(backend.requests.length, 1);
  });
}

test("an answer before the end of the body reaches the client, whose connection works on or ends cleanly", async (t) => {
  for (const [name, fields, part] of [
    ["a short body", "Content-Length: 1000\r\n", "a".repeat(10)],
    ["a long body", "Content-Length: 900000\r\n", "a".repeat(1000)],
    ["chunks", "Transfer-Encoding: chunked\r\n", "3e8\r\n"],
  ] as const) {
    await t.test(name, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      client.send(`POST /early HTTP/1.1\r\nHost: a\r\n${fields}\r\n${part}`);
      const answer = await client.next();
      assert.deepEqual([answer.status, answer.body], [403, "no"]);
      if (answer.field("connection") === "close") return;
      const missing =
        name === "a short body"
          ? "a".repeat(990)
          : name === "a long body"
            ? "a".repeat(899_000)
            : `${"a".repeat(1000)}\r\n0\r\n\r\n`;
      client.send(missing + get("/healthy"));
      assert.equal((await client.next()).body, "/healthy");
    });
  }
});

test("nobody at the port is 502", async () => {
  assertError(await ask(gateway.port, get("/dead")), 502, "connect_failed");
});

test("a port that swallows connections is given up after dialTimeout", async () => {
  const answer = await ask(gateway.port, get("/hole"));
  assertError(answer, answer.status === 504 ? 504 : 502, answer.status === 504 ? "upstream_timeout" : "connect_failed");
});

test("a port that swallows connections is given up by a WebSocket after connectionTimeout", async () => {
  const begun = performance.now();
  const answer = await ask(gateway.port, handshake("/hole"));
  const ms = performance.now() - begun;
  assertError(answer, 502, "connect_failed");
  assert.ok(ms > 850 && ms < 5000, `${ms} ms`);
});

test("a dead endpoint beside a living one costs no request, with or without a body", async () => {
  for (let i = 0; i < 6; i++) {
    assert.equal((await ask(gateway.port, get(`/half/${i}`))).body, `/half/${i}`);
    const post = await ask(gateway.port, `POST /half/${i} HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`);
    assert.equal(post.body, `/half/${i}`);
  }
});

test("after all that the gateway has logged no defect of its own", () => {
  const bad = gateway.lines.filter(
    (l) => l.level === "error" || /uncaught|unhandled|inside the gateway/.test(String(l.msg)),
  );
  assert.deepEqual(bad, []);
});
