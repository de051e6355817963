// Pings and silence on a clock of the test's own.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Liveness, type LivenessTimes } from "../../../src/websocket/liveness.ts";

const OFF: LivenessTimes = {
  pingClientMs: 0,
  clientSilenceMs: 0,
  pingBackendMs: 0,
  backendPongMs: 0,
  backendSilenceMs: 0,
  idleMs: 0,
};

/** Ticks once a second to `seconds`; `answer` is told of each ping and may touch the clock fields. */
function run(
  times: Partial<LivenessTimes>,
  seconds: number,
  each: (live: Liveness, now: number, ping: string) => void = () => undefined,
  possible: (now: number) => boolean = () => true,
) {
  const happened: string[] = [];
  let now = 0;
  const live: Liveness = new Liveness(
    { ...OFF, ...times },
    {
      ping(side) {
        happened.push(`${now / 1000}s ping ${side}`);
        each(live, now, side);
        return possible(now);
      },
      lapsed: (who) => void happened.push(`${now / 1000}s lapsed ${who}`),
    },
    0,
  );
  while (now < seconds * 1000 && !happened.some((h) => h.includes("lapsed"))) {
    now += 1000;
    each(live, now, "");
    live.tick(now);
  }
  return happened;
}

describe("liveness", () => {
  test("with everything off does nothing", () => {
    assert.deepEqual(run({}, 1000), []);
  });

  test("pings a client that is silent, and gives it up when it stays so", () => {
    assert.deepEqual(run({ pingClientMs: 4000, clientSilenceMs: 10_000 }, 60), [
      "4s ping client",
      "8s ping client",
      "11s lapsed client",
    ]);
  });

  test("keeps a client whose pongs come", () => {
    const events = run({ pingClientMs: 4000, clientSilenceMs: 10_000 }, 60, (live, now, ping) => {
      if (ping === "client") live.clientAt = now;
    });
    assert.equal(events.length, 15);
    assert.ok(events.every((e) => e.endsWith("ping client")));
  });

  test("pings no client that speaks", () => {
    const events = run({ pingClientMs: 4000, clientSilenceMs: 10_000 }, 60, (live, now) => {
      live.clientAt = now;
    });
    assert.deepEqual(events, []);
  });

  test("gives a backend up that does not answer a ping in time, though it may be silent for longer", () => {
    const times = { pingBackendMs: 3000, backendPongMs: 2000, backendSilenceMs: 60_000 };
    assert.deepEqual(run(times, 60), ["3s ping backend", "5s lapsed backend"]);
  });

  test("keeps a backend that answers each ping within its tick", () => {
    const times = { pingBackendMs: 3000, backendPongMs: 2000, backendSilenceMs: 10_000 };
    const events = run(times, 30, (live, now, ping) => {
      if (ping === "backend") live.backendAt = now;
    });
    assert.equal(events.length, 10);
  });

  test("without pings gives a backend up after its longest silence", () => {
    assert.deepEqual(run({ backendSilenceMs: 5000 }, 60), ["6s lapsed backend"]);
  });

  test("calls a connection idle that brings no message, whatever else is heard", () => {
    const events = run({ idleMs: 7000 }, 60, (live, now) => {
      live.clientAt = live.backendAt = now;
    });
    assert.deepEqual(events, ["8s lapsed idle"]);
  });

  test("blames nobody for a ping that could not be put in, until it could", () => {
    const none = () => undefined;
    const backend = { pingBackendMs: 3000, backendPongMs: 2000, backendSilenceMs: 4000 };
    const late = (now: number) => now > 20_000;
    assert.match(run(backend, 20, none, () => false).join(), /^((,?\d+s ping backend)+)$/);
    assert.equal(run(backend, 60, none, late).at(-1), "23s lapsed backend");
    const client = { pingClientMs: 3000, clientSilenceMs: 4000 };
    assert.match(run(client, 20, none, () => false).join(), /^((,?\d+s ping client)+)$/);
  });
});
