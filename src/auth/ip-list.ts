// The addresses that may send requests to a rule or listener: an allow list and a deny list, which wins.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";
import { type CidrMatch, compileCidrs } from "../wire/cidr.ts";

/** CIDR ranges, addresses, and `unix` for clients on UNIX sockets. */
export interface IpLists {
  /** Empty: everybody. */
  readonly allowedIPs: readonly string[];
  readonly deniedIPs: readonly string[];
}

// It tells the client nothing of the lists.
const DENIED: Refusal = { code: "ip_denied" };

/** Whether anybody is held off. */
export function hasIpLists({ allowedIPs, deniedIPs }: IpLists): boolean {
  return allowedIPs.length + deniedIPs.length > 0;
}

/** Both lists, compiled once. */
export class IpList {
  /** null: everybody. */
  readonly #allows: CidrMatch | null;
  readonly #denies: CidrMatch;
  readonly #owner: string;

  /** @param owner what has the lists, in words for the log */
  constructor({ allowedIPs, deniedIPs }: IpLists, owner: "rule" | "listener") {
    this.#allows = allowedIPs.length === 0 ? null : compileCidrs(allowedIPs);
    this.#denies = compileCidrs(deniedIPs);
    this.#owner = owner;
  }

  /** Why an address is refused, for the log; null: it may come. @param address "" on a UNIX socket */
  reason(address: string): string | null {
    if (this.#denies(address)) return `address is in deniedIPs of the ${this.#owner}`;
    if (this.#allows === null || this.#allows(address)) return null;
    return `address is not in allowedIPs of the ${this.#owner}`;
  }

  /** Looks at the client's address: behind trusted proxies the one that they report. */
  check(ctx: RequestContext): Refusal | undefined {
    const reason = this.reason(ctx.clientIp);
    if (reason === null) return undefined;
    ctx.detail = reason;
    return DENIED;
  }
}

/** Holds off clients of a route before anything else looks at them. */
export function ipFilter(list: IpList): Filter {
  return { name: "ip-list", phase: "edge", onRequest: (ctx) => list.check(ctx) };
}
