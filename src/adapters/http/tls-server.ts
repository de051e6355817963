// The TLS handshake of sockets that were accepted elsewhere.
import { createServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";

/**
 * A TLS server that is given its sockets: emit `connection` on it.
 * @param requireCertificate a client that shows no certificate is not served
 * @param handshakeMs longest wait for the handshake
 * @param opened takes a socket once its handshake is over
 */
export function tlsServer(
  options: TlsOptions,
  requireCertificate: boolean,
  handshakeMs: number,
  opened: (socket: TLSSocket) => void,
): TlsServer {
  const server = createServer({ ...options, handshakeTimeout: handshakeMs });
  server.on("tlsClientError", (_error, socket) => socket.destroy());
  server.on("secureConnection", (socket: TLSSocket) => {
    // Node hides an error of the handshake's socket behind that of the TLS socket, which needs a listener of its own.
    socket.on("error", () => socket.destroy());
    if (requireCertificate && Object.keys(socket.getPeerCertificate()).length === 0) return socket.destroy();
    opened(socket);
  });
  return server;
}
