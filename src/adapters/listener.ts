// A bound port: accepts sockets and gives them to whichever server is current, so that a reload never rebinds.

import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { bracketed } from "../wire/authority.ts";

/** Takes over accepted sockets. */
export interface ConnectionHandler {
  readonly connections: number;
  accept(socket: Socket): void;
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
  readonly host: string;
  readonly port: number;
  readonly #server: Server;
  #handler: ConnectionHandler;
  readonly #retired = new Set<ConnectionHandler>();

  constructor(host: string, port: number, handler: ConnectionHandler) {
    this.host = host;
    this.port = port;
    this.#handler = handler;
    this.#server = createServer({ noDelay: true, highWaterMark: BUFFERED_BYTES }, (socket) =>
      this.#handler.accept(socket),
    );
  }

  /** Connections open, on the current and on retired servers. */
  get connections(): number {
    this.#sweep();
    let sum = this.#handler.connections;
    for (const handler of this.#retired) sum += handler.connections;
    return sum;
  }

  /** Port really bound (differs from {@link port} when that is 0). */
  get boundPort(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.port;
  }

  /**
   * Binds the port.
   * @throws Error saying why the port cannot be bound
   */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const refused = (error: NodeJS.ErrnoException) => reject(new Error(bindFailure(error, this.host, this.port)));
      this.#server.once("error", refused);
      this.#server.listen({ host: this.host, port: this.port, backlog: 1024 }, () => {
        this.#server.off("error", refused);
        this.#server.on("error", () => undefined); // accept failures (EMFILE) concern one client, not the port
        resolve();
      });
    });
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

function bindFailure(error: NodeJS.ErrnoException, host: string, port: number): string {
  const where = `${bracketed(host)}:${port}`;
  if (error.code === "EADDRINUSE") return `cannot listen on ${where}: the port is in use`;
  if (error.code === "EACCES") return `cannot listen on ${where}: no permission for this port`;
  if (error.code === "EADDRNOTAVAIL") return `cannot listen on ${where}: this machine has no such address`;
  return `cannot listen on ${where}: ${error.message}`;
}
