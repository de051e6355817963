// Free ports, for the few tests that must know a port before it is bound.
import { once } from "node:events";
import { createServer } from "node:net";

/** Below what Linux hands out by itself: nobody who takes any port gets it while its owner is restarted. */
const LOWEST = 26_000;
const COUNT = 6_000;

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    const server = createServer();
    const bound = once(server, "listening").then(
      () => true,
      () => false,
    );
    server.listen(port, "127.0.0.1");
    if (!(await bound)) continue;
    const closed = once(server, "close");
    server.close();
    await closed;
    return port;
  }
}

/** A port where nobody listens and no system hands out to anybody: a connection to it is refused. */
export const NOBODYS_PORT = 1;
