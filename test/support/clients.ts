// Client connections without a limit.
import { ClientConnections } from "../../src/adapters/client-connections.ts";
import { systemClock } from "../../src/core/clock.ts";
import { NO_LOG } from "./network.ts";

/** Counts them, and lets everybody in. */
export function anyClients(): ClientConnections {
  return new ClientConnections(NO_LOG, systemClock);
}
