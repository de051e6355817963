// A PROXY header is taken off a real socket, exactly; whatever else a peer does ends its connection, and nothing is kept.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { takeProxyHeader } from "../../../src/adapters/take-proxy-header.ts";
import { binaryBlock, checkedHeader, IPV6_ENDS, textHeader } from "../../support/proxy-header.ts";

const CLIENT = { address: "203.0.113.7", port: 40_000 };

let server: Server;
let timeoutMs = 5000;
/** Settles with what the next connection turned out to be: its client and what it sent then, or why it was closed. */
let next: (outcome: unknown) => void = () => undefined;

before(async () => {
  server = createServer((socket) => {
    const listeners = () => ["close", "error", "readable", "end"].map((event) => socket.listenerCount(event));
    const initial = listeners();
    takeProxyHeader(socket, timeoutMs, {
      taken: (source) => {
        assert.deepEqual(listeners(), initial);
        void rest(socket).then((text) => next({ source, text }));
      },
      failed: (fault, detail) => {
        assert.deepEqual(listeners(), initial);
        assert.ok(socket.destroyed);
        next({ fault, detail });
      },
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
after(() => server.close());

async function rest(socket: Socket): Promise<string> {
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Sends pieces, each once the one before is on its way, and then ends its side unless `stay`. */
async function outcomeOf(pieces: readonly (Buffer | string)[], stay = false): Promise<unknown> {
  const outcome = new Promise((resolve) => {
    next = resolve;
  });
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1").setNoDelay();
  socket.on("error", () => undefined);
  await once(socket, "connect");
  for (const piece of pieces) await new Promise((sent) => socket.write(piece, sent));
  if (!stay) socket.end();
  const result = await outcome;
  socket.destroy();
  return result;
}

describe("what follows the header", () => {
  const headers = [textHeader(), checkedHeader()];
  test("stays, in the same packet and in later ones", async () => {
    for (const header of headers) {
      const joined = Buffer.concat([header, Buffer.from("GET")]);
      assert.deepEqual(await outcomeOf([joined, " /"]), { source: CLIENT, text: "GET /" });
    }
  });
  test("may be nothing", async () => {
    for (const header of headers) assert.deepEqual(await outcomeOf([header]), { source: CLIENT, text: "" });
  });
  test("stays when every byte is a packet", async () => {
    for (const header of headers) {
      const bytes = [...header, ...Buffer.from("GET /")].map((byte) => Buffer.from([byte]));
      assert.deepEqual(await outcomeOf(bytes), { source: CLIENT, text: "GET /" });
    }
  });
  test("stays when it looks like another header", async () => {
    const second = textHeader(IPV6_ENDS).toString();
    for (const header of headers)
      assert.deepEqual(await outcomeOf([Buffer.concat([header, Buffer.from(second)])]), {
        source: CLIENT,
        text: second,
      });
  });
  test("is the peer's own behind LOCAL", async () => {
    const header = binaryBlock(0x20, 0, Buffer.from("health check"));
    assert.deepEqual(await outcomeOf([header, "GET /"]), { source: null, text: "GET /" });
  });
});

describe("a connection is closed", () => {
  test("when it begins with anything else", async () => {
    for (const bytes of ["GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01"])
      assert.deepEqual(await outcomeOf([bytes], true), { fault: "missing", detail: "no PROXY header" });
  });
  test("when its header is malformed", async () => {
    const bytes = textHeader().toString().replace("TCP4", "TCP6");
    assert.deepEqual(await outcomeOf([bytes], true), { fault: "malformed", detail: "a bad address" });
  });
  test("when its header is not complete in time", async () => {
    timeoutMs = 30;
    try {
      for (const pieces of [[], ["PROXY"]]) {
        const { fault, detail } = (await outcomeOf(pieces, true)) as { fault: string; detail: string };
        assert.equal(fault, "timeout");
        assert.match(detail, /^[05] bytes of a header in 30 ms$/);
      }
    } finally {
      timeoutMs = 5000;
    }
  });
  test("when its peer leaves in the middle", async () => {
    assert.deepEqual(await outcomeOf(["PROXY"]), { fault: "closed", detail: "after 5 bytes of a header" });
  });
  test("without a word about a peer that only looked whether the port is open", async () => {
    const accepted = once(server, "connection");
    const said = outcomeOf([]);
    const [socket] = (await accepted) as [Socket];
    await once(socket, "close");
    assert.equal(await Promise.race([said, Promise.resolve("nothing")]), "nothing");
  });
});
