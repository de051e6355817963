// Failures of PROXY headers, which listeners report for metrics and the log.

/** Why a connection was closed: no header, an invalid one, none within the time limit, or the peer closed it within one. */
export type ProxyHeaderFault = "missing" | "malformed" | "timeout" | "closed";

/** Receives the failures on one listener. */
export interface ProxyHeaderWatch {
  /** @param detail for the log @param peer address of the load balancer */
  failed(fault: ProxyHeaderFault, detail: string, peer: string): void;
}
