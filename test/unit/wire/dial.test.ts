// How the addresses of a host are tried: one shortly after the other, none given up before another has accepted.
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { Dial, type DialFailure } from "../../../src/wire/dial.ts";
import { FakeTime } from "../../support/fake-time.ts";
import { testNetwork } from "../../support/network.ts";

let time: FakeTime;
beforeEach(() => {
  time = new FakeTime();
});
afterEach(() => time.restore());

const tick = () => new Promise(setImmediate);

/** Dials a name with these addresses; the sockets do what the test says. */
async function dialled(addresses: readonly string[] | Error, withinMs = 0) {
  const network = testNetwork(() =>
    addresses instanceof Error ? Promise.reject(addresses) : Promise.resolve(addresses),
  );
  const sockets = new Map<string, Socket>();
  const got: { address: string | null; failure: DialFailure | null } = { address: null, failure: null };
  const dial = new Dial(network, "service", withinMs, {
    open(address) {
      const socket = new Socket();
      sockets.set(address, socket);
      return socket;
    },
    connected: (_, address) => {
      got.address = address;
    },
    failed: (failure) => {
      got.failure = failure;
    },
  });
  await tick();
  return {
    dial,
    got,
    network,
    begun: () => [...sockets.keys()],
    /** Those that were not given up. */
    open: () => [...sockets].filter(([, socket]) => !socket.destroyed).map(([address]) => address),
    accept: (address: string) => sockets.get(address)!.emit("connect"),
    async fail(address: string, code: string) {
      sockets.get(address)!.destroy(Object.assign(new Error(code), { code, address }));
      await tick();
    },
  };
}

test("the next address is tried after 250 ms, and the first goes on", async () => {
  const { got, begun, open, accept } = await dialled(["10.0.0.1", "10.0.0.2", "10.0.0.3"]);
  time.pass(249);
  assert.deepEqual(begun(), ["10.0.0.1"]);
  time.pass(1);
  assert.deepEqual(open(), ["10.0.0.1", "10.0.0.2"]);
  time.pass(9_000);
  accept("10.0.0.1");
  assert.equal(got.address, "10.0.0.1");
  assert.deepEqual(open(), ["10.0.0.1"]);
  assert.equal(time.pending, 0);
});

test("the next address is tried at once when one fails", async () => {
  const { got, begun, fail, accept } = await dialled(["10.0.0.1", "10.0.0.2"]);
  await fail("10.0.0.1", "ECONNREFUSED");
  assert.deepEqual(begun(), ["10.0.0.1", "10.0.0.2"]);
  accept("10.0.0.2");
  assert.equal(got.address, "10.0.0.2");
});

test("it fails when all have failed, with the reason of the first", async () => {
  const { got, fail } = await dialled(["10.0.0.1", "10.0.0.2"]);
  await fail("10.0.0.1", "ECONNREFUSED");
  assert.equal(got.failure, null);
  await fail("10.0.0.2", "EHOSTUNREACH");
  assert.deepEqual(got.failure, { reason: "ECONNREFUSED", own: false });
  assert.equal(time.pending, 0);
});

test("all of it has its time, and nothing is left then", async () => {
  const { got, open } = await dialled(["10.0.0.1", "10.0.0.2"], 1000);
  time.pass(1000);
  assert.deepEqual(got.failure, { reason: "dial timed out", own: false });
  assert.deepEqual(open(), []);
  assert.equal(time.pending, 0);
});

test("a name without an address fails with the reason of its look-up", async () => {
  const { got } = await dialled(Object.assign(new Error("x"), { code: "ENOTFOUND" }));
  assert.deepEqual(got.failure, { reason: "ENOTFOUND", own: false });
});

test("stopped, it reports nothing and leaves nothing", async () => {
  const { dial, got, open, fail } = await dialled(["10.0.0.1", "10.0.0.2"], 1000);
  time.pass(250);
  dial.stop();
  await fail("10.0.0.1", "ECONNREFUSED");
  assert.deepEqual([got, open(), time.pending], [{ address: null, failure: null }, [], 0]);
});

test("an address is dialled without a look-up", async () => {
  const network = testNetwork(() => Promise.reject(new Error("looked up")));
  const opened: string[] = [];
  const open = (address: string) => {
    opened.push(address);
    return new Socket();
  };
  new Dial(network, "::1", 0, { open, connected: () => undefined, failed: () => undefined });
  assert.deepEqual(opened, ["::1"]);
});

test("options that are refused are a failure like any other, told later", async () => {
  let failure: DialFailure | null = null;
  const open = () => {
    throw new Error("bad options");
  };
  const failed = (why: DialFailure) => {
    failure = why;
  };
  new Dial(testNetwork(), "10.0.0.1", 0, { open, connected: () => undefined, failed });
  assert.equal(failure, null);
  await tick();
  assert.deepEqual(failure, { reason: "bad options", own: false });
});

describe("what the gateway itself lacks", () => {
  for (const code of ["EMFILE", "ENFILE", "EADDRNOTAVAIL", "ENOMEM", "ENOBUFS"]) {
    test(`${code} is not the host's fault, and counted`, async () => {
      const { got, network, fail } = await dialled(["10.0.0.1"]);
      await fail("10.0.0.1", code);
      assert.deepEqual(got.failure, { reason: code, own: true });
      assert.deepEqual([...network.shortage.counts], [[code, 1]]);
    });
  }

  test("an idle connection is closed for its descriptor, and the address tried again", async () => {
    const { got, network, accept, fail } = await dialled(["10.0.0.1", "10.0.0.2"]);
    let idle = 2;
    network.spare = () => idle-- > 0;
    await fail("10.0.0.1", "EMFILE");
    await fail("10.0.0.1", "EMFILE");
    accept("10.0.0.1");
    assert.deepEqual([got.address, idle, network.shortage.counts.size], ["10.0.0.1", 0, 0]);
  });

  test("another address that accepts is as good as any", async () => {
    const { got, fail, accept } = await dialled(["10.0.0.1", "10.0.0.2"]);
    await fail("10.0.0.1", "EMFILE");
    accept("10.0.0.2");
    assert.deepEqual(got, { address: "10.0.0.2", failure: null });
  });

  test("another that refuses proves nothing", async () => {
    const { got, fail } = await dialled(["10.0.0.1", "10.0.0.2"]);
    await fail("10.0.0.1", "ECONNREFUSED");
    await fail("10.0.0.2", "EMFILE");
    assert.deepEqual(got.failure, { reason: "EMFILE", own: true });
  });

  test("no descriptor for a look-up is not the host's fault", async () => {
    const { got } = await dialled(Object.assign(new Error("x"), { code: "EMFILE" }));
    assert.deepEqual(got.failure, { reason: "EMFILE", own: true });
  });
});
