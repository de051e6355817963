// Makes way for a UNIX socket: the file of a process that died is removed, that of a living one is not.
import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";

/**
 * Removes the socket file at `path` if nobody listens on it.
 * @throws Error when somebody does, or when something else is there
 */
export async function claimSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`cannot listen on unix:${path}: there is something that is no socket`);
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
    // Anything but a refusal may be a process that is only busy.
    probe.once("error", ({ code }: NodeJS.ErrnoException) => resolve(code !== "ECONNREFUSED" && code !== "ENOENT"));
  });
}
