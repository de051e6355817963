// Backends to try the gateway against: small servers on the ports the example configurations name.
import { startGrpc } from "./grpc.ts";
import { startHttp } from "./http.ts";
import { DEMO_PORTS, type DemoPorts } from "./ports.ts";
import { DEMO_HOST, type DemoServer } from "./server.ts";
import { startEvents } from "./sse.ts";
import { startWebSocket } from "./websocket.ts";

/** The running demo servers. */
export interface Backends {
  /** In the order of {@link DemoPorts}, then those that were asked for beside them. */
  readonly servers: readonly DemoServer[];
  /** Ends the servers whose streams never end by themselves, so that a drain does not wait for those. */
  endStreams(): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/** A server to be started. */
export interface BackendStart {
  readonly port: number;
  readonly start: (port: number) => Promise<DemoServer>;
}

/**
 * Starts all demo servers.
 * @param more servers beside those of {@link DemoPorts}
 * @throws Error that names the port when one is taken; then none is left running
 */
export async function startBackends(
  ports: DemoPorts = DEMO_PORTS,
  more: readonly BackendStart[] = [],
): Promise<Backends> {
  const starts: BackendStart[] = [
    ...ports.http.map((port) => ({ port, start: startHttp })),
    { port: ports.webSocket, start: startWebSocket },
    { port: ports.events, start: startEvents },
    { port: ports.grpc, start: startGrpc }, // after those: its library says by itself, and at length, that a port is taken
    ...more,
  ];
  const servers: DemoServer[] = [];
  for (const { port, start } of starts) {
    try {
      servers.push(await start(port));
    } catch (error) {
      await stopAll(servers);
      throw new Error(`cannot start a demo backend on ${DEMO_HOST}:${port}: ${reasonOf(error as Error)}`);
    }
  }
  return {
    servers,
    endStreams: () => stopAll(servers.slice(ports.http.length)),
    close: () => stopAll(servers),
  };
}

function reasonOf({ message }: Error): string {
  return message.includes("EADDRINUSE") ? "the port is in use" : message;
}

async function stopAll(servers: readonly DemoServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
