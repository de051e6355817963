// An HTTP proxy that opens tunnels (CONNECT), whatever host is asked for, to this machine.
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";

/** A proxy under way. */
export interface ConnectProxy {
  readonly port: number;
  /** Each tunnel that was asked for: `host:port`, and the credentials behind it. */
  readonly asked: string[];
  /** Status of its answers; 200: it opens tunnels, 0: it says nothing. */
  status: number;
  close(): Promise<void>;
}

/** Starts one. @param to port that each tunnel leads to */
export async function startConnectProxy(to: number): Promise<ConnectProxy> {
  const held = new Set<Duplex>();
  const server = createServer((_, response) => response.writeHead(405).end()).listen(0, "127.0.0.1");
  server.on("connect", (request, socket) => {
    proxy.asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    socket.on("error", () => socket.destroy());
    held.add(socket);
    if (proxy.status === 0) return;
    if (proxy.status !== 200) return socket.end(`HTTP/1.1 ${proxy.status} No\r\n\r\n`);
    const beyond = connect(to, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      beyond.pipe(socket).pipe(beyond);
    });
    beyond.on("error", () => socket.destroy());
    socket.on("close", () => beyond.destroy());
  });
  await once(server, "listening");
  const proxy: ConnectProxy = {
    port: (server.address() as AddressInfo).port,
    asked: [],
    status: 200,
    async close() {
      server.closeAllConnections();
      for (const socket of held) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return proxy;
}
