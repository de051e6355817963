// `proxyProtocol` of each listener for clients.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { dur, strings } from "./scalars.ts";

/** `proxyProtocol` of each listener for clients. */
export const proxyProtocol = object("Load balancers that send the PROXY protocol, version 1 or 2", {
  trustedPeers: strings(
    "CIDR ranges of peers whose connections must begin with a PROXY header, and `unix` = peers on UNIX sockets; the address in the header replaces that of the peer. Headers of other peers are not interpreted",
  ),
  timeout: dur("timeout for the complete header, after which the connection is closed", 5_000),
});

/** Effective `proxyProtocol`. */
export type ProxyProtocol = Infer<typeof proxyProtocol>;
