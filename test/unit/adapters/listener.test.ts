// A bound port gives away only sockets whose peer is known.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { type ConnectionHandler, Listener, tcpAddress } from "../../../src/adapters/listener.ts";

test("a client that resets its connection before it is accepted is no peer on a UNIX socket", async (t) => {
  let next: (socket: Socket) => void = () => undefined;
  const accepted: Socket[] = [];
  const nothing = () => undefined;
  const handler: ConnectionHandler = {
    connections: 0,
    certify: () => undefined,
    accept: (socket) => {
      accepted.push(socket);
      next(socket);
    },
    hold: nothing,
    release: nothing,
    announceClose: nothing,
    closeIdle: nothing,
    destroy: nothing,
    stop: nothing,
  };
  const listener = new Listener(tcpAddress("127.0.0.1", 0), handler);
  await listener.listen();
  t.after(() => listener.destroy());
  const script = `const s = require("net").connect(${listener.boundPort}, "127.0.0.1");
    s.on("connect", () => s.write("GET / HTTP/1.1\\r\\n\\r\\n", () => s.resetAndDestroy()));`;
  // Nothing is accepted meanwhile: this process waits.
  assert.equal(spawnSync(process.execPath, ["-e", script]).status, 0);
  const other = new Promise<Socket>((resolve) => {
    next = resolve;
  });
  const client = connect(listener.boundPort, "127.0.0.1");
  t.after(() => client.destroy());
  await once(client, "connect");
  assert.equal((await other).remotePort, client.localPort);
  assert.equal(accepted.length, 1);
});
