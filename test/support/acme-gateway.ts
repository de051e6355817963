// Gateways that order certificates from pebble, and clients that look at what they show.

import type { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { connect, type TLSSocket } from "node:tls";
import type { Pebble } from "./pebble.ts";
import type { Block } from "./setup.ts";

/** Where a gateway listens. */
export interface Doors {
  readonly http: number;
  readonly https: number;
}

/** Text of a configuration: a plain and a secure listener, and a rule that sends everything to a backend. */
export function acmeConfig(
  { directory, caFile }: Pick<Pebble, "directory" | "caFile">,
  doors: Doors,
  backend: number,
  acme: Block,
  more: { readonly http?: Block; readonly gateway?: Block } = {},
): string {
  const listener = {
    name: "secure",
    host: "127.0.0.1",
    port: doors.https,
    tls: { enabled: true, acme: { enabled: true, directory, caFile, ...acme } },
  };
  const gateway = {
    frontend: { http: { host: "127.0.0.1", port: doors.http, ...more.http }, listeners: [listener] },
    router: { rules: [{ path: "/*", serviceName: "up" }] },
    registry: {
      static: { services: [{ name: "up", instances: [{ id: "up-1", address: "127.0.0.1", port: backend }] }] },
    },
    shutdown: { delay: "0s", timeout: "1s" },
    ...more.gateway,
  };
  return `${JSON.stringify({ gateway }, null, 2)}\n`;
}

/** A connection, whose certificate nobody has verified. @throws Error (rejects) when the handshake fails */
export async function dialTls(port: number, servername: string, protocols: readonly string[] = []): Promise<TLSSocket> {
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername,
    rejectUnauthorized: false,
    ...(protocols.length === 0 ? {} : { ALPNProtocols: [...protocols] }),
  });
  socket.on("error", () => undefined);
  await once(socket, "secureConnect");
  return socket;
}

/** The certificate shown for a name; null: the handshake fails. */
export async function shownFor(port: number, servername: string): Promise<X509Certificate | null> {
  try {
    const socket = await dialTls(port, servername);
    const certificate = socket.getPeerX509Certificate() ?? null;
    socket.destroy();
    return certificate;
  } catch {
    return null;
  }
}
