// The response parser: the same result however a response is cut, and nothing passes that Node's own parser refuses.
import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { ProtocolError } from "../../../src/wire/response-head.ts";
import { MAX_HEAD_BYTES, ResponseParser } from "../../../src/wire/response-parser.ts";
import { mutated, Random } from "../../support/hostile.ts";

interface Outcome {
  readonly interim: number[];
  readonly status: number;
  readonly length: number;
  readonly fields: string;
  readonly body: string;
  readonly trailers: readonly string[];
  /** `data` whose `last` was set, `complete` by onComplete; "" while incomplete. */
  readonly end: string;
  /** Whether bytes followed the message. */
  readonly more: boolean;
  readonly done: boolean;
}

/** Reads `text` in pieces that end at `cuts`, then the end of the connection when `fin`. */
function read(text: string, cuts: readonly number[], options: { toHead?: boolean; fin?: boolean } = {}): Outcome {
  const interim: number[] = [];
  let status = 0;
  let expected = -2;
  let fields = "";
  let body = "";
  let trailers: readonly string[] = [];
  let end = "";
  const parser = new ResponseParser({
    onInterim: (code) => interim.push(code),
    onSwitch: () => assert.fail("nobody asked for another protocol"),
    onHead(head, length) {
      assert.equal(status, 0, "one head only");
      status = head.status;
      expected = length;
      fields = head.fields.join("|");
    },
    onData(source, start, stop, last) {
      assert.notEqual(status, 0, "head before data");
      assert.equal(end, "", "nothing after the end");
      assert.ok(start < stop && stop <= source.length, "a run of data is not empty");
      body += source.toString("latin1", start, stop);
      if (last) end = "data";
    },
    onComplete(found) {
      assert.equal(end, "", "one end only");
      end = "complete";
      trailers = found;
    },
  });
  parser.begin(options.toHead === true);
  const bytes = Buffer.from(text, "latin1");
  const scratch = Buffer.alloc(bytes.length + 8);
  let pos = 0;
  let more = false;
  for (const stop of [...cuts, bytes.length]) {
    // As the client does it: one buffer for all reads, overwritten by each.
    scratch.fill(0x21);
    bytes.copy(scratch, 0, pos, stop);
    if (!parser.execute(scratch, stop - pos)) more = true;
    pos = stop;
    if (parser.done && pos < bytes.length) more = true;
    if (parser.done) break;
  }
  if (options.fin === true) parser.finish();
  return { interim, status, length: expected, fields, body, trailers, end, more, done: parser.done };
}

const HEAD = "HTTP/1.1 200 OK\r\nX: y\r\n";
const whole: Omit<Outcome, "done"> = {
  interim: [],
  status: 200,
  length: 0,
  fields: "X|y",
  body: "",
  trailers: [],
  end: "complete",
  more: false,
};

const messages: { name: string; text: string; toHead?: boolean; fin?: boolean; gives: Partial<Outcome> }[] = [
  {
    name: "a fixed length",
    text: `${HEAD}Content-Length: 11\r\n\r\nhello\r\n\r\nxy`,
    gives: { length: 11, body: "hello\r\n\r\nxy", end: "data", fields: "X|y|Content-Length|11" },
  },
  { name: "length zero", text: `${HEAD}Content-Length: 0\r\n\r\n`, gives: { fields: "X|y|Content-Length|0" } },
  {
    name: "chunks",
    text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;e=1\r\nde\r\n0\r\n\r\n`,
    gives: { length: -1, body: "abcde" },
  },
  {
    name: "chunks with trailers",
    text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nSum: 1\r\n\r\n`,
    gives: { length: -1, body: "abc", trailers: ["Sum", "1"] },
  },
  { name: "a body until the end", text: `${HEAD}\r\nall of it`, fin: true, gives: { length: -1, body: "all of it" } },
  { name: "no body until the end", text: `${HEAD}\r\n`, fin: true, gives: { length: -1 } },
  {
    name: "a body until the end of 1.0",
    text: "HTTP/1.0 200 OK\r\nX: y\r\n\r\nold",
    fin: true,
    gives: { length: -1, body: "old" },
  },
  {
    name: "an answer to HEAD with a length",
    text: `${HEAD}Content-Length: 9\r\n\r\n`,
    toHead: true,
    gives: { fields: "X|y|Content-Length|9" },
  },
  {
    name: "an answer to HEAD that is chunked",
    text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n`,
    toHead: true,
    gives: {},
  },
  { name: "204", text: "HTTP/1.1 204 No Content\r\nX: y\r\n\r\n", gives: { status: 204 } },
  {
    name: "304 with a length",
    text: "HTTP/1.1 304 Not Modified\r\nX: y\r\nContent-Length: 5\r\n\r\n",
    gives: { status: 304, fields: "X|y|Content-Length|5" },
  },
  {
    name: "interim responses",
    text: `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${HEAD}Content-Length: 1\r\n\r\nz`,
    gives: { interim: [100, 103], length: 1, body: "z", end: "data", fields: "X|y|Content-Length|1" },
  },
  {
    name: "lines that end with LF alone",
    text: "HTTP/1.1 200 OK\nX: y\nContent-Length: 6\n\n\r\n\r\nxy",
    gives: { length: 6, body: "\r\n\r\nxy", end: "data", fields: "X|y|Content-Length|6" },
  },
  {
    name: "lines that end now with LF, now with CRLF, after an interim response",
    text: "HTTP/1.1 103 Early Hints\nLink: </a>\n\nHTTP/1.1 200 OK\nX: y\r\nContent-Length: 0\r\n\n",
    gives: { interim: [103], fields: "X|y|Content-Length|0" },
  },
  {
    name: "a second response after a fixed length",
    text: `${HEAD}Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`,
    gives: { length: 2, body: "ok", end: "data", more: true, fields: "X|y|Content-Length|2" },
  },
  {
    name: "a second response after chunks",
    text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n`,
    gives: { length: -1, body: "ok", more: true },
  },
  { name: "a body after 204", text: "HTTP/1.1 204 No\r\nX: y\r\n\r\nbody", gives: { status: 204, more: true } },
  { name: "a body after HEAD", text: `${HEAD}\r\nbody`, toHead: true, gives: { more: true } },
];

for (const { name, text, gives, toHead = false, fin = false } of messages) {
  test(`${name}: whole, cut once and twice anywhere, and byte by byte`, () => {
    const expected: Outcome = { ...whole, done: true, ...gives };
    assert.deepEqual(read(text, [], { toHead, fin }), expected);
    for (let a = 1; a < text.length; a++) {
      assert.deepEqual(read(text, [a], { toHead, fin }), expected, `cut at ${a}`);
      for (let b = a + 1; b < text.length; b += 7) {
        assert.deepEqual(read(text, [a, b], { toHead, fin }), expected, `cut at ${a} and ${b}`);
      }
    }
    const each = Array.from({ length: text.length - 1 }, (_, i) => i + 1);
    assert.deepEqual(read(text, each, { toHead, fin }), expected);
  });
}

test("a message that is cut short is never complete", () => {
  for (const { text, gives, toHead = false, fin = false } of messages) {
    if (gives.more === true || fin) continue;
    for (let end = 0; end < text.length; end++) {
      const found = read(text.slice(0, end), [], { toHead, fin: true });
      assert.equal(found.done, false, JSON.stringify(text.slice(0, end)));
      assert.equal(found.end, "");
    }
  }
});

const refused: { name: string; text: string }[] = [
  { name: "101 that nobody asked for", text: "HTTP/1.1 101 Switching Protocols\r\n\r\n" },
  { name: "more interim responses than 32", text: "HTTP/1.1 100 Continue\r\n\r\n".repeat(33) },
  { name: "a head beyond the limit", text: `HTTP/1.1 200 OK\r\nX: ${"a".repeat(MAX_HEAD_BYTES)}\r\n\r\n` },
  { name: "a head beyond the limit, endless", text: `HTTP/1.1 200 OK\r\nX: ${"a".repeat(MAX_HEAD_BYTES)}` },
  {
    name: "many small fields beyond the limit",
    text: `HTTP/1.1 200 OK\r\n${"a: b\r\n".repeat(MAX_HEAD_BYTES / 6)}\r\n`,
  },
  { name: "a bad head after an interim one", text: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 abc\r\n\r\n" },
  { name: "LF alone behind a chunk size", text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n1\na\r\n0\r\n\r\n` },
  { name: "LF alone as the end of chunks", text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n0\r\n\n` },
  { name: "LF alone in a chunk extension", text: `${HEAD}Transfer-Encoding: chunked\r\n\r\n1;a\n` },
  { name: "a bad chunk", text: `${HEAD}Transfer-Encoding: chunked\r\n\r\nx\r\n` },
];

for (const { name, text } of refused) {
  test(`${name} is refused, whole and in pieces`, () => {
    assert.throws(() => read(text, []), ProtocolError);
    assert.throws(() => read(text, [1, 10, text.length - 5]), ProtocolError);
  });
}

for (const beginning of [
  "220 mail.example ESMTP\r\n",
  "\x15\x03\x03\x00\x02\x02\x46",
  "\r\n",
  "HTTP/2",
  "HTTP/1.1 200 OK\rX",
  "HTTP/1.1 200 OK\r\nX: a\0",
]) {
  test(`what begins with ${JSON.stringify(beginning)} is refused without waiting for an end`, () => {
    assert.throws(() => read(beginning, []), ProtocolError);
    assert.throws(() => read(beginning, [1, beginning.length - 1]), ProtocolError);
  });
}

test("a head in single bytes is copied a bounded number of times", (t) => {
  const bytes = 40_000;
  const copy = t.mock.method(Buffer.prototype, "copy");
  const concat = t.mock.method(Buffer, "concat");
  const parser = new ResponseParser({ onInterim() {}, onSwitch() {}, onHead() {}, onData() {}, onComplete() {} });
  parser.begin(false);
  for (const char of `HTTP/1.1 200 OK\r\nX: ${"a".repeat(bytes)}`) parser.execute(Buffer.from(char), 1);
  let copied = 0;
  for (const call of copy.mock.calls) copied += call.result as number;
  for (const call of concat.mock.calls) copied += (call.result as Buffer).length;
  assert.ok(copied < 5 * bytes, `${copied} bytes`);
});

test("a head of exactly the limit is read", () => {
  const start = "HTTP/1.1 204 No\r\nX: ";
  const text = `${start}${"a".repeat(MAX_HEAD_BYTES - start.length - 4)}\r\n\r\n`;
  assert.equal(text.length, MAX_HEAD_BYTES);
  assert.equal(read(text, []).done, true);
  assert.equal(read(text, [1000, 60_000]).done, true);
});

test("interim responses are counted per message, not per connection", () => {
  const parser = new ResponseParser({ onInterim() {}, onSwitch() {}, onHead() {}, onData() {}, onComplete() {} });
  const bytes = Buffer.from(`${"HTTP/1.1 100 Continue\r\n\r\n".repeat(32)}HTTP/1.1 204 No\r\n\r\n`);
  for (let i = 0; i < 3; i++) {
    parser.begin(false);
    assert.equal(parser.execute(bytes, bytes.length), true);
    assert.equal(parser.done, true);
  }
});

test("bytes with no response expected are reported", () => {
  const parser = new ResponseParser({ onInterim() {}, onSwitch() {}, onHead() {}, onData() {}, onComplete() {} });
  assert.equal(parser.execute(Buffer.from("H"), 1), false);
});

/** Length of the message at the beginning of `text` if the parser takes it for complete, else -1. */
function accepted(text: string): number {
  const parser = new ResponseParser({ onInterim() {}, onSwitch() {}, onHead() {}, onData() {}, onComplete() {} });
  parser.begin(false);
  const bytes = Buffer.from(text, "latin1");
  try {
    for (let i = 0; i < bytes.length; i++) {
      parser.execute(bytes.subarray(i, i + 1), 1);
      if (parser.done) return i + 1;
    }
    return parser.finish() ? bytes.length : -1;
  } catch (error) {
    assert.ok(error instanceof ProtocolError, String(error));
    return -1;
  }
}

const ODD = [
  "HTTP/1.1 200 OK\r\nContent-Length:\t5\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 5\t\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 5 \r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nContent-Length: 000000005\r\n\r\nhello",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked \r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;\r\na\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\r\na\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a b\r\na\r\n0\r\n\r\n",
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a="\r\na\r\n0\r\n\r\n',
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;\xff\r\na\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\nContent-Length: 3\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nTransfer-Encoding:\r\n\r\n",
  "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nConnection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nok",
  "HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n",
  "HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 103 Early\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 103 Early\r\nTransfer-Encoding: chunked\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.0 103 Early\r\nContent-Length: 5\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 103 Early\r\nConnection: close\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 999 X\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 \t\x80\xff\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nX:\r\nY: \t \r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nConnection: close, close,,\r\nContent-Length: 0\r\n\r\n",
  "HTTP/1.1 200 OK\nX: y\nContent-Length: 2\n\nok",
  "HTTP/1.1 103 Early\n\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
  "HTTP/1.1 200 OK\nTransfer-Encoding : chunked\n\n2\r\nok\r\n0\r\n\r\n",
  "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\ncontent-length: 2, 02\r\n\r\nok",
] as const;

/** `text` with its heads as the policy of the parser puts them, so that Node, which has none, can be asked. */
function normalised(text: string): string {
  const { index, 0: end } = /\r?\n\r?\n/.exec(text)!;
  const [status, ...fields] = text.slice(0, index).split(/\r?\n/);
  const plain = fields.map((line) => line.replace(/^([^:]*?)[ \t]+:/, "$1:"));
  const length = plain.findIndex((line) => /^content-length:/i.test(line));
  const kept = plain
    .filter((line, i) => i <= length || !/^content-length:/i.test(line))
    .map((line, i) => (i === length ? line.split(",")[0]! : line));
  const rest = text.slice(index + end.length);
  const head = `${[status, ...kept].join("\r\n")}\r\n\r\n`;
  return head + (/^HTTP\/1\.. 1/.test(head) ? normalised(rest) : rest);
}

test("what Node's own HTTP client refuses, or reads differently, is refused here but for what the policy normalises", async (t) => {
  const random = Random.fresh();
  const inputs = new Set<string>();
  for (const text of ODD) inputs.add(text);
  for (const { text, toHead } of messages) if (toHead !== true) inputs.add(text);
  const seeds = [...inputs];
  const taken = new Set<string>();
  for (const text of seeds) {
    const length = accepted(text);
    if (length !== -1) taken.add(text.slice(0, length));
  }
  for (let i = 0; i < 12_000; i++) {
    const text = mutated(random.pick(seeds), random);
    const length = accepted(text);
    if (length !== -1) taken.add(text.slice(0, length));
  }
  assert.ok(taken.size > 1000, `${taken.size} messages to compare`);
  const list = [...taken];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (chunk) => {
      const index = Number(/^GET \/(\d+) /.exec(chunk.toString())![1]);
      socket.end(normalised(list[index]!), "latin1");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  t.after(() => server.close());
  const differences = new Set<string>();
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let i = lane; i < list.length; i += 8) {
      const text = list[i]!;
      const node = await readByNode(port, i);
      if (node instanceof Error) {
        differences.add(`${node.message}: ${JSON.stringify(text)}`);
        continue;
      }
      const ours = read(text, [], { fin: true });
      if (ours.status === node.status && ours.body === node.body) continue;
      differences.add(`${JSON.stringify(node)} for ${JSON.stringify(text)}`);
    }
  });
  await Promise.all(lanes);
  assert.deepEqual([...differences].slice(0, 40), [], `seed ${random.seed}: ${differences.size} of ${list.length}`);
});

/** What node:http makes of response `index`. */
function readByNode(port: number, index: number): Promise<{ status: number; body: string } | Error> {
  return new Promise((resolve) => {
    const request = get({ port, host: "127.0.0.1", path: `/${index}`, agent: false }, (response) => {
      let body = "";
      response.setEncoding("latin1");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", resolve);
      response.on("end", () => resolve({ status: response.statusCode!, body }));
      response.on("close", () => resolve(new Error("response closed early")));
    });
    request.on("error", resolve);
    request.on("close", () => resolve(new Error("closed without a response")));
  });
}
