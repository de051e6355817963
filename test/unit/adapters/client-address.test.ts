// Whose connection a socket is, also when the peer has left.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, type Socket, createServer as tcpServer } from "node:net";
import { after, test } from "node:test";
import { connect, createServer, type TLSSocket } from "node:tls";
import { addressOf } from "../../../src/adapters/client-address.ts";
import { Pki, text } from "../../support/pki.ts";

const pki = new Pki();
after(() => pki.remove());

test("a client of TLS that has reset its connection is no peer on a UNIX socket", { timeout: 20_000 }, async (t) => {
  const own = pki.certificate("server");
  const secure = createServer({ cert: text(own.cert), key: text(own.key) });
  const port = tcpServer((socket: Socket) => {
    assert.equal(socket.remoteAddress, "127.0.0.1"); // as a listener looks at it
    secure.emit("connection", socket);
  }).listen(0, "127.0.0.1");
  t.after(() => port.close());
  await once(port, "listening");
  const client = connect({
    port: (port.address() as AddressInfo).port,
    host: "127.0.0.1",
    rejectUnauthorized: false,
  });
  const [socket] = (await once(secure, "secureConnection")) as [TLSSocket];
  socket.on("error", () => undefined);
  client.on("error", () => undefined).destroy();
  socket.resume();
  await once(socket, "close");
  assert.equal(socket.remoteAddress, undefined);
  assert.equal(addressOf(socket), "127.0.0.1");
});
