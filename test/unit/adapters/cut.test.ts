// A connection that is cut is gone, whatever state it was in.
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { cut } from "../../../src/adapters/http/ending.ts";
import { rawBackend } from "../../support/raw.ts";
import { soon } from "../../support/setup.ts";

async function pair(t: TestContext): Promise<{ readonly near: Socket; readonly far: Socket }> {
  let accept: (socket: Socket) => void = () => undefined;
  const accepted = new Promise<Socket>((resolve) => {
    accept = resolve;
  });
  const backend = await rawBackend((socket) => accept(socket));
  t.after(() => void backend.close());
  const far = connect(backend.port, "127.0.0.1");
  t.after(() => far.destroy());
  return { near: await accepted, far };
}

test("the peer sees a reset", async (t) => {
  const { near, far } = await pair(t);
  const error = once(far, "error");
  cut(near);
  const [{ code }] = (await soon(error, "the reset")) as [NodeJS.ErrnoException];
  assert.equal(code, "ECONNRESET");
});

test("one that is being shut down is closed all the same", async (t) => {
  const { near, far } = await pair(t);
  far.on("error", () => undefined);
  const closed = once(near, "close");
  near.end("reply");
  cut(near);
  await soon(closed, "the close");
});
