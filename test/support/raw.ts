// Raw TCP peers: a client that sends exactly these bytes, and a backend that answers exactly those.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** Sends `bytes` (latin1) and returns all that came back once the peer closed, or was silent for `quietMs`. */
export async function exchange(port: number, bytes: string, quietMs = 400): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(received);
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(done, quietMs);
    };
    socket.on("connect", () => socket.write(bytes, "latin1"));
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      wait();
    });
    socket.on("error", () => undefined);
    socket.on("close", done);
    wait();
  });
}

/** A backend on a free port of 127.0.0.1. */
export interface RawBackend {
  readonly port: number;
  readonly server: Server;
  /** Sockets open now. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** Starts a backend that hands each connection to `serve`. */
export async function rawBackend(serve: (socket: Socket) => void): Promise<RawBackend> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    serve(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    server,
    sockets,
    async close() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A backend that answers every complete request head with the same bytes. */
export function fixedBackend(response: string, then: "keep" | "end" | "reset" = "keep"): Promise<RawBackend> {
  return rawBackend((socket) => {
    let head = "";
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      head = "";
      socket.write(response, "latin1", () => {
        if (then === "end") socket.end();
        if (then === "reset") socket.resetAndDestroy();
      });
    });
  });
}
