// Node starts the timeouts of an HTTP server when it begins to listen; ours never does, sockets are given to it.
import type { Server } from "node:http";

/** Starts the check of header and request timeouts. `server.close()` stops it. */
export function startClocks(server: Server): void {
  server.emit("listening");
}
