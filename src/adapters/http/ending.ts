// Closes client connections: drains them so that an early answer arrives, or resets them if a reply is incomplete.
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";

/** How long an unread request body is read behind an early answer, ms, and how much of it, bytes. */
const LINGER_MS = 2000;
const LINGER_BYTES = 1024 * 1024;

/**
 * Reads on until the request is over, the client is gone, or the time is up. Closing before that would reset the connection
 * and could take the reply with it.
 * @param finished called at the end, at most once for each of these
 * @returns a function that stops reading at once
 */
export function linger(request: IncomingMessage, finished: () => void): () => void {
  let bytes = 0;
  const { socket } = request;
  const finish = () => {
    clearTimeout(timer);
    finished();
    if (!request.complete) socket.destroySoon();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.on("close", finish);
  request.on("end", finish);
  request.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    // More is not needed for the client to see the answer: the rest stays in the kernel until the time is up.
    if (bytes > LINGER_BYTES) request.pause();
  });
  return finish;
}

/**
 * Ends a connection in the middle of a reply so that its client knows that the reply is not complete. A plain connection is
 * reset: after FIN, a reply delimited by the end of the connection would look complete. One that is being shut down already,
 * as when its client has just left, cannot be reset any more: Node would keep it open for ever. TLS says the same as a reset
 * by ending without close_notify, and its sockets cannot be reset.
 */
export function cut(socket: Socket): void {
  const secure = (socket as Partial<TLSSocket>).encrypted === true;
  if (secure || (socket.writableEnded && !socket.writableFinished)) socket.destroy();
  else socket.resetAndDestroy();
}
