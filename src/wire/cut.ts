// Ends a connection in the middle of a reply so that its peer knows that the reply is not complete.
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/**
 * Resets a plain connection: after FIN, a reply delimited by the end of the connection would look complete. One that is
 * being shut down already, as when its peer has just left, cannot be reset any more: Node would keep it open for ever. TLS
 * says the same as a reset by ending without close_notify, and its sockets cannot be reset.
 */
export function cut(socket: Socket): void {
  const secure = (socket as Partial<TLSSocket>).encrypted === true;
  if (secure || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
