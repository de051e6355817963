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
  /** A reply ends the connection: what still arrives is ignored. */
  closing: boolean;
  /** Reading was stopped because too much was parsed ahead. */
  paused: boolean;
  /** The socket may still have the write timeout of the reply before. */
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
 * Passes events of a socket whose listeners Node has removed on to the reply still under way.
 * @returns a function that removes these listeners, so that Node can install its own
 */
export function takeListeners(socket: Socket, connection: ClientConnection | undefined): () => void {
  const drain = () => connection?.current?.downstream.drain();
  const destroy = () => socket.destroy();
  socket.on("drain", drain);
  socket.on("error", destroy);
  socket.on("timeout", destroy);
  return () => void socket.off("drain", drain).off("error", destroy).off("timeout", destroy);
}
