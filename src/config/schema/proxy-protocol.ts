// `proxyProtocol` of each listener for clients.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { dur, strings } from "./scalars.ts";

/** `proxyProtocol` of each listener for clients. */
export const proxyProtocol = object(
  "Load balancers that announce their clients by the PROXY protocol, version 1 or 2",
  {
    trustedPeers: strings(
      "CIDR ranges of peers, and `unix` = those on UNIX sockets, whose connections must begin with a PROXY header; the address in it replaces theirs. Never looked for from others",
    ),
    timeout: dur("time for the PROXY header; the connection is closed where none has come", 5_000),
  },
);

/** Effective `proxyProtocol`. */
export type ProxyProtocol = Infer<typeof proxyProtocol>;
