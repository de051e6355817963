// `allowedIPs` and `deniedIPs` of rules and of listeners.
import { strings } from "./scalars.ts";

/** Keys that rules and listeners have alike. */
export const ipLists = {
  allowedIPs: strings(
    "CIDR ranges and addresses of clients that may send requests, `unix` = those on UNIX sockets; any other is answered 403; empty = any",
  ),
  deniedIPs: strings("the same of clients that are answered 403, also where `allowedIPs` lists them"),
};
