// Hostile requests against a running gateway: what is refused, that nothing of it reaches the backend, what is rebuilt.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { configFor, type GatewayProcess, startGateway } from "../support/gateway.ts";
import { ask, fieldOf, RawClient, type Recorder, recorder } from "../support/hostile.ts";

let backend: Recorder;
let gateway: GatewayProcess;
/** Believes 127.0.0.1 and forwards the client's Host. */
let trusting: GatewayProcess;

const GET = "GET / HTTP/1.1\r\n";
const POST = "POST / HTTP/1.1\r\n";
const HOST = "Host: a.example\r\n";
const CHUNKED = `${POST}${HOST}Transfer-Encoding: chunked\r\n\r\n`;

before(async () => {
  backend = await recorder((request, socket) => {
    socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${request.target.length}\r\n\r\n${request.target}`);
  });
  gateway = await startGateway(configFor(backend.port, "  backend: { http: { expectContinueTimeout: 100ms } }\n"));
  const yaml = configFor(backend.port, "", "preserveHost: true").replace(
    "port: 0,",
    'port: 0, trustedProxies: ["127.0.0.1"],',
  );
  trusting = await startGateway(yaml);
});

after(async () => {
  await gateway.kill();
  await trusting.kill();
  await backend.close();
});

/** Sends a good request on a connection of its own; all the backend got since `forget` must be that request. */
async function nothingReachedBackend(): Promise<void> {
  const canary = await ask(gateway.port, `GET /canary HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  assert.equal(canary.status, 200);
  assert.equal(backend.text(), backend.requests.map((r) => r.head + r.body).join(""), "whole requests only");
  assert.deepEqual(
    backend.requests.map((r) => r.target),
    ["/canary"],
  );
}

interface Refused {
  readonly name: string;
  readonly text: string;
  readonly status?: number;
  readonly code?: string;
}

const refused: Refused[] = [
  // Two framings at once.
  {
    name: "length and chunked",
    text: `${POST}${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  {
    name: "chunked and length",
    text: `${POST}${HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`,
  },
  {
    name: "chunked and length zero",
    text: `${POST}${HOST}Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n`,
  },
  {
    name: "chunked twice",
    text: `${POST}${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  },
  { name: "chunked in HTTP/1.0", text: `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
  { name: "two lengths that differ", text: `${POST}${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab` },
  { name: "two equal lengths", text: `${POST}${HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\na` },
  { name: "a length in front of an empty one", text: `${POST}${HOST}Content-Length: 1\r\nContent-Length:\r\n\r\na` },
  ...[
    "",
    "+1",
    "-1",
    "1,1",
    "1, 1",
    "1 1",
    "0x1",
    "1e0",
    "1.0",
    "a",
    "1a",
    '"1"',
    "\x0b1",
    "1\x0c",
    "1\t",
    "18446744073709551616",
    "1;",
    "\xb2",
  ].map((value) => ({
    name: `the length ${JSON.stringify(value)}`,
    text: `${POST}${HOST}Content-Length: ${value}\r\n\r\na`,
  })),
  ...[
    "",
    "gzip",
    "identity",
    "gzip, chunked",
    "chunked, gzip",
    "chunked, identity",
    "identity, chunked",
    "xchunked",
    "chunkedx",
    "chunked;q=1",
    "chunked,",
    ",chunked",
    "chunked, chunked",
    '"chunked"',
    "\x0bchunked",
    "\x0cchunked",
    "chunked\x0b",
    "chunked\t",
    "chunked\0",
    "chun ked",
    "\xa0chunked",
    "trailers",
  ].map((value) => ({
    name: `the Transfer-Encoding ${JSON.stringify(value)}`,
    text: `${POST}${HOST}Transfer-Encoding: ${value}\r\n\r\n0\r\n\r\n`,
  })),
  ...["gzip", "identity"].flatMap((other) => [
    {
      name: `Transfer-Encoding ${other}, then chunked`,
      text: `${POST}${HOST}Transfer-Encoding: ${other}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    },
    {
      name: `Transfer-Encoding chunked, then ${other}`,
      text: `${POST}${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: ${other}\r\n\r\n0\r\n\r\n`,
    },
  ]),
  // Lines that end or begin oddly.
  { name: "LF alone everywhere", text: "GET / HTTP/1.1\nHost: a\n\n" },
  { name: "LF after the request line", text: `GET / HTTP/1.1\n${HOST}\r\n` },
  { name: "LF after a field", text: `${GET}Host: a\nX: y\r\n\r\n` },
  { name: "LF as the empty line", text: `${GET}Host: a\r\n\n` },
  { name: "CR after a field", text: `${GET}Host: a\rX: y\r\n\r\n` },
  { name: "CR in a value", text: `${GET}${HOST}X: a\rb\r\n\r\n` },
  { name: "CR CR LF", text: `${GET}${HOST}X: a\r\r\n\r\n` },
  { name: "CR LF CR and no LF", text: `${GET}${HOST}X: a\r\n\rGET /b HTTP/1.1\r\n\r\n` },
  { name: "a folded line", text: `${GET}${HOST}X: a\r\n b\r\n\r\n` },
  { name: "a line folded with a tab", text: `${GET}${HOST}X: a\r\n\tb\r\n\r\n` },
  { name: "a folded Transfer-Encoding", text: `${POST}${HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n` },
  { name: "a folded length", text: `${POST}${HOST}Content-Length:\r\n 1\r\n\r\na` },
  { name: "a fold before the first field", text: `${GET} X: y\r\n${HOST}\r\n` },
  { name: "a blank before the colon", text: `${GET}${HOST}X : y\r\n\r\n` },
  { name: "a tab before the colon", text: `${GET}${HOST}X\t: y\r\n\r\n` },
  { name: "a blank before the colon of a length", text: `${POST}${HOST}Content-Length : 1\r\n\r\na` },
  {
    name: "a blank before the colon of Transfer-Encoding",
    text: `${POST}${HOST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
  },
  { name: "a field without colon", text: `${GET}${HOST}X\r\n\r\n` },
  { name: "a field without name", text: `${GET}${HOST}: x\r\n\r\n` },
  // Host.
  { name: "no Host", text: `${GET}X: y\r\n\r\n` },
  { name: "two Hosts", text: `${GET}Host: a\r\nHost: b\r\n\r\n` },
  { name: "two equal Hosts", text: `${GET}Host: a\r\nhost: a\r\n\r\n` },
  { name: "an empty Host", text: `${GET}Host:\r\n\r\n` },
  { name: "a Host of blanks", text: `${GET}Host: \t \r\n\r\n` },
  { name: "a Host that is a port", text: `${GET}Host: :80\r\n\r\n` },
  { name: "two Hosts in HTTP/1.0", text: "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n" },
  ...[..."!\"#$&'()*+,/;<=>?@\\^`{|} \xe9"].map((char) => ({
    name: `Host with ${JSON.stringify(char)}`,
    text: `${GET}Host: a${char}b\r\n\r\n`,
  })),
  { name: "Host with a tab inside", text: `${GET}Host: a\tb\r\n\r\n` },
  ...["$", ";", "&", "=", "+", ",", "!", "(", "'"].map((char) => ({
    name: `an absolute target whose host has ${char}`,
    text: `GET http://a${char}b/x HTTP/1.1\r\n${HOST}\r\n`,
  })),
  // Versions.
  ...[
    "HTTP/0.9",
    "HTTP/1.2",
    "HTTP/1.9",
    "HTTP/2.0",
    "HTTP/3.0",
    "HTTP/1.10",
    "HTTP/01.1",
    "HTTP/1",
    "HTTP/1.",
    "HTTP/.1",
    "http/1.1",
    "HTTP/1,1",
    "HTTP/-1.1",
    "HTTPS/1.1",
    "ICE/1.0",
    "",
  ].map((version) => ({ name: `the version ${JSON.stringify(version)}`, text: `GET / ${version}\r\n${HOST}\r\n` })),
  { name: "a request line without version", text: "GET /\r\n\r\n" },
  { name: "a blank after the version", text: `GET / HTTP/1.1 \r\n${HOST}\r\n` },
  { name: "words after the version", text: `GET / HTTP/1.1 x\r\n${HOST}\r\n` },
  { name: "no target", text: `GET HTTP/1.1\r\n${HOST}\r\n` },
  { name: "a target with a blank", text: `GET /a b HTTP/1.1\r\n${HOST}\r\n` },
  // Methods.
  ...["G\tT", "GE\0T", "G:T", "(GET)", "G@T", " GET", "\xc7ET", "GET/"].map((method) => ({
    name: `the method ${JSON.stringify(method)}`,
    text: `${method} / HTTP/1.1\r\n${HOST}\r\n`,
  })),
  ...["get", "Get", "FOO", "GETS", "GE", "BREW", "WEBSOCKET", "DESCRIBE", "!"].map((method) => ({
    name: `the method ${method}, which is none the gateway knows`,
    text: `${method} / HTTP/1.1\r\n${HOST}\r\n`,
    status: 501,
    code: "method_unknown",
  })),
  ...["FOO /a b HTTP/1.1", "FOO / HTTP/1.2", "FOO /", "FOO / HTTP/1.1 ", "FOO  / HTTP/1.1"].map((line) => ({
    name: `the line ${JSON.stringify(line)}`,
    text: `${line}\r\n${HOST}\r\n`,
  })),
  // Protocols that look like HTTP.
  ...[
    "OPTIONS * RTSP/1.0",
    "OPTIONS rtsp://a/ RTSP/1.0",
    "OPTIONS / RTSP/1.1",
    "GET / RTSP/1.0",
    "POST / RTSP/1.0",
    "DESCRIBE / RTSP/1.0",
    "PLAY / RTSP/1.0",
    "SOURCE / ICE/1.0",
    "SOURCE / ICE/1.1",
    "GET / ICE/1.0",
  ].map((line) => ({ name: `the line ${line}`, text: `${line}\r\n${HOST}\r\n` })),
  // Not HTTP at all.
  { name: "a TLS hello", text: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n" },
  { name: "words", text: "hello world\r\n\r\n" },
  { name: "zeros", text: "\0\0\0\0\r\n\r\n" },
];

const printable = (c: number) => `byte ${c.toString(16).padStart(2, "0")}`;
for (let c = 0; c < 256; c++) {
  const char = String.fromCharCode(c);
  const control = c < 0x20 || c === 0x7f;
  if (control && c !== 9)
    refused.push({ name: `${printable(c)} in a value`, text: `${GET}${HOST}X: a${char}b\r\n\r\n` });
  // CR and LF make other messages, which have their own cases above.
  if (control && c !== 10 && c !== 13) {
    refused.push({ name: `${printable(c)} in the query`, text: `GET /?a${char}b HTTP/1.1\r\n${HOST}\r\n` });
    refused.push({ name: `${printable(c)} in the path`, text: `GET /a${char}b HTTP/1.1\r\n${HOST}\r\n` });
  }
  const tchar = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char);
  if (!tchar && c !== 0x3a)
    refused.push({ name: `${printable(c)} in a name`, text: `${GET}${HOST}X${char}Y: z\r\n\r\n` });
}

const limits: Refused[] = [
  { name: "201 fields", text: `${GET}${HOST}${"X: y\r\n".repeat(200)}\r\n`, status: 431, code: "headers_too_large" },
  { name: "5000 fields", text: `${GET}${HOST}${"X:\r\n".repeat(5000)}\r\n`, status: 431, code: "headers_too_large" },
  {
    name: "a field of 33 KiB",
    text: `${GET}${HOST}X: ${"y".repeat(33 * 1024)}\r\n\r\n`,
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "a name of 33 KiB",
    text: `${GET}${HOST}${"y".repeat(33 * 1024)}: x\r\n\r\n`,
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "a target of 33 KiB",
    text: `GET /${"y".repeat(33 * 1024)} HTTP/1.1\r\n${HOST}\r\n`,
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "a head without end",
    text: `${GET}${HOST}X: ${"y".repeat(40 * 1024)}`,
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "a length beyond the limit",
    text: `${POST}${HOST}Content-Length: 10485761\r\n\r\n`,
    status: 413,
    code: "body_too_large",
  },
  {
    name: "a length beyond 2^53",
    text: `${POST}${HOST}Content-Length: 9007199254740993\r\n\r\n`,
    status: 413,
    code: "body_too_large",
  },
  { name: "CONNECT", text: `CONNECT a.example:443 HTTP/1.1\r\n${HOST}\r\n`, status: 405, code: "method_not_allowed" },
  ...["x", "200-ok", "99-continue", "100-continue, x", "", "100-continued"].map((value) => ({
    name: `Expect: ${JSON.stringify(value)}`,
    text: `${POST}${HOST}Expect: ${value}\r\nContent-Length: 1\r\n\r\na`,
    status: 417,
    code: "expectation_failed",
  })),
  ...["websocket", "WebSocket"].map((value) => ({
    name: `Upgrade: ${value} without a key`,
    text: `${GET}${HOST}Connection: Upgrade\r\nUpgrade: ${value}\r\n\r\nGET /swallowed HTTP/1.1\r\n\r\n`,
    status: 400,
    code: "bad_request",
  })),
];

test("a request that is not strict HTTP/1.1 is refused, its connection closed, and nothing of it forwarded", async (t) => {
  for (const { name, text, status = 400, code = "bad_request" } of [...refused, ...limits]) {
    await t.test(name, async (t) => {
      backend.forget();
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      // What follows must not be taken for a request of its own either.
      client.send(`${text}GET /smuggled HTTP/1.1\r\n${HOST}\r\n`);
      const answer = await client.next();
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.equal(answer.field("connection"), "close");
      assert.ok(answer.body.includes(`"requestId":"${answer.field("x-request-id")}"`), "the id is in field and body");
      // The gateway reads on for a while, so that a client in the middle of a large body sees the answer.
      if (status === 413) client.socket.end();
      const { ending, text: rest } = await client.toEnd();
      assert.equal(rest, "");
      // Once both sides have ended, FIN and RST can no longer be told apart.
      if (status !== 413) assert.equal(ending, "end");
      await nothingReachedBackend();
    });
  }
});

const badChunks: { name: string; body: string }[] = [
  ...[
    "g",
    "",
    " 1",
    "1 ",
    "\t1",
    "-1",
    "+1",
    "0x1",
    "1.",
    "1,1",
    "\x0b1",
    "1\0",
    "\xff",
    "10000000000000000",
    "1\x0c",
  ].map((size) => ({
    name: `the chunk size ${JSON.stringify(size)}`,
    body: `${size}\r\na\r\n0\r\n\r\n`,
  })),
  { name: "a size line ended by LF", body: "1\na\r\n0\r\n\r\n" },
  { name: "a size line ended by CR", body: "1\ra\r\n0\r\n\r\n" },
  { name: "a chunk longer than its size", body: "1\r\nab\r\n0\r\n\r\n" },
  { name: "a chunk ended by LF", body: "1\r\na\n0\r\n\r\n" },
  { name: "a chunk without end", body: "1\r\na0\r\n\r\n" },
  { name: "an extension ended by LF", body: "1;a\na\r\n0\r\n\r\n" },
  { name: "a CR in an extension", body: "1;a\rb\r\na\r\n0\r\n\r\n" },
  { name: "NUL in an extension", body: "1;a\0b\r\na\r\n0\r\n\r\n" },
  { name: "a blank before an extension", body: "1 ;a\r\na\r\n0\r\n\r\n" },
  { name: "an empty extension", body: "1;\r\na\r\n0\r\n\r\n" },
  { name: "extensions of 20 KiB", body: `1;${"a".repeat(20_000)}\r\na\r\n0\r\n\r\n` },
  { name: "a trailer with a blank before its colon", body: "1\r\na\r\n0\r\nX : y\r\n\r\n" },
  { name: "a folded trailer", body: "1\r\na\r\n0\r\nX: y\r\n z\r\n\r\n" },
  { name: "a trailer ended by LF", body: "1\r\na\r\n0\r\nX: y\n\r\n" },
  { name: "NUL in a trailer", body: "1\r\na\r\n0\r\nX: \0\r\n\r\n" },
  { name: "a length as trailer", body: "1\r\na\r\n0\r\nContent-Length: 3\r\n\r\n" },
  { name: "Transfer-Encoding as trailer", body: "1\r\na\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n" },
  { name: "a trailer of 40 KiB", body: `1\r\na\r\n0\r\nX: ${"y".repeat(40_000)}\r\n\r\n` },
];

test("a body that breaks its framing is refused, its connection closed, and the backend sees no complete request", {
  concurrency: true,
}, async (t) => {
  backend.forget();
  const cases = badChunks.map(({ name, body }, i) =>
    t.test(name, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      client.send(
        `POST /broken/${i} HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${body}${get(`/behind/${i}`)}`,
      );
      const answer = await client.next();
      assert.ok(answer.status === 400 || (answer.status === 431 && /40 KiB/.test(name)), `status ${answer.status}`);
      assert.equal(answer.field("connection"), "close");
      assert.deepEqual(await client.toEnd(), { ending: "end", text: "" });
      await ask(gateway.port, get(`/canary/${i}`));
      const targets = backend.requests.map((r) => r.target);
      assert.ok(targets.includes(`/canary/${i}`));
      assert.ok(!targets.includes(`/broken/${i}`) && !targets.includes(`/behind/${i}`), "nothing whole arrived");
    }),
  );
  await Promise.all(cases);
});

test("a body that grows beyond the limit is refused while it comes", async () => {
  backend.forget();
  const client = await RawClient.open(gateway.port);
  client.send(CHUNKED);
  const chunk = `10000\r\n${"a".repeat(65536)}\r\n`;
  for (let i = 0; i < 161; i++) client.send(chunk);
  const answer = await client.next();
  assert.deepEqual([answer.status, answer.code], [413, "body_too_large"]);
  assert.equal(answer.field("connection"), "close");
  await client.toEnd();
  assert.equal(backend.requests.length, 0);
});

const paths: [raw: string, canonical: string | null][] = [
  ["/a/./b", "/a/b"],
  ["/a//b", "/a/b"],
  ["//a", "/a"],
  ["/a/../b", "/b"],
  ["/a/%2e%2e/b", "/b"],
  ["/a/%2E%2E/b/", "/b/"],
  ["/a/.%2e/b", "/b"],
  ["/a/b/..", "/a/"],
  ["/%61%7e", "/a~"],
  ["/a%2fb", "/a%2Fb"],
  ["/a%5c..%5cb", "/a%5C..%5Cb"],
  ["/a/..%2fb", "/a/..%2Fb"],
  ["/%252e%252e/a", "/%252e%252e/a"],
  ["/a?x=/../%2e%2e//&y=%zz\\&z=?", "/a?x=/../%2e%2e//&y=%zz\\&z=?"],
  ["/a?", "/a?"],
  ["/..", null],
  ["/../a", null],
  ["/a/../../b", null],
  ["/%2e%2e", null],
  ["/%2e%2e/%2e%2e/etc/passwd", null],
  ["/.%2e/a", null],
  ["//..", null],
  ["/a\\b", null],
  ["/\\a", null],
  ["/a%00", null],
  ["/%00", null],
  ["/%zz", null],
  ["/%", null],
  ["/%2", null],
  ["/a%u0041", null],
  ["/a#b", null],
  ["/#", null],
  ["/a?b#c", null],
  ["*", null],
  ["http://u:p@a.example/", null],
  ["ftp://a.example/", null],
  ["http:///a", null],
  ["http://a.example/../b", null],
  ["http://a.example/x/../b", "/b"],
  ["http://a.example", "/"],
  ["HTTPS://a.example?q", "/?q"],
];

test("the path that goes upstream is canonical; one that has no canonical form is refused and the connection lives on", async (t) => {
  for (const [raw, canonical] of paths) {
    await t.test(`${raw} → ${canonical ?? "refused"}`, async () => {
      backend.forget();
      const client = await RawClient.open(gateway.port);
      client.send(`GET ${raw} HTTP/1.1\r\n${HOST}\r\n`);
      const answer = await client.next();
      if (canonical === null) assert.deepEqual([answer.status, answer.code], [400, "invalid_path"]);
      else assert.equal(answer.status, 200);
      client.send(`GET /next HTTP/1.1\r\n${HOST}\r\n`);
      assert.equal((await client.next()).body, "/next");
      client.close();
      assert.deepEqual(
        backend.requests.map((r) => r.target),
        canonical === null ? ["/next"] : [canonical, "/next"],
      );
    });
  }
});

/** The head the backend received for `text`, its process mark made constant. */
async function forwarded(text: string, through = gateway): Promise<string> {
  backend.forget();
  const answer = await ask(through.port, text);
  assert.equal(answer.status, 200, answer.head + answer.body);
  assert.equal(backend.requests.length, 1);
  const [request] = backend.requests;
  assert.equal(backend.text(), request!.head + request!.body, "one request and nothing else");
  return (request!.head + request!.body)
    .replace(/X-Gateway: [0-9a-f]{12}\r\n/, "X-Gateway: mark\r\n")
    .replace(/X-Request-Deadline: \d+\.\d{3}\r\n/, "X-Request-Deadline: soon\r\n");
}

const ID = "X-Request-ID: r1\r\n";
const rebuilt = (line: string, fields: string, rest = "", host = "a.example") =>
  `${line}\r\nHost: 127.0.0.1:${backend.port}\r\n${fields}` +
  `X-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n` +
  `X-Forwarded-Host: ${host}\r\nForwarded: for=127.0.0.1;proto=http;host=${host}\r\n` +
  `X-Request-Deadline: soon\r\n${ID}X-Gateway: mark\r\n${rest}`;

const exact: { name: string; text: string; gets: () => string }[] = [
  {
    name: "a plain request",
    text: `GET /a?b=c HTTP/1.1\r\n${HOST}${ID}Accept:  */* \r\nx-Odd_name:\r\n\r\n`,
    gets: () => rebuilt("GET /a?b=c HTTP/1.1", "Accept: */*\r\nx-Odd_name: \r\n", "\r\n"),
  },
  {
    name: "every hop-by-hop field",
    text:
      `GET /h HTTP/1.1\r\n${HOST}${ID}Connection: keep-alive, X-Mine\r\nX-Mine: 1\r\nKeep-Alive: timeout=5\r\nProxy: evil\r\n` +
      `Proxy-Authorization: Basic eA==\r\nProxy-Connection: close\r\nTrailer: X\r\nTE: gzip\r\nUpgrade: h3\r\nX-Kept: 1\r\n\r\n`,
    gets: () => rebuilt("GET /h HTTP/1.1", "X-Kept: 1\r\n", "\r\n"),
  },
  {
    name: "spoofed forwarding, identity and marks",
    text:
      `GET /s HTTP/1.1\r\n${HOST}${ID}X-Forwarded-For: 6.6.6.6\r\nx-forwarded-host: evil\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n` +
      `X-Forwarded-Ssl: on\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Auth-Subject: root\r\nx-auth-claims: {}\r\nX-Gateway: other\r\n` +
      `X-Retry-Attempt: 9\r\nX-Request-Deadline: 99999999999.000\r\nX_Request_Deadline: 1.000\r\n` +
      `X_Forwarded_For: 6.6.6.6\r\nX-Forwarded_For: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\nX_Auth_Subject: root\r\nX-Auth_Type: jwt\r\nX_Gateway: o\r\n\r\n`,
    gets: () => rebuilt("GET /s HTTP/1.1", "", "\r\n"),
  },
  {
    name: "fields that Connection cannot take away",
    text:
      `POST /n HTTP/1.1\r\n${HOST}${ID}Connection: X-Forwarded-For, X-Forwarded-Host, X-Forwarded-Proto, X-Real-IP, Forwarded, Host, ` +
      `Content-Length, X-Request-ID, Via, X-Gateway, Transfer-Encoding, close\r\nContent-Length: 3\r\n\r\nabc`,
    gets: () => rebuilt("POST /n HTTP/1.1", "Content-Length: 3\r\n", "\r\nabc"),
  },
  {
    name: "fields that Connection does take away",
    text: `GET /t HTTP/1.1\r\n${HOST}${ID}Connection: authorization,COOKIE\r\nAuthorization: Bearer x\r\nCookie: a=b\r\nX: y\r\n\r\n`,
    gets: () => rebuilt("GET /t HTTP/1.1", "X: y\r\n", "\r\n"),
  },
  {
    name: "chunks without their extensions",
    text: `POST /c HTTP/1.1\r\n${HOST}${ID}Transfer-Encoding: CHUNKED\r\n\r\n0003;a=b\r\nabc\r\n000\r\n\r\n`,
    gets: () => rebuilt("POST /c HTTP/1.1", "", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
  },
  {
    name: "TE: trailers",
    text: `GET /e HTTP/1.1\r\n${HOST}${ID}TE: deflate, trailers\r\nConnection: TE\r\n\r\n`,
    gets: () => rebuilt("GET /e HTTP/1.1", "", "TE: trailers\r\nConnection: TE\r\n\r\n"),
  },
  {
    name: "an absolute target, whose host replaces Host",
    text: `GET http://b.example/x?y HTTP/1.1\r\n${HOST}${ID}\r\n`,
    gets: () => rebuilt("GET /x?y HTTP/1.1", "", "\r\n", "b.example"),
  },
  {
    name: "an upgrade to h2c, ignored",
    text: `GET /u HTTP/1.1\r\n${HOST}${ID}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n`,
    gets: () => rebuilt("GET /u HTTP/1.1", "", "\r\n"),
  },
  {
    name: "a GET with a body, which keeps its framing",
    text: `GET /b HTTP/1.1\r\n${HOST}${ID}Content-Length: 4\r\n\r\nbody`,
    gets: () => rebuilt("GET /b HTTP/1.1", "Content-Length: 4\r\n", "\r\nbody"),
  },
  {
    name: "a length with leading zeros",
    text: `POST /z HTTP/1.1\r\n${HOST}${ID}content-length:  0003\r\n\r\nabc`,
    gets: () => rebuilt("POST /z HTTP/1.1", "Content-Length: 3\r\n", "\r\nabc"),
  },
];

test("what reaches the backend is rebuilt, to the byte", async (t) => {
  for (const { name, text, gets } of exact) await t.test(name, async () => assert.equal(await forwarded(text), gets()));
});

test("other spellings of fields the gateway asserts do not pass", async (t) => {
  for (const name of [
    "X_Request_ID",
    "X-Request_ID",
    "x_request-id",
    "Content_Length",
    "Transfer_Encoding",
    "X_Forwarded_Proto",
    "Proxy_Authorization",
    "Client.Cert",
    "X.Forwarded-For",
    "X-Real~IP",
  ]) {
    await t.test(name, async () => {
      assert.equal(
        await forwarded(`GET /s HTTP/1.1\r\n${HOST}${ID}${name}: 5\r\n\r\n`),
        rebuilt("GET /s HTTP/1.1", "", "\r\n"),
      );
    });
  }
});

test("trailers carry no identity, no address and no framing", async (t) => {
  const fields = [
    "X-Forwarded-For",
    "X-Real-IP",
    "Forwarded",
    "X-Auth-Subject",
    "X_Auth_Subject",
    "X-Gateway",
    "X-Request-ID",
    "Via",
    "Proxy",
    "Authorization",
    "Cookie",
    "Host",
  ];
  for (const name of fields) {
    await t.test(name, async () => {
      const text = `POST /t HTTP/1.1\r\n${HOST}${ID}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${name}: 6.6.6.6\r\nX-Sum: 1\r\n\r\n`;
      const got = await forwarded(text);
      assert.equal(got.slice(got.indexOf("\r\n\r\n")), "\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n");
    });
  }
});

test("a trusted peer's forwarding is kept and added to, its identity fields are not", async () => {
  const got = await forwarded(
    `GET /s HTTP/1.1\r\n${HOST}${ID}X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: b.example\r\nX-Forwarded-Proto: https\r\n` +
      `Forwarded: for=6.6.6.6\r\nX-Auth-Subject: root\r\nX_Forwarded_For: 7.7.7.7\r\nX-Gateway: other\r\nVia: 1.0 p\r\n\r\n`,
    trusting,
  );
  const head = (name: string) => fieldOf(got, name);
  assert.equal(head("host"), "a.example");
  assert.equal(head("x-forwarded-for"), "6.6.6.6, 127.0.0.1");
  assert.equal(head("x-real-ip"), "6.6.6.6");
  assert.equal(head("x-forwarded-host"), "b.example");
  assert.equal(head("x-forwarded-proto"), "https");
  assert.equal(head("forwarded"), "for=6.6.6.6, for=127.0.0.1;proto=http;host=a.example");
  assert.equal(head("via"), "1.0 p");
  assert.equal(head("x-gateway"), "mark");
  for (const name of ["x-auth-subject", "x_forwarded_for"]) assert.equal(head(name), undefined, name);
});

test("a trusted peer's lists are passed as they came, the client's address as a plain one", async () => {
  const chain = 'X-Forwarded-For: "[2001:DB8::1]:4711", 127.0.0.1:80\r\n';
  const told = await forwarded(`GET /s HTTP/1.1\r\n${HOST}${ID}${chain}\r\n`, trusting);
  assert.equal(fieldOf(told, "x-forwarded-for"), '"[2001:DB8::1]:4711", 127.0.0.1:80, 127.0.0.1');
  assert.equal(fieldOf(told, "x-real-ip"), "2001:db8::1");
  const named = await forwarded(`GET /s HTTP/1.1\r\n${HOST}${ID}${chain}X-Real-IP: 1.2.3.4:80\r\n\r\n`, trusting);
  assert.equal(fieldOf(named, "x-real-ip"), "1.2.3.4");
  const hidden = await forwarded(`GET /s HTTP/1.1\r\n${HOST}${ID}X-Real-IP: _hidden\r\n\r\n`, trusting);
  assert.equal(fieldOf(hidden, "x-real-ip"), "127.0.0.1");
});

test("a client's request id is kept only when it is harmless", async (t) => {
  for (const id of ["a b", "a;b", "x".repeat(129), "\xe9", "<script>", ""]) {
    await t.test(JSON.stringify(id.slice(0, 20)), async () => {
      backend.forget();
      const answer = await ask(gateway.port, `GET / HTTP/1.1\r\n${HOST}X-Request-ID: ${id}\r\n\r\n`);
      const given = answer.field("x-request-id")!;
      assert.match(given, /^[0-9a-f]{12}-[0-9a-z]+$/);
      assert.equal(backend.requests[0]!.head.match(/x-request-id/gi)!.length, 1);
      assert.equal(fieldOf(backend.requests[0]!.head, "x-request-id"), given);
    });
  }
});

test("200 fields and a head just below the limit are forwarded", async () => {
  assert.equal((await ask(gateway.port, `${GET}${HOST}${"X: y\r\n".repeat(199)}\r\n`)).status, 200);
  assert.equal((await ask(gateway.port, `${GET}${HOST}X: ${"y".repeat(31 * 1024)}\r\n\r\n`)).status, 200);
});

test("a request of the gateway that comes back to it is a loop", async () => {
  const got = await (async () => {
    backend.forget();
    await ask(gateway.port, `GET / HTTP/1.1\r\n${HOST}\r\n`);
    return fieldOf(backend.requests[0]!.head, "x-gateway")!;
  })();
  const answer = await ask(gateway.port, `GET / HTTP/1.1\r\n${HOST}X-Gateway: ${got}\r\n\r\n`);
  assert.deepEqual([answer.status, answer.code], [508, "loop_detected"]);
});

/** A request as a pipeline holds them; the backend answers with its path. */
const get = (path: string) => `GET ${path} HTTP/1.1\r\n${HOST}\r\n`;

test("pipelined requests are answered in their order, however many", async () => {
  const client = await RawClient.open(gateway.port);
  const list = Array.from({ length: 100 }, (_, i) => `/p${i}`);
  client.send(list.map(get).join(""));
  for (const path of list) assert.equal((await client.next()).body, path);
  client.close();
});

test("pipelined requests with bodies keep their own bodies", async () => {
  backend.forget();
  const client = await RawClient.open(gateway.port);
  client.send(
    `POST /1 HTTP/1.1\r\n${HOST}Content-Length: 31\r\n\r\nGET /inside HTTP/1.1\r\nHost: a\r\n` +
      `POST /2 HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n${get("/3")}`,
  );
  for (const path of ["/1", "/2", "/3"]) assert.equal((await client.next()).body, path);
  client.close();
  assert.deepEqual(
    backend.requests.map((r) => [r.target, r.body]),
    [
      ["/1", "GET /inside HTTP/1.1\r\nHost: a\r\n"],
      ["/2", "5\r\nGET /\r\n0\r\n\r\n"],
      ["/3", ""],
    ],
  );
});

const followers: { name: string; text: string; status: number; code: string }[] = [
  { name: "garbage", text: "garbage\r\n\r\n", status: 400, code: "bad_request" },
  {
    name: "two framings",
    text: `${POST}${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
    code: "bad_request",
  },
  { name: "no Host", text: `${GET}\r\n`, status: 400, code: "bad_request" },
  {
    name: "too many fields",
    text: `${GET}${HOST}${"X: y\r\n".repeat(200)}\r\n`,
    status: 431,
    code: "headers_too_large",
  },
  {
    name: "a head too large",
    text: `${GET}${HOST}X: ${"y".repeat(40_000)}\r\n\r\n`,
    status: 431,
    code: "headers_too_large",
  },
  { name: "CONNECT", text: `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`, status: 405, code: "method_not_allowed" },
  { name: "an unknown method", text: `FOO / HTTP/1.1\r\n${HOST}\r\n`, status: 501, code: "method_unknown" },
  { name: "RTSP", text: `OPTIONS / RTSP/1.0\r\n${HOST}\r\n`, status: 400, code: "bad_request" },
  { name: "a bad chunk", text: `${CHUNKED}zz\r\n`, status: 400, code: "bad_request" },
  { name: "a bad chunk behind a good one", text: `${CHUNKED}1\r\na\r\nzz\r\n`, status: 400, code: "bad_request" },
  { name: "a bad trailer", text: `${CHUNKED}0\r\na b: c\r\n\r\n`, status: 400, code: "bad_request" },
  {
    name: "an unknown expectation",
    text: `${POST}${HOST}Expect: x\r\nContent-Length: 1\r\n\r\na`,
    status: 417,
    code: "expectation_failed",
  },
  {
    name: "an unknown expectation and garbage",
    text: `${POST}${HOST}Expect: x\r\nContent-Length: 1\r\n\r\nagarbage\r\n\r\n`,
    status: 417,
    code: "expectation_failed",
  },
  {
    name: "a WebSocket upgrade",
    text: `${GET}${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    status: 400,
    code: "bad_request",
  },
];

test("good requests in front of a refused one are answered first; then comes the refusal, and the end", async (t) => {
  for (const [i, { name, text, status, code }] of followers.entries()) {
    await t.test(name, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      client.send(`${get(`/${i}/1`)}${get(`/${i}/2`)}${text}${get(`/${i}/after`)}`);
      assert.equal((await client.next()).body, `/${i}/1`);
      assert.equal((await client.next()).body, `/${i}/2`);
      const answer = await client.next();
      assert.deepEqual([answer.status, answer.code], [status, code]);
      assert.equal(answer.field("connection"), "close");
      assert.deepEqual(await client.toEnd(), { ending: "end", text: "" });
      assert.deepEqual(
        backend.requests.map((r) => r.target).filter((target) => target.startsWith(`/${i}/`)),
        [`/${i}/1`, `/${i}/2`],
      );
    });
  }
});

const OFFER = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n";

const offers: { name: string; text: string; body: string }[] = [
  { name: "h2c", text: `GET /1 HTTP/1.1\r\n${HOST}${OFFER}\r\n`, body: "" },
  { name: "h2c with a body", text: `POST /1 HTTP/1.1\r\n${HOST}${OFFER}Content-Length: 3\r\n\r\nabc`, body: "abc" },
  {
    name: "h2c with chunks",
    text: `POST /1 HTTP/1.1\r\n${HOST}${OFFER}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    body: "3\r\nabc\r\n0\r\n\r\n",
  },
  { name: "others", text: `GET /1 HTTP/1.1\r\n${HOST}Connection: upgrade\r\nUpgrade: TLS/1.0, foo\r\n\r\n`, body: "" },
];

describe("an offer of another protocol is ignored and leaves the connection as it is", () => {
  for (const { name, text, body } of offers) {
    test(`${name}, again and again, with requests behind it in the same packet`, async (t) => {
      backend.forget();
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      // More often than an emitter has listeners before it warns.
      for (let i = 0; i < 12; i++) {
        client.send(text + get("/2") + text);
        for (const path of ["/1", "/2", "/1"]) {
          const answer = await client.next();
          assert.deepEqual([answer.body, answer.field("connection")], [path, "keep-alive"]);
        }
      }
      assert.deepEqual(
        backend.requests.slice(-3).map((r) => [r.target, r.body, fieldOf(r.head, "upgrade")]),
        [
          ["/1", body, undefined],
          ["/2", "", undefined],
          ["/1", body, undefined],
        ],
      );
    });

    test(`${name}, in pieces`, async (t) => {
      const client = await RawClient.open(gateway.port);
      t.after(() => client.close());
      client.socket.setNoDelay(true);
      for (const char of text) await new Promise((resolve) => client.socket.write(char, resolve));
      assert.equal((await client.next()).body, "/1");
      client.send(get("/2"));
      assert.equal((await client.next()).body, "/2");
    });
  }

  test("behind a request that ends the connection it is not looked at", async (t) => {
    backend.forget();
    const client = await RawClient.open(gateway.port);
    t.after(() => client.close());
    client.send(`GET /1 HTTP/1.1\r\n${HOST}Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n${HOST}${OFFER}\r\n`);
    assert.equal((await client.next()).body, "/1");
    assert.equal((await client.toEnd()).text, "");
    assert.deepEqual(
      backend.requests.map((r) => r.target),
      ["/1"],
    );
  });

  test("garbage behind it is refused", async (t) => {
    const client = await RawClient.open(gateway.port);
    t.after(() => client.close());
    client.send(`GET /1 HTTP/1.1\r\n${HOST}${OFFER}\r\ngarbage\r\n\r\n`);
    assert.equal((await client.next()).body, "/1");
    assert.equal((await client.next()).status, 400);
    assert.equal((await client.toEnd()).text, "");
  });
});

test("a body that waits for 100-continue is asked for, and sent once", async () => {
  backend.forget();
  const client = await RawClient.open(gateway.port);
  client.send(`POST /w HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 3\r\n\r\n`);
  assert.equal((await client.next()).status, 100);
  client.send("abc");
  assert.equal((await client.next()).status, 200);
  client.close();
  assert.deepEqual(
    backend.requests.map((r) => r.body),
    ["abc"],
  );
});

const aborts: { name: string; text: string }[] = [
  { name: "in the head", text: `${POST}${HOST}Content-Le` },
  { name: "before the body", text: `${POST}${HOST}Content-Length: 10\r\n\r\n` },
  { name: "in a body of known length", text: `${POST}${HOST}Content-Length: 10\r\n\r\nabc` },
  { name: "in a chunk", text: `${CHUNKED}a\r\nabc` },
  { name: "between chunks", text: `${CHUNKED}3\r\nabc\r\n` },
  { name: "before the last line of a chunked body", text: `${CHUNKED}3\r\nabc\r\n0\r\n` },
];

test("a client that leaves in the middle leaves no complete request behind", async (t) => {
  for (const { name, text } of aborts) {
    for (const how of ["end", "reset"] as const) {
      await t.test(`${name}, by ${how}`, async () => {
        backend.forget();
        const client = await RawClient.open(gateway.port);
        client.send(text);
        if (how === "end") client.socket.end();
        else client.socket.resetAndDestroy();
        await client.toEnd();
        assert.equal((await ask(gateway.port, get("/canary"))).status, 200);
        assert.deepEqual(
          backend.requests.map((r) => r.target),
          ["/canary"],
        );
      });
    }
  }
});

test("after all that the gateway has logged no defect of its own", () => {
  const bad = [...gateway.lines, ...trusting.lines].filter(
    (l) => l.level === "error" || /uncaught|unhandled|inside the gateway/.test(String(l.msg)),
  );
  assert.deepEqual(bad, []);
});
