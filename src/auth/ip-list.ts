// The IP lists of a rule or listener. A denied address is rejected even if it is also allowed.
import type { RequestContext } from "../core/context.ts";
import type { Filter } from "../core/filter.ts";
import type { Refusal } from "../core/reply.ts";
import { type CidrMatch, compileCidrs } from "../wire/cidr.ts";

/** CIDR ranges, addresses, and `unix` for clients on UNIX sockets. */
export interface IpLists {
  /** Empty: all addresses. */
  readonly allowedIPs: readonly string[];
  readonly deniedIPs: readonly string[];
}

// Without details, so that clients learn nothing about the lists.
const DENIED: Refusal = { code: "ip_denied" };

/** Whether any address is restricted. */
export function hasIpLists({ allowedIPs, deniedIPs }: IpLists): boolean {
  return allowedIPs.length + deniedIPs.length > 0;
}

/** Both lists, compiled. */
export class IpList {
  /** null: all addresses. */
  readonly #allows: CidrMatch | null;
  readonly #denies: CidrMatch;
  readonly #owner: string;

  /** @param owner for the log */
  constructor({ allowedIPs, deniedIPs }: IpLists, owner: "rule" | "listener") {
    this.#allows = allowedIPs.length === 0 ? null : compileCidrs(allowedIPs);
    this.#denies = compileCidrs(deniedIPs);
    this.#owner = owner;
  }

  /** Why an address is denied, for the log; null: it is allowed. @param address "" on a UNIX socket */
  reason(address: string): string | null {
    if (this.#denies(address)) return `address is in deniedIPs of the ${this.#owner}`;
    if (this.#allows === null || this.#allows(address)) return null;
    return `address is not in allowedIPs of the ${this.#owner}`;
  }

  /** Checks the client's address; behind trusted proxies, the one that they report. */
  check(ctx: RequestContext): Refusal | undefined {
    const reason = this.reason(ctx.clientIp);
    if (reason === null) return undefined;
    ctx.detail = reason;
    return DENIED;
  }
}

/** Makes the filter of a route, which runs before all others. */
export function ipFilter(list: IpList): Filter {
  return { name: "ip-list", phase: "edge", onRequest: (ctx) => list.check(ctx) };
}
