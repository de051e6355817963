// Removes the file of a UNIX socket left behind by a process that was killed.
import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";

/**
 * Removes the socket file at `path` if no process listens on it.
 * @throws Error when a process does, or when the file is not a socket
 */
export async function claimSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`cannot listen on unix:${path}: the file is not a socket`);
  if (await isServed(path)) throw new Error(`cannot listen on unix:${path}: another process listens on it`);
  unlinkSync(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect({ path });
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // Any other error, such as EAGAIN, may come from a process that is busy.
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}
