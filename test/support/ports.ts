// Free ports, for the few tests that must know a port before it is bound.
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const closed = once(server, "close");
  server.close();
  await closed;
  return port;
}

/** A port where nobody listens and no system hands out to anybody: a connection to it is refused. */
export const NOBODYS_PORT = 1;
