// The TLS handshake of sockets that were accepted elsewhere.
import { createServer, type TLSSocket, type TlsOptions, type Server as TlsServer } from "node:tls";
import { type HandshakeWatch, UNWATCHED } from "../core/handshake.ts";
import { addressOf } from "./client-address.ts";
import { handshakeFault } from "./handshake-fault.ts";

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
  watch: HandshakeWatch = UNWATCHED,
): TlsServer {
  const server = createServer({ ...options, handshakeTimeout: handshakeMs });
  server.on("tlsClientError", (error, socket) => {
    const { fault, detail } = handshakeFault(error, socket);
    watch.failed(fault, detail, addressOf(socket));
    socket.destroy();
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    const client = addressOf(socket);
    // Node hides an error of the handshake's socket behind that of the TLS socket, which needs a listener of its own.
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // In TLS 1.3 a client looks at our certificate when the handshake is over for us (RFC 8446 §4.4).
      const { fault, detail } = handshakeFault(error, socket);
      if (fault === "refused_by_client") watch.failed(fault, detail, client);
      socket.destroy();
    });
    if (requireCertificate && Object.keys(socket.getPeerCertificate()).length === 0) {
      watch.failed("client_certificate_missing", "no certificate", client);
      return socket.destroy();
    }
    watch.succeeded(() => ({
      client,
      version: socket.getProtocol(),
      cipher: socket.getCipher().name,
      serverName: (socket as { servername?: string | false }).servername || undefined,
      protocol: socket.alpnProtocol || undefined,
      resumed: socket.isSessionReused(),
    }));
    opened(socket);
  });
  return server;
}
