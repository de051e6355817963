// What the HTTP adapter keeps for each client connection.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { ForwardedPeer } from "../../wire/forwarded.ts";
import type { HttpDownstream } from "./downstream.ts";
import type { Fault } from "./methods.ts";

/** What the client waits for before it sends its body. */
export type Expectation = "nothing" | "continue" | "unknown";

/** State of one client connection. */
export interface ClientConnection {
  readonly peer: ForwardedPeer;
  readonly openedAt: number;
  /** The request being answered now. */
  current: { readonly request: IncomingMessage; readonly downstream: HttpDownstream } | null;
  /** Whether a request was ever parsed on it. */
  used: boolean;
  /** A reply has ended it: nothing that still arrives counts. */
  closing: boolean;
  /** Reading was stopped because too much was parsed ahead. */
  paused: boolean;
  /** A stall clock may still run on the socket from the reply before. */
  stallArmed: boolean;
  /** Requests parsed and not yet finished. */
  active: number;
  /** What followed the last good request was not HTTP: answered when its predecessors are. */
  fault: Fault | null;
  /** Reads a request that offered another protocol again, once its predecessors are answered. */
  again: (() => void) | null;
}

/** Whether the reply under way, or one before it, ends the connection. */
export function isClosing(connection: ClientConnection): boolean {
  return connection.closing || connection.current?.downstream.closing === true;
}

/**
 * Tells replies still under way of a socket whose own listeners Node has taken away.
 * @returns leaves that to Node again
 */
export function standIn(socket: Socket, connection: ClientConnection | undefined): () => void {
  const drain = () => connection?.current?.downstream.drain();
  const destroy = () => socket.destroy();
  socket.on("drain", drain);
  socket.on("error", destroy);
  socket.on("timeout", destroy);
  return () => void socket.off("drain", drain).off("error", destroy).off("timeout", destroy);
}
