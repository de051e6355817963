// What the demo servers have in common: an address to print, and an end that no open stream can delay.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** Where every demo server listens. */
export const DEMO_HOST = "127.0.0.1";

/** How long a client may take to notice that a server is going away, ms. */
export const FAREWELL_MS = 250;

/** A running demo server. */
export interface DemoServer {
  /** What it is, for the line that announces it. */
  readonly title: string;
  readonly url: string;
  readonly port: number;
  /** Ends it and every open connection; resolves when the port is free, harmless the second time. */
  stop(): Promise<void>;
}

/** What a Node HTTP server is announced as, and how its streams end. */
interface ServerTraits {
  readonly title: string;
  readonly scheme: string;
  /** Ends the open streams in good order; what is still open {@link FAREWELL_MS} later is cut. */
  readonly endStreams?: () => void;
}

/**
 * Binds a Node HTTP server to a port of 127.0.0.1.
 * @param port 0 takes a free one
 * @throws the system's error when the port is taken
 */
export async function listen(server: Server, port: number, traits: ServerTraits): Promise<DemoServer> {
  const sockets = new Set<Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(port, DEMO_HOST, resolve));
  const bound = (server.address() as AddressInfo).port;
  let stopped: Promise<void> | null = null;
  return {
    title: traits.title,
    url: `${traits.scheme}://${DEMO_HOST}:${bound}`,
    port: bound,
    stop() {
      stopped ??= end(server, sockets, traits.endStreams);
      return stopped;
    },
  };
}

function end(server: Server, sockets: ReadonlySet<Socket>, endStreams: (() => void) | undefined): Promise<void> {
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return new Promise((resolve) => {
    const timer = endStreams === undefined ? null : setTimeout(cut, FAREWELL_MS);
    server.close(() => {
      if (timer !== null) clearTimeout(timer);
      resolve();
    });
    if (endStreams === undefined) cut();
    else endStreams();
  });
}

/** Path and query of a request; unlike `URL` it takes any target a client can send. */
export function targetOf(request: IncomingMessage): { readonly path: string; readonly query: URLSearchParams } {
  const [path = "", query = ""] = (request.url ?? "").split("?", 2);
  return { path, query: new URLSearchParams(query) };
}

/** Answers with JSON. */
export function sendJson(response: ServerResponse, status: number, content: unknown): void {
  response.writeHead(status, { "Content-Type": "application/json" }).end(`${JSON.stringify(content)}\n`);
}

/** What `/refuse` of the streaming servers answers. */
export const REFUSED = {
  error: "refused",
  message: "This path refuses everybody, for you to see what that looks like.",
};
