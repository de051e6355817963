// The first bytes of a connection, inspected before its protocol is known.
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
  let room: Buffer = Buffer.alloc(0);
  let length = 0;
  const look = () => {
    const more = socket.read() as Buffer | null;
    if (more === null) return;
    // Room grows by doubling, so that bytes that come one by one are not copied with each of them.
    if (length === 0) room = more;
    else if (length + more.length <= room.length) more.copy(room, length);
    else room = Buffer.concat([room.subarray(0, length), more], 2 * (length + more.length));
    length += more.length;
    const bytes = room.subarray(0, length);
    if (!enough(bytes)) return;
    stop();
    socket.unshift(bytes);
    then(bytes);
  };
  const stop = () => void socket.off("readable", look).off("error", giveUp);
  socket.on("error", giveUp);
  socket.on("readable", look);
  return stop;
}

function giveUp(this: Socket): void {
  this.destroy();
}
