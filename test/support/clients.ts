// Client connections without a limit.

import { ClientConnections } from "../../src/adapters/client-connections.ts";
import type { FrontParts } from "../../src/adapters/front.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { Gateway } from "../../src/core/gateway.ts";
import { UNWATCHED } from "../../src/core/handshake.ts";
import { IssuedCertificates } from "../../src/tls/issued-certificates.ts";
import { NO_LOG } from "./network.ts";

/** Counts them, and lets everybody in. */
export function anyClients(): ClientConnections {
  return new ClientConnections(NO_LOG, systemClock);
}

/** What a front works with in a test: any number of clients, handshakes that nobody watches. */
export function frontParts(gateway: Gateway): FrontParts {
  const issued = new IssuedCertificates();
  return {
    gateway,
    clients: anyClients(),
    instanceId: "test",
    issued,
    ticketSecret: "secret",
    watch: UNWATCHED,
    proxyHeaders: { failed: () => undefined },
  };
}
