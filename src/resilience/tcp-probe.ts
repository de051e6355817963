// Health by TCP: whoever accepts a connection is well.
import { connect } from "node:net";
import { type Probe, reasonOf } from "./probe.ts";

/** @param address host name or IP address */
export function tcpProbe(address: string, port: number): Probe {
  return (done) => {
    const socket = connect({ host: address, port });
    socket.once("connect", () => done(null));
    socket.on("error", (error) => done(reasonOf(error)));
    return () => socket.destroy();
  };
}
