// Finds free TCP ports, so that a run never meets another program's.
import { createServer } from "node:net";

// Below the range the kernel takes client ports from: no outgoing connection can slip in before the server binds.
const first = 20_000;
const count = 10_000;

/** A port on 127.0.0.1 that nobody listens on, from a random place so that two runs at once rarely meet. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = first + Math.floor(Math.random() * count);
    if (await isFree(port)) return port;
  }
  throw new Error(`no free port found between ${first} and ${first + count}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
