// A bound port or UNIX socket: accepts sockets and gives them to whichever server is current, so that a reload never rebinds.

import { chmodSync, existsSync } from "node:fs";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { ServerTls } from "../tls/server-tls.ts";
import { bracketed } from "../wire/authority.ts";
import { claimSocket } from "./unix-socket.ts";

/** Where a listener is bound. */
export interface BindAddress {
  /** "" for a UNIX socket. */
  readonly host: string;
  /** 0 for a UNIX socket. */
  readonly port: number;
  /** Path of a UNIX socket; "" for host and port. */
  readonly socket: string;
  /** Permissions of the UNIX socket. */
  readonly socketMode: number;
}

/** The address of a TCP port. */
export function tcpAddress(host: string, port: number): BindAddress {
  return { host, port, socket: "", socketMode: 0 };
}

/** As messages name it: `0.0.0.0:8080`, or `unix:/run/gateway.sock`. */
export function boundText({ host, port, socket }: Omit<BindAddress, "socketMode">): string {
  return socket === "" ? `${bracketed(host)}:${port}` : `unix:${socket}`;
}

/** Whether both name the same port or socket. */
export function sameAddress(a: BindAddress, b: BindAddress): boolean {
  return a.host === b.host && a.port === b.port && a.socket === b.socket;
}

/** Takes over accepted sockets. */
export interface ConnectionHandler {
  readonly connections: number;
  accept(socket: Socket): void;
  /** Replaces the certificates for new handshakes. All other settings in `tls` are unchanged. */
  certify(tls: ServerTls): void;
  /** Requests that arrive from now on wait; {@link release} lets them go on. */
  hold(): void;
  release(): void;
  /** Every reply from now on ends its connection. */
  announceClose(): void;
  closeIdle(): void;
  destroy(): void;
  stop(): void;
}

/**
 * What may wait in a client's socket before the backend is paused. As large as one read of a bulk body: with Node's 16 KiB
 * every such read would pause and resume the backend, a tenth of the cost of a 100 KB answer.
 */
const BUFFERED_BYTES = 128 * 1024;
/** How long idle clients have to ask once more and be told that their connection ends, ms. */
export const GOODBYE_MS = 5000;
/** The port is closed after this long without a new connection, ms. */
const QUIET_MS = 50;
/** Longest wait for that, ms. */
const MAX_QUIET_MS = 250;

/** One listening socket. */
export class Listener {
  readonly address: BindAddress;
  readonly #server: Server;
  #handler: ConnectionHandler;
  readonly #retired = new Set<ConnectionHandler>();

  constructor(address: BindAddress, handler: ConnectionHandler) {
    this.address = address;
    this.#handler = handler;
    this.#server = createServer({ noDelay: true, highWaterMark: BUFFERED_BYTES }, (socket) => {
      // A client that has reset its connection meanwhile; without an address it would count as a peer on a UNIX socket.
      if (address.socket === "" && socket.remoteAddress === undefined) socket.destroy();
      else this.#handler.accept(socket);
    });
  }

  /** Connections open, on the current and on retired servers. */
  get connections(): number {
    this.#sweep();
    let sum = this.#handler.connections;
    for (const handler of this.#retired) sum += handler.connections;
    return sum;
  }

  /** Port really bound (differs from the one wanted when that is 0); 0 with a UNIX socket. */
  get boundPort(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.address.port;
  }

  /**
   * Binds the port or socket. A UNIX socket that a process left behind is replaced.
   * @throws Error saying why it cannot be bound
   */
  async listen(): Promise<void> {
    const { host, port, socket, socketMode } = this.address;
    const server = this.#server;
    if (socket !== "") await claimSocket(socket);
    await new Promise<void>((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException) => reject(new Error(bindFailure(error, this.address)));
      server.once("error", refused);
      server.listen({ ...(socket === "" ? { host, port } : { path: socket }), backlog: 1024 }, () => {
        server.off("error", refused);
        server.on("error", () => undefined); // accept failures (EMFILE) concern one client, not the port
        resolve();
      });
    });
    if (socket !== "") chmodSync(socket, socketMode);
  }

  /** Replaces the certificates for new connections. */
  certify(tls: ServerTls): void {
    this.#handler.certify(tls);
  }

  /** Whether the file of its UNIX socket was removed, so that clients cannot connect any more. */
  get isLost(): boolean {
    return this.address.socket !== "" && !existsSync(this.address.socket);
  }

  /** Changes the permissions of a UNIX socket. */
  allow(mode: number): void {
    if (this.address.socket !== "" && !this.isLost) chmodSync(this.address.socket, mode);
  }

  /** Stops listening at once. Called for a listener that is lost, before another one creates a file at the same path. */
  abandon(): void {
    this.#server.close();
  }

  /**
   * New connections go to `handler`. Clients of the old one finish what is under way and are told to connect anew with their
   * next reply: what was tightened (a client certificate, a limit) would never reach them otherwise.
   */
  replace(handler: ConnectionHandler): void {
    const old = this.#handler;
    this.#retired.add(old);
    this.#handler = handler;
    old.announceClose();
    setTimeout(() => old.closeIdle(), GOODBYE_MS).unref();
    this.#sweep();
  }

  /**
   * Closes the listening socket. A connection waiting in the kernel's accept queue at that moment would be reset. So
   * requests are held for the moment: their clients wait for an answer and open no new connection; once none has come for
   * a while the queue is empty, the port is closed, and the requests go on.
   */
  async stopAccepting(): Promise<void> {
    if (!this.#server.listening) return;
    for (const handler of this.#handlers()) handler.hold();
    await this.#quiet();
    this.#server.close();
    for (const handler of this.#handlers()) handler.release();
  }

  /** Every reply from now on ends its connection. */
  announceClose(): void {
    for (const handler of this.#handlers()) handler.announceClose();
  }

  /** Closes connections that carry no request. */
  closeIdle(): void {
    for (const handler of this.#handlers()) handler.closeIdle();
  }

  /** Closes the port and every connection at once. */
  destroy(): void {
    this.#server.close();
    for (const handler of this.#handlers()) handler.destroy();
  }

  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        clearTimeout(limit);
        this.#server.off("connection", again);
        resolve();
      };
      const again = () => void timer.refresh();
      const timer = setTimeout(done, QUIET_MS);
      const limit = setTimeout(done, MAX_QUIET_MS);
      this.#server.on("connection", again);
    });
  }

  #handlers(): ConnectionHandler[] {
    return [this.#handler, ...this.#retired];
  }

  #sweep(): void {
    for (const handler of this.#retired) {
      if (handler.connections > 0) continue;
      handler.stop();
      this.#retired.delete(handler);
    }
  }
}

function bindFailure(error: NodeJS.ErrnoException, address: BindAddress): string {
  const where = boundText(address);
  if (error.code === "EADDRINUSE") return `cannot listen on ${where}: the port is in use`;
  if (error.code === "EACCES") return `cannot listen on ${where}: no permission for this port`;
  if (error.code === "EADDRNOTAVAIL") return `cannot listen on ${where}: this machine has no such address`;
  return `cannot listen on ${where}: ${error.message}`;
}
