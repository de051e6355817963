// Backends to try the gateway against: small servers on the ports the example configurations name.
import { startGrpc } from "./grpc.ts";
import { startHttp } from "./http.ts";
import type { DemoServer } from "./server.ts";
import { startEvents } from "./sse.ts";
import { startWebSocket } from "./websocket.ts";

/** Where the demo servers listen, all on 127.0.0.1; 0 takes a free port. */
export interface DemoPorts {
  readonly http: readonly number[];
  readonly webSocket: number;
  readonly events: number;
  readonly grpc: number;
}

/** Ports of `gateway demo`. */
export const DEMO_PORTS: DemoPorts = { http: [3000, 3002], webSocket: 3001, events: 3010, grpc: 50051 };

/** The running demo servers. */
export interface Backends {
  /** In the order of {@link DemoPorts}. */
  readonly servers: readonly DemoServer[];
  /** Ends the servers whose streams last until somebody ends them, so that nothing waits for those. */
  endStreams(): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/**
 * Starts them.
 * @throws the system's error when a port is taken; then none is left running
 */
export async function startBackends(ports: DemoPorts = DEMO_PORTS): Promise<Backends> {
  const plain = ports.http.map((port) => startHttp(port));
  const streaming = [startWebSocket(ports.webSocket), startEvents(ports.events), startGrpc(ports.grpc)];
  const outcomes = await Promise.allSettled([...plain, ...streaming]);
  const servers = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value] : []));
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed !== undefined) {
    await stopAll(servers);
    throw failed.reason;
  }
  return {
    servers,
    endStreams: () => stopAll(servers.slice(plain.length)),
    close: () => stopAll(servers),
  };
}

async function stopAll(servers: readonly DemoServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
