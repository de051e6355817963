// HTTP backends over node:http that count what reaches them: requests, connections, and how many of each at once.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A backend and what it has seen so far. */
export interface Backend {
  readonly port: number;
  /** Connections ever accepted. */
  readonly accepted: number;
  /** Most connections open at one time. */
  readonly mostOpen: number;
  readonly open: ReadonlySet<Socket>;
  /** Requests ever begun. */
  readonly requests: number;
  /** Requests begun and not ended, in whatever way. */
  readonly active: number;
  close(): Promise<void>;
}

/** Options of {@link startBackend}. */
export interface BackendOptions {
  readonly host?: string;
  /** Port to listen on; default any. */
  readonly port?: number;
}

/** Starts a backend on 127.0.0.1. It never closes a connection by itself. */
export async function startBackend(answer: Answer, options: BackendOptions = {}): Promise<Backend> {
  const open = new Set<Socket>();
  const seen = { accepted: 0, mostOpen: 0, requests: 0, active: 0 };
  const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0 });
  server.on("connection", (socket: Socket) => {
    open.add(socket);
    seen.accepted++;
    seen.mostOpen = Math.max(seen.mostOpen, open.size);
    socket.on("error", () => undefined);
    socket.on("close", () => open.delete(socket));
  });
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    seen.requests++;
    seen.active++;
    response.on("close", () => seen.active--);
    request.on("error", () => undefined);
    answer(request, response);
  };
  server.on("request", serve);
  // Whether to say 100 is up to the test: listeners of this event find `Expect` in the request.
  server.on("checkContinue", serve);
  server.listen(options.port ?? 0, options.host ?? "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get accepted() {
      return seen.accepted;
    },
    get mostOpen() {
      return seen.mostOpen;
    },
    open,
    get requests() {
      return seen.requests;
    },
    get active() {
      return seen.active;
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of open) socket.destroy();
      await closed;
    },
  };
}

/** What {@link mirror} tells about the request it answers. */
export interface Mirrored {
  readonly method: string;
  readonly url: string;
  /** Flat, as on the wire. */
  readonly headers: readonly string[];
  readonly bytes: number;
  readonly sha256: string;
  /** Flat, as on the wire. */
  readonly trailers: readonly string[];
}

/** Reads the whole request and describes it as JSON. */
export function mirror(request: IncomingMessage, response: ServerResponse): void {
  const hash = createHash("sha256");
  let bytes = 0;
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    hash.update(chunk);
  });
  request.on("end", () => {
    const body: Mirrored = {
      method: request.method!,
      url: request.url!,
      headers: request.rawHeaders,
      bytes,
      sha256: hash.digest("hex"),
      trailers: request.rawTrailers,
    };
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify(body));
  });
}

/** All values of a field in a flat list, names compared without case. */
export function valuesOf(flat: readonly string[], name: string): string[] {
  const lower = name.toLowerCase();
  return flat.filter((_, i) => i % 2 === 1 && flat[i - 1]!.toLowerCase() === lower);
}
