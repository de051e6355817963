// The first bytes of a connection, looked at before its protocol is known.
import type { Socket } from "node:net";

/**
 * Reads until `enough` returns true, puts everything back and calls `then`. A socket that fails before is destroyed.
 * @returns a function that stops reading
 */
export function firstBytes(
  socket: Socket,
  enough: (bytes: Buffer) => boolean,
  then: (bytes: Buffer) => void,
): () => void {
  let first: Buffer | null = null;
  const look = () => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    first = first === null ? more : Buffer.concat([first, more]);
    if (!enough(first)) return;
    stop();
    socket.unshift(first);
    then(first);
  };
  const stop = () => void socket.off("readable", look).off("error", giveUp);
  socket.on("error", giveUp);
  socket.on("readable", look);
  return stop;
}

function giveUp(this: Socket): void {
  this.destroy();
}
