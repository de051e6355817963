// How many clients may be connected at once, whatever listener they come to.
import assert from "node:assert/strict";
import { Socket } from "node:net";
import { test } from "node:test";
import { ClientConnections } from "../../../src/adapters/client-connections.ts";
import { FakeClock } from "../../support/fake-clock.ts";
import { NO_LOG } from "../../support/network.ts";

function connections(max: number) {
  const warnings: unknown[] = [];
  const warn = (message: string, facts?: object) => warnings.push({ message, ...facts });
  const clients = new ClientConnections({ ...NO_LOG, warn }, new FakeClock());
  clients.max = max;
  return { clients, warnings };
}

function leave(socket: Socket): void {
  socket.emit("close", false);
}

test("as many as the limit may stay, the next when one has left", () => {
  const { clients, warnings } = connections(2);
  const [a, b, c] = [new Socket(), new Socket(), new Socket()];
  assert.deepEqual(
    [a, b, c, c].map((socket) => clients.admit(socket!)),
    [true, true, false, false],
  );
  leave(a!);
  assert.ok(clients.admit(c!));
  assert.equal(clients.refused, 2);
  assert.deepEqual(warnings, [{ message: "Client connections are refused: the limit is reached", limit: 2 }]);
});

test("without a limit everybody may stay", () => {
  const { clients } = connections(0);
  assert.ok(Array.from({ length: 100 }, () => clients.admit(new Socket())).every((stays) => stays));
});

test("few at once are told why they may not stay, a sixteenth of the limit", () => {
  const { clients } = connections(32);
  const [a, b, c] = [new Socket(), new Socket(), new Socket()];
  assert.deepEqual(
    [a, b, c].map((socket) => clients.turnAway(socket!)),
    [true, true, false],
  );
  leave(a!);
  assert.ok(clients.turnAway(c!));
});
