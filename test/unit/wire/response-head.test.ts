// The head of a response: what is read from a good one, and that no other is read at all.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ProtocolError, parseResponseHead, parseTrailers, type ResponseHead } from "../../../src/wire/response-head.ts";

const LINE = "HTTP/1.1 200 OK\r\n";

const read: { name: string; text: string; head: Partial<ResponseHead> }[] = [
  { name: "status and reason", text: `${LINE}\r\n`, head: { status: 200, reason: "OK", fields: [] } },
  {
    name: "a reason of several words",
    text: "HTTP/1.1 404 Not Found\r\n\r\n",
    head: { status: 404, reason: "Not Found" },
  },
  { name: "an empty reason", text: "HTTP/1.1 200 \r\n\r\n", head: { reason: "" } },
  { name: "a missing reason", text: "HTTP/1.1 200\r\n\r\n", head: { status: 200, reason: "" } },
  { name: "a reason with obs-text", text: "HTTP/1.1 200 caf\xe9\r\n\r\n", head: { reason: "caf\xe9" } },
  { name: "a status outside the registry", text: "HTTP/1.1 799 x\r\n\r\n", head: { status: 799 } },
  { name: "no length", text: `${LINE}\r\n`, head: { contentLength: -1, chunked: false } },
  { name: "a length", text: `${LINE}Content-Length: 42\r\n\r\n`, head: { contentLength: 42 } },
  { name: "a length of zero", text: `${LINE}content-length:0\r\n\r\n`, head: { contentLength: 0 } },
  { name: "a length with blanks around it", text: `${LINE}Content-Length:   7  \r\n\r\n`, head: { contentLength: 7 } },
  {
    name: "chunked, and drops the field",
    text: `${LINE}Transfer-Encoding: CHUNKED\r\n\r\n`,
    head: { chunked: true, fields: [] },
  },
  { name: "keep-alive of 1.1", text: `${LINE}\r\n`, head: { keepAlive: true } },
  { name: "close of 1.1", text: `${LINE}Connection: close\r\n\r\n`, head: { keepAlive: false } },
  { name: "close in a list", text: `${LINE}Connection: x, Close\r\n\r\n`, head: { keepAlive: false } },
  {
    name: "close beside keep-alive",
    text: `${LINE}Connection: keep-alive\r\nConnection: close\r\n\r\n`,
    head: { keepAlive: false },
  },
  {
    name: "close before keep-alive",
    text: `${LINE}Connection: close\r\nConnection: keep-alive\r\n\r\n`,
    head: { keepAlive: false },
  },
  {
    name: "close before keep-alive in a list",
    text: `${LINE}Connection: close, keep-alive\r\n\r\n`,
    head: { keepAlive: false },
  },
  { name: "no keep-alive of 1.0", text: "HTTP/1.0 200 OK\r\n\r\n", head: { keepAlive: false } },
  {
    name: "keep-alive of 1.0 when it says so",
    text: "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\n\r\n",
    head: { keepAlive: true },
  },
  {
    name: "fields in order, spelling kept, values trimmed",
    text: `${LINE}X-B:  1\t\r\nx-a:2\r\nX-B: 3\r\nEmpty:\r\n\r\n`,
    head: { fields: ["X-B", "1", "x-a", "2", "X-B", "3", "Empty", ""] },
  },
  {
    name: "no hop-by-hop field",
    text: `${LINE}Keep-Alive: timeout=5\r\nTrailer: X\r\nTE: trailers\r\nUpgrade: h2c\r\nProxy-Connection: close\r\nX: 1\r\n\r\n`,
    head: { fields: ["X", "1"] },
  },
  {
    name: "no field that Connection names, before or after it",
    text: `${LINE}X-Secret: 1\r\nConnection: x-secret, X-Late\r\nX-Late: 2\r\nX-Kept: 3\r\n\r\n`,
    head: { fields: ["X-Kept", "3"], keepAlive: true },
  },
  {
    name: "a length that Connection names all the same",
    text: `${LINE}Connection: content-length\r\nContent-Length: 5\r\n\r\n`,
    head: { contentLength: 5, fields: ["Content-Length", "5"] },
  },
  {
    name: "lines that end with LF alone",
    text: "HTTP/1.1 200 OK\nX: a\nY: b\r\n\n",
    head: { reason: "OK", fields: ["X", "a", "Y", "b"] },
  },
  {
    name: "names without the blanks before their colon",
    text: `${LINE}X : y\r\nContent-Length\t : 5\r\n\r\n`,
    head: { contentLength: 5, fields: ["X", "y", "Content-Length", "5"] },
  },
  {
    name: "a coding whose name has a blank before its colon",
    text: `${LINE}Transfer-Encoding : chunked\r\n\r\n`,
    head: { chunked: true, fields: [] },
  },
  {
    name: "one length of two equal ones",
    text: `${LINE}Content-Length: 5\r\nX: y\r\ncontent-length: 5\r\n\r\n`,
    head: { contentLength: 5, fields: ["Content-Length", "5", "X", "y"] },
  },
  {
    name: "one length of a list of equal ones",
    text: `${LINE}Content-Length: 5, 5,5\r\n\r\n`,
    head: { contentLength: 5, fields: ["Content-Length", "5"] },
  },
  {
    name: "nothing of what follows it",
    text: `${LINE}X: a\r\n\r\nmore\r\n\r\n`,
    head: { size: 25, fields: ["X", "a"] },
  },
];

for (const { name, text, head } of read) {
  test(`a response head gives ${name}`, () => {
    const found = parseResponseHead(text);
    assert.deepEqual({ ...found, ...head }, found);
  });
}

const refused: { name: string; text: string }[] = [
  { name: "nothing", text: "\r\n\r\n" },
  { name: "a blank line first", text: `\r\n${LINE}\r\n` },
  { name: "HTTP/0.9", text: "HTTP/0.9 200 OK\r\n\r\n" },
  { name: "HTTP/1.2", text: "HTTP/1.2 200 OK\r\n\r\n" },
  { name: "HTTP/2.0", text: "HTTP/2.0 200 OK\r\n\r\n" },
  { name: "HTTP/1.10", text: "HTTP/1.10 200 OK\r\n\r\n" },
  { name: "HTTP/1. ", text: "HTTP/1. 200 OK\r\n\r\n" },
  { name: "lower-case http", text: "http/1.1 200 OK\r\n\r\n" },
  { name: "ICY", text: "ICY 200 OK\r\n\r\n" },
  { name: "two blanks before the status", text: "HTTP/1.1  200 OK\r\n\r\n" },
  { name: "a tab before the status", text: "HTTP/1.1\t200 OK\r\n\r\n" },
  { name: "a status of two digits", text: "HTTP/1.1 20 OK\r\n\r\n" },
  { name: "a status of four digits", text: "HTTP/1.1 2000 OK\r\n\r\n" },
  { name: "a status below 100", text: "HTTP/1.1 099 OK\r\n\r\n" },
  { name: "a negative status", text: "HTTP/1.1 -20 OK\r\n\r\n" },
  { name: "a status of letters", text: "HTTP/1.1 2x0 OK\r\n\r\n" },
  { name: "a reason glued to the status", text: "HTTP/1.1 200OK\r\n\r\n" },
  { name: "a bare CR in the reason", text: "HTTP/1.1 200 O\rK\r\n\r\n" },
  { name: "NUL in the reason", text: "HTTP/1.1 200 O\0K\r\n\r\n" },
  { name: "a field without colon", text: `${LINE}X\r\n\r\n` },
  { name: "a field without name", text: `${LINE}: x\r\n\r\n` },
  { name: "a folded line", text: `${LINE}X: a\r\n b\r\n\r\n` },
  { name: "a line folded with a tab", text: `${LINE}X: a\r\n\tb\r\n\r\n` },
  { name: "a blank before the first field", text: `${LINE} X: a\r\n\r\n` },
  { name: "a bare CR", text: `${LINE}X: a\rY: b\r\n\r\n` },
  { name: "CR CR LF", text: `${LINE}X: a\r\r\n\r\n` },
  { name: "a CR alone at the end", text: `${LINE}X: a\r\n\rx` },
  { name: "a name of two words", text: `${LINE}X Y: a\r\n\r\n` },
  { name: "a length behind LF that differs", text: "HTTP/1.1 200 OK\nContent-Length: 1\nContent-Length: 2\n\n" },
  { name: "two lengths that differ", text: `${LINE}Content-Length: 1\r\nContent-Length: 2\r\n\r\n` },
  { name: "length and Transfer-Encoding", text: `${LINE}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n` },
  { name: "Transfer-Encoding and length", text: `${LINE}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n` },
  { name: "chunked twice", text: `${LINE}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n` },
  ...[
    "",
    "-1",
    "+1",
    "1 1",
    "1, 2",
    "1,",
    ",1",
    "1;1",
    "0x1",
    "1e3",
    "1.0",
    "a",
    "1a",
    "\x0b1",
    "1\x0c",
    '"1"',
    "9".repeat(16),
  ].map((value) => ({ name: `the length ${JSON.stringify(value)}`, text: `${LINE}Content-Length: ${value}\r\n\r\n` })),
  ...[
    "",
    "gzip",
    "identity",
    "gzip, chunked",
    "chunked, gzip",
    "chunked;q=1",
    "xchunked",
    "chunke",
    "chunked,",
    "\x0bchunked",
  ].map((value) => ({
    name: `the Transfer-Encoding ${JSON.stringify(value)}`,
    text: `${LINE}Transfer-Encoding: ${value}\r\n\r\n`,
  })),
];
for (let c = 0; c < 256; c++) {
  const char = String.fromCharCode(c);
  const code = c.toString(16).padStart(2, "0");
  const tchar = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(char);
  if (!tchar && c !== 0x3a) refused.push({ name: `byte ${code} in a name`, text: `${LINE}X${char}Y: 1\r\n\r\n` });
  if ((c < 0x20 && c !== 9) || c === 0x7f)
    refused.push({ name: `byte ${code} in a value`, text: `${LINE}X: a${char}b\r\n\r\n` });
}

test("a response head that breaks the grammar is refused", async (t) => {
  for (const { name, text } of refused) {
    await t.test(name, () => assert.throws(() => parseResponseHead(text), ProtocolError));
  }
});

test("every byte a value may hold is kept", () => {
  let value = "x";
  for (let c = 0x20; c < 256; c++) if (c !== 0x7f) value += String.fromCharCode(c);
  value += "\ty";
  assert.deepEqual(parseResponseHead(`${LINE}V: ${value}\r\n\r\n`).fields, ["V", value]);
});

test("a head cut anywhere is never taken for a whole one", () => {
  const text = `${LINE}Content-Length: 12\r\nX-Name: value\r\n\r\n`;
  for (let cut = 0; cut < text.length; cut++) assert.throws(() => parseResponseHead(text.slice(0, cut)), ProtocolError);
});

test("trailers keep ordinary fields and leave out those that route or authenticate", () => {
  const text = "X-Sum: 1\r\nhost: c\r\nSet-Cookie: a\r\nAuthorization: b\r\nX-Two: 2\r\n\r\n";
  assert.deepEqual(parseTrailers(text), ["X-Sum", "1", "X-Two", "2"]);
  assert.deepEqual(parseTrailers("\r\n"), []);
});

test("trailers that break the grammar are refused", () => {
  for (const text of [
    "content-length: 1\r\n\r\n",
    "transfer-encoding: chunked\r\n\r\n",
    "Transfer-Encoding:\r\n\r\n",
    "X : 1\r\n\r\n",
    "X: 1\r\n 2\r\n\r\n",
    "X\r\n\r\n",
    ": 1\r\n\r\n",
    "X: a\0\r\n\r\n",
    "X: 1\n\r\n",
    "X: 1\r\n\r\n\r\n",
    "Content-Length: 3\r\n\r\n",
  ]) {
    assert.throws(() => parseTrailers(text), ProtocolError, JSON.stringify(text));
  }
});
