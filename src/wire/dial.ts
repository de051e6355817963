// Opens a connection to a host: its addresses are tried one shortly after the other (Happy Eyeballs, RFC 8305), and the
// first that accepts gets the connection. An address that is dead costs 250 ms; one that is slow is not given up.
import type { Socket } from "node:net";
import type { Log } from "../core/log.ts";
import { isName, type Resolver } from "./resolver.ts";
import type { Shortage } from "./shortage.ts";

/** Between the beginnings of two attempts, ms (RFC 8305 §5). */
const ATTEMPT_DELAY_MS = 250;

/** What every connection to a backend needs. */
export interface Network {
  readonly resolver: Resolver;
  readonly shortage: Shortage;
  /** Absent: connections are not logged. */
  readonly log?: Pick<Log, "debug">;
  /** Closes a connection that is idle, so that another can have its descriptor. @returns whether there was one */
  spare(): boolean;
}

/** Why there is no connection. */
export interface DialFailure {
  /** Code of errno, or a few words. */
  readonly reason: string;
  /** The gateway itself lacks descriptors, ports or memory: this says nothing about the host. */
  readonly own: boolean;
}

/** Who asked for the connection: what it provides, and what it is told. */
export interface Dialler {
  /** Begins to connect to an address. @throws Error when its options are refused */
  open(address: string): Socket;
  /** The connection stands. TLS on it has only begun. */
  connected(socket: Socket, address: string): void;
  failed(failure: DialFailure): void;
}

/** One dialling under way. It reports once, never before the constructor returns, and not after it was stopped. */
export class Dial {
  readonly #network: Network;
  readonly #host: string;
  readonly #dialler: Dialler;
  readonly #attempts = new Set<Socket>();
  #left: string[] = [];
  /** The failure to report: the first so far, or one that is the gateway's own. */
  #reason = "";
  #own = false;
  #over = false;
  #next: NodeJS.Timeout | undefined;
  readonly #limit: NodeJS.Timeout | undefined;

  /**
   * @param host name, IP address or UNIX socket
   * @param withinMs for all of it, the look-up included; 0 any time
   */
  constructor(network: Network, host: string, withinMs: number, dialler: Dialler) {
    this.#network = network;
    this.#host = host;
    this.#dialler = dialler;
    if (withinMs > 0) this.#limit = setTimeout(() => this.#fail("dial timed out"), withinMs);
    if (isName(host)) this.#resolve();
    else this.#begin([host]);
  }

  /** Gives it up; nothing is reported. Harmless when it is over. */
  stop(): void {
    this.#over = true;
    clearTimeout(this.#limit);
    clearTimeout(this.#next);
    for (const socket of this.#attempts) socket.destroy();
    this.#attempts.clear();
  }

  #resolve(): void {
    this.#network.resolver.resolve(this.#host).then(
      (addresses) => this.#begin(addresses),
      (error: Error) => this.#refused(error, () => this.#resolve()),
    );
  }

  #begin(addresses: readonly string[]): void {
    this.#left = [...addresses];
    this.#attempt();
  }

  #attempt(): void {
    clearTimeout(this.#next);
    const address = this.#left.shift();
    if (this.#over || address === undefined) return;
    const again = () => {
      this.#left.unshift(address);
      this.#attempt();
    };
    let socket: Socket;
    try {
      socket = this.#dialler.open(address);
    } catch (error) {
      return process.nextTick(() => this.#refused(error as Error, again));
    }
    this.#attempts.add(socket);
    socket.once("connect", () => this.#won(socket, address));
    socket.on("error", (error) => {
      if (this.#attempts.delete(socket)) this.#refused(error, again);
    });
    if (this.#left.length > 0) this.#next = setTimeout(() => this.#attempt(), ATTEMPT_DELAY_MS);
  }

  #won(socket: Socket, address: string): void {
    if (!this.#attempts.delete(socket)) return;
    this.stop();
    this.#dialler.connected(socket, address);
  }

  /** @param again whether this is the second try of the same address, after an idle connection was closed for its descriptor */
  #refused(error: NodeJS.ErrnoException, again: () => void): void {
    if (this.#over) return;
    if (error.code === "EMFILE" && this.#network.spare()) return again();
    const own = this.#network.shortage.caused(error);
    if (own || this.#reason === "") this.#reason = error.code ?? error.message;
    if (own) this.#own = true;
    if (this.#left.length > 0) this.#attempt();
    else if (this.#attempts.size === 0) this.#fail(this.#reason);
  }

  #fail(reason: string): void {
    if (this.#over) return;
    this.stop();
    if (!this.#own) this.#network.resolver.forget(this.#host);
    this.#dialler.failed({ reason, own: this.#own });
  }
}
