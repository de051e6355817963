// The ports of the demo backends, and how far all of them can move together.
import type { PortMoves } from "../config/text/move-ports.ts";

/** Where the demo servers listen, all on 127.0.0.1; 0 takes a free port. */
export interface DemoPorts {
  readonly http: readonly number[];
  readonly webSocket: number;
  readonly events: number;
  readonly grpc: number;
}

/** Ports of `gateway demo`, which the configurations that ship name. */
export const DEMO_PORTS: DemoPorts = { http: [3000, 3002], webSocket: 3001, events: 3010, grpc: 50051 };

/** As far as the highest of {@link DEMO_PORTS} can move. */
export const MAX_OFFSET = 65_535 - DEMO_PORTS.grpc;

/** {@link DEMO_PORTS}, each higher by `offset`. */
export function demoPorts(offset: number): DemoPorts {
  const { http, webSocket, events, grpc } = DEMO_PORTS;
  return {
    http: http.map((port) => port + offset),
    webSocket: webSocket + offset,
    events: events + offset,
    grpc: grpc + offset,
  };
}

/**
 * What {@link demoPorts} means for a configuration: every listener moves, and of what is dialled the demo backends.
 * @param more ports of further servers of the demo
 */
export function movesBy(offset: number, more: readonly number[] = []): PortMoves {
  const own = [...(Object.values(DEMO_PORTS).flat() as number[]), ...more];
  return { listeners: offset, dialled: new Map(own.map((port) => [port, port + offset])), others: null };
}
