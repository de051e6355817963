// The interface of health probes: one check of one address. Scheduling is separate.
import { connect, type Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { Place } from "../wire/authority.ts";
import { Dial, type Network } from "../wire/dial.ts";
import { connectSecure, type UpstreamTls, whenSecure } from "../wire/secure.ts";
import { placeToConnect } from "../wire/unix-socket.ts";

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
 * Opens a connection for a probe.
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
  let stop = () => dial.stop();
  const dial = new Dial(network, address, 0, {
    open: (host) =>
      scheme === "https"
        ? connectSecure(placeToConnect(host, port), address, tls, protocol)
        : connect(placeToConnect(host, port)),
    connected: (socket) => {
      if (!(socket instanceof TLSSocket)) return connected(socket);
      stop = () => socket.destroy();
      socket.on("error", (error) => done(reasonOf(error)));
      const lost = () => done("connection ended");
      socket.on("close", lost);
      whenSecure(socket, tls, () => {
        socket.off("close", lost); // from here on an end may be that of the answer
        connected(socket);
      });
    },
    failed: ({ reason, own }) => done(own ? undefined : reason),
  });
  return () => stop();
}
