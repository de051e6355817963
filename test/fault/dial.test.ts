// A host that is slow to accept, over real sockets: a process that stands still, with a full queue of connections.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { test } from "node:test";
import { Dial } from "../../src/wire/dial.ts";
import { testNetwork } from "../support/network.ts";
import { soon } from "../support/setup.ts";

const SLOW = "127.0.0.3";
/** Nobody listens there. */
const DEAD = "127.0.0.2";
const SERVER = `require("net").createServer(() => {}).listen({ port: 0, host: "${SLOW}", backlog: 1 }, function () {
  console.log(this.address().port);
});`;
/** More than wait in any queue of one. */
const CROWD = 8;

test("a slow address is not given up for another that fails", { skip: process.platform !== "linux" }, async (t) => {
  const child = spawn(process.execPath, ["-e", SERVER], { stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => child.kill("SIGKILL"));
  const port = Number((await once(child.stdout, "data"))[0]);
  child.kill("SIGSTOP");
  const crowd = Array.from({ length: CROWD }, () => connect(port, SLOW).on("error", () => undefined));
  t.after(() => {
    for (const socket of crowd) socket.destroy();
  });
  await once(crowd[0]!, "connect");

  const tried: string[] = [];
  const connected = new Promise<string>((resolve, reject) => {
    const open = (host: string): Socket => {
      tried.push(host);
      const socket = connect({ host, port });
      // The other has failed by now: the process may go on.
      if (host === DEAD) socket.on("error", () => child.kill("SIGCONT"));
      return socket;
    };
    new Dial(
      testNetwork(() => Promise.resolve([SLOW, DEAD])),
      "service",
      0,
      {
        open,
        connected(socket, address) {
          socket.destroy();
          resolve(address);
        },
        failed: ({ reason }) => reject(new Error(reason)),
      },
    );
  });
  assert.equal(await soon(connected, "a connection"), SLOW);
  assert.deepEqual(tried, [SLOW, DEAD]);
});
