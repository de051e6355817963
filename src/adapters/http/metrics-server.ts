// The scrape endpoint on a port of its own: everything else there is 404.
import { createServer, type Server } from "node:http";
import type { Socket } from "node:net";

/** Content of the scrape endpoint. */
export interface Page {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Serves one page at one path. */
export class MetricsServer {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(path: string, page: () => Promise<Page>) {
    this.#server = createServer({ headersTimeout: 10_000, requestTimeout: 10_000 }, (request, response) => {
      const found = (request.url ?? "").split("?")[0] === path;
      if (!found || (request.method !== "GET" && request.method !== "HEAD")) {
        response.writeHead(found ? 405 : 404).end();
        return;
      }
      page()
        .then(async (p) => response.writeHead(200, { "Content-Type": p.contentType }).end(await p.text()))
        .catch(() => response.writeHead(500).end());
    });
  }

  get connections(): number {
    return this.#sockets.size;
  }

  accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    this.#server.emit("connection", socket);
  }

  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.stop();
  }

  stop(): void {
    this.#server.close(() => undefined);
  }
}
