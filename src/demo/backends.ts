// Backends to try the gateway against: small servers on the ports the example configurations name.
import { startGrpc } from "./grpc.ts";
import { startHttp } from "./http.ts";
import { DEMO_PORTS, type DemoPorts } from "./ports.ts";
import { DEMO_HOST, type DemoServer } from "./server.ts";
import { startEvents } from "./sse.ts";
import { startWebSocket } from "./websocket.ts";

/** The running demo servers. */
export interface Backends {
  /** In the order of {@link DemoPorts}. */
  readonly servers: readonly DemoServer[];
  /** Ends the servers whose streams never end by themselves, so that a drain does not wait for those. */
  endStreams(): Promise<void>;
  /** Ends everything. */
  close(): Promise<void>;
}

/**
 * Starts all demo servers.
 * @throws Error that names the port when one is taken; then none is left running
 */
export async function startBackends(ports: DemoPorts = DEMO_PORTS): Promise<Backends> {
  const starts = [
    ...ports.http.map((port) => ({ port, start: startHttp })),
    { port: ports.webSocket, start: startWebSocket },
    { port: ports.events, start: startEvents },
    { port: ports.grpc, start: startGrpc }, // last: its library says by itself, and at length, that a port is taken
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
