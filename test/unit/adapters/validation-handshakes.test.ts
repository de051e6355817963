// Handshakes by which an authority validates a name: nothing that a shared store holds may harm the gateway.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { ValidationHandshakes } from "../../../src/adapters/tls/validation-handshakes.ts";
import type { HandshakeWatch } from "../../../src/core/handshake.ts";
import { IssuedCertificates } from "../../../src/tls/issued-certificates.ts";

test("an answer that is no certificate refuses the handshake and nothing else", { timeout: 20_000 }, async (t) => {
  const refused: string[] = [];
  const watch: HandshakeWatch = { failed: (fault) => refused.push(fault), succeeded: () => undefined };
  const issued = new IssuedCertificates();
  issued.validation = {
    httpAnswer: () => Promise.resolve(null),
    alpnCertificate: () => Promise.resolve({ cert: "no certificate", key: "no key" }),
  };
  const handshakes = new ValidationHandshakes(issued, watch);
  const port = createServer((socket: Socket) => handshakes.accept(socket, "a.test")).listen(0, "127.0.0.1");
  t.after(() => port.close());
  await once(port, "listening");
  const client = connect((port.address() as AddressInfo).port, "127.0.0.1");
  client.on("error", () => undefined).resume();
  await once(client, "close");
  assert.deepEqual(refused, ["no_shared_protocol"]);
});
