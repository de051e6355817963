// An unread request body is read into nothing for a moment after an early answer, so that the client can see the answer.
import type { IncomingMessage } from "node:http";

/** How long, and how much, is read. */
const LINGER_MS = 2000;
const LINGER_BYTES = 1024 * 1024;

/**
 * Reads on until the request is over, the client is gone, or the time is up. Closing before that would reset the connection
 * and could take the reply with it.
 * @param finished called at the end, at most once by each of these
 * @returns ends it now
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
    // More than anybody needs to see an answer: what still comes stays in the kernel until the time is up.
    if (bytes > LINGER_BYTES) request.pause();
  });
  return finish;
}
