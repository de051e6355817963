// The first message of real clients, in every piece that may arrive, and bytes that are none.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { before, describe, test } from "node:test";
import { type ConnectionOptions, connect } from "node:tls";
import { readClientHello } from "../../../src/tls/client-hello.ts";

/** What Node sends when it begins a handshake. */
async function helloOf(options: ConnectionOptions): Promise<Buffer> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const client = connect({ port: (server.address() as AddressInfo).port, host: "127.0.0.1", ...options });
  client.on("error", () => undefined);
  const [socket] = await once(server, "connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
  return bytes as Buffer;
}

/** The same message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5);
  const parts: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    const piece = message.subarray(at, at + size);
    parts.push(Buffer.from([22, 3, 1, piece.length >> 8, piece.length & 255]), piece);
  }
  return Buffer.concat(parts);
}

let hello: Buffer;
before(async () => {
  hello = await helloOf({ servername: "WWW.Example.org", ALPNProtocols: ["h2", "http/1.1"] });
});
const READ = { serverName: "www.example.org", protocols: ["h2", "http/1.1"] };

describe("a ClientHello", () => {
  test("is read with the name and the protocols of the client", () => assert.deepEqual(readClientHello(hello), READ));

  test("needs more bytes up to its last one, and none that follow", () => {
    for (let length = 0; length < hello.length; length++) {
      assert.equal(readClientHello(hello.subarray(0, length)), null, `${length} bytes`);
    }
    assert.deepEqual(readClientHello(Buffer.concat([hello, Buffer.from([20, 3, 3, 0, 1, 1])])), READ);
  });

  test("may come in any number of records", () => {
    for (const size of [1, 3, 4, 5, 100]) {
      const bytes = inRecords(hello, size);
      assert.deepEqual(readClientHello(bytes), READ, `${size} bytes a record`);
      assert.equal(readClientHello(bytes.subarray(0, -1)), null, `${size} bytes a record`);
    }
  });

  test("may name nobody and offer nothing", async () => {
    for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
      assert.deepEqual(readClientHello(await helloOf({ maxVersion })), { serverName: "", protocols: [] });
    }
  });
});

describe("bytes that are no ClientHello", () => {
  const nothing = { serverName: "", protocols: [] };
  test("name nothing, and are left to OpenSSL", () => {
    for (const bytes of [
      "GET / HTTP/1.1\r\n",
      "\x16\x03\x01\0\x05\x02\0\0\x01\0",
      "\x16\x03\x01\0\0\x01",
      "\x15\x03\x01\0\x02\x01\0",
    ]) {
      assert.deepEqual(readClientHello(Buffer.from(bytes, "latin1")), nothing, JSON.stringify(bytes));
    }
  });

  test("are not waited for without end", () => {
    const endless = Buffer.alloc(16 * 1024 + 5);
    for (let at = 0; at + 6 <= endless.length; at += 6)
      Buffer.from([22, 3, 1, 0, 1, at === 0 ? 1 : 0]).copy(endless, at);
    const big = Buffer.from(hello);
    big.writeUIntBE(20_000, 6, 3);
    assert.deepEqual(readClientHello(big), nothing);
    const long = inRecords(
      Buffer.concat([hello.subarray(0, 5), Buffer.from([1, 0, 0x3f, 0xf0]), Buffer.alloc(16_000)]),
      1,
    );
    assert.deepEqual(readClientHello(long.subarray(0, 16 * 1024)), nothing);
  });

  test("never make it throw: every byte of a good one changed, and cut", () => {
    for (let at = 0; at < hello.length; at++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bytes = Buffer.from(hello);
        bytes[at] = value;
        readClientHello(bytes);
        // The length of the message says that it ends here.
        bytes.writeUIntBE(at, 6, 3);
        readClientHello(bytes);
      }
    }
  });
});
