// The scrape endpoint on a port of its own: everything else there is 404.
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";
import { startClocks } from "./clocks.ts";

/** Content of the scrape endpoint. */
export interface Page {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Serves one page at one path. */
export class MetricsServer {
  readonly #server: Server;
  /** Socket → whether a request is under way on it. */
  readonly #sockets = new Map<Socket, boolean>();

  constructor(path: string, page: () => Promise<Page>) {
    this.#server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
      // One request a connection: a scraper comes back in seconds, and nothing idle holds up the end of the process.
      response.setHeader("Connection", "close");
      this.#sockets.set(request.socket, true);
      const found = (request.url ?? "").split("?")[0] === path;
      if (!found || (request.method !== "GET" && request.method !== "HEAD")) {
        response.writeHead(found ? 405 : 404).end();
        return;
      }
      page()
        .then(async (p) => {
          const text = await p.text();
          response.writeHead(200, { "Content-Type": p.contentType }).end(text);
        })
        .catch(() => response.writeHead(500).end());
    });
    startClocks(this.#server);
  }

  get connections(): number {
    return this.#sockets.size;
  }

  accept(socket: Socket): void {
    this.#sockets.set(socket, false);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#server.emit("connection", socket);
  }

  hold(): void {}
  release(): void {}
  sayGoodbye(): void {}

  closeIdle(): void {
    for (const [socket, busy] of this.#sockets) if (!busy) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
    this.stop();
  }

  stop(): void {
    this.#server.close(() => undefined);
  }
}
