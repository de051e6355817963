// What listeners report about the PROXY headers of load balancers, for metrics and the log.

/** Why a connection was closed: it began with something else, with a bad header, with none in time, or ended within one. */
export type ProxyHeaderFault = "missing" | "malformed" | "timeout" | "closed";

/** Told of every header that was not there or not valid, on one listener. */
export interface ProxyHeaderWatch {
  /** @param detail for the log @param peer address of the load balancer */
  failed(fault: ProxyHeaderFault, detail: string, peer: string): void;
}
