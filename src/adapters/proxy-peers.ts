// Reads the PROXY headers of the load balancers that a listener trusts. Headers of other peers are not interpreted.
import type { Socket } from "node:net";
import type { ProxyHeaderWatch } from "../core/proxy-header.ts";
import { type CidrMatch, compileCidrs, plainAddress } from "../wire/cidr.ts";
import { nameClient } from "./client-address.ts";
import type { ProxyProtocolOptions } from "./options.ts";
import { takeProxyHeader } from "./take-proxy-header.ts";

/** The first reader of every accepted connection. */
export class ProxyPeers {
  readonly #isListed: CidrMatch;
  readonly #timeoutMs: number;
  readonly #watch: ProxyHeaderWatch;
  /** Sockets whose header is incomplete. */
  readonly #waiting = new Set<Socket>();

  constructor({ trustedPeers, timeoutMs }: ProxyProtocolOptions, watch: ProxyHeaderWatch) {
    this.#isListed = compileCidrs(trustedPeers);
    this.#timeoutMs = timeoutMs;
    this.#watch = watch;
  }

  /** Calls `then` once the address of the client is known: immediately for peers that are not listed. */
  pass(socket: Socket, then: () => void): void {
    const peer = plainAddress(socket.remoteAddress ?? "");
    if (!this.#isListed(peer)) return then();
    this.#waiting.add(socket);
    socket.on("close", () => this.#waiting.delete(socket));
    takeProxyHeader(socket, this.#timeoutMs, {
      taken: (source) => {
        this.#waiting.delete(socket);
        if (source !== null) nameClient(socket, source.address);
        then();
      },
      failed: (fault, detail) => this.#watch.failed(fault, detail, peer),
    });
  }

  /** Closes the connections whose header is incomplete. */
  closeIdle(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}
