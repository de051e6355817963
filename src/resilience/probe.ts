// What a health probe is: one question to one address, answered once. How often it is asked is said elsewhere.
import { connect, type Socket } from "node:net";
import type { Place } from "../wire/authority.ts";
import { Dial, type Network } from "../wire/dial.ts";
import { connectSecure, type UpstreamTls } from "../wire/secure.ts";

/**
 * Told the result of a probe: null is healthy; a text says in few words why not, and holds nothing a backend has written.
 * undefined: nothing, since the gateway itself lacks what it takes to ask. Calls after the first are ignored.
 */
export type ProbeDone = (failure: string | null | undefined) => void;

/** Asks once, and reports through `done`. @returns ends the probe and frees what it holds; harmless when it is over */
export type Probe = (done: ProbeDone) => () => void;

/** Where a probe goes. */
export interface ProbeAddress extends Place {
  readonly tls: UpstreamTls;
}

/** First and last of a range of statuses, both included. */
export type StatusRange = readonly [number, number];

/** Why a connection failed, without what the other side said. */
export function reasonOf(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? "broken connection" : code;
}

/**
 * Opens a connection for a probe; TLS on it has only begun.
 * @param protocol the one offered by ALPN
 * @returns gives it up
 */
export function dialForProbe(
  network: Network,
  { scheme, address, port, tls }: ProbeAddress,
  protocol: "h2" | "http/1.1",
  done: ProbeDone,
  connected: (socket: Socket) => void,
): () => void {
  const dial = new Dial(network, address, 0, {
    open: (host) =>
      scheme === "https" ? connectSecure({ host, port }, address, tls, protocol) : connect({ host, port }),
    connected,
    failed: ({ reason, own }) => done(own ? undefined : reason),
  });
  return () => dial.stop();
}
