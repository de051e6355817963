// `allowedIPs` and `deniedIPs` of rules and listeners.
import { strings } from "./scalars.ts";

/** Keys of both rules and listeners. */
export const ipLists = {
  allowedIPs: strings(
    "CIDR ranges and addresses of clients that may send requests, `unix` = those on UNIX sockets; others are answered 403; empty = any",
  ),
  deniedIPs: strings("CIDR ranges and addresses of clients that are answered 403, even if `allowedIPs` lists them"),
};
