// Health by TCP: an endpoint that accepts a connection is healthy.
import { connect } from "node:net";
import { Dial, type Network } from "../wire/dial.ts";
import { placeToConnect } from "../wire/unix-socket.ts";
import type { Probe } from "./probe.ts";

/** @param address host name, IP address or UNIX socket */
export function tcpProbe(network: Network, address: string, port: number): Probe {
  return (done) => {
    const dial = new Dial(network, address, 0, {
      open: (host) => connect(placeToConnect(host, port)),
      connected: (socket) => {
        socket.destroy();
        done(null);
      },
      failed: ({ reason, own }) => done(own ? undefined : reason),
    });
    return () => dial.stop();
  };
}
