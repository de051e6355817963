// Some tests need the ports that examples and README name; this lets only one of them run at a time.
import { createServer, type Server } from "node:net";

const LOCK_PORT = 3999;
const RETRY_MS = 100;

/** Waits for the turn. @returns ends it */
export async function holdFixedPorts(): Promise<() => void> {
  for (;;) {
    const lock = await tryLock();
    if (lock !== null) return () => void lock.close();
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function tryLock(): Promise<Server | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(null));
    server.listen(LOCK_PORT, "127.0.0.1", () => resolve(server));
  });
}
