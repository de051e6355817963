// TLS to a backend: verified against its name and its pins, with the settings of its pool.
import { createHash } from "node:crypto";
import type { NetConnectOpts } from "node:net";
import { connect, type SecureContextOptions, type SecureVersion, type TLSSocket } from "node:tls";
import { withoutRoot } from "./authority.ts";
import { isName } from "./resolver.ts";

/** TLS towards backends; verification is on unless switched off by name. */
export interface UpstreamTls {
  readonly verify: boolean;
  /** SNI and expected name; "" = the endpoint's own. */
  readonly serverName: string;
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** SHA-256 of public keys (SubjectPublicKeyInfo) in base64, one of which the certificate must have; empty: any. */
  readonly pins: readonly string[];
  readonly material: SecureContextOptions;
}

/** TLS of which nothing is configured. */
export const DEFAULT_TLS: UpstreamTls = {
  verify: true,
  serverName: "",
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  pins: [],
  material: {},
};

/**
 * Opens a TLS socket. Its pins are checked by {@link whenSecure}.
 * @param address of the endpoint; a UNIX socket has to show a certificate of `localhost` unless `serverName` says otherwise
 * @param protocol the one protocol offered by ALPN
 * @param session of an earlier handshake, to be taken up again
 */
export function connectSecure(
  base: NetConnectOpts,
  address: string,
  tls: UpstreamTls,
  protocol: "h2" | "http/1.1",
  session?: Buffer,
): TLSSocket {
  const name = tls.serverName || (isName(address) ? withoutRoot(address) : "");
  return connect({
    ...(base as object),
    ...tls.material,
    minVersion: tls.minVersion,
    maxVersion: tls.maxVersion,
    rejectUnauthorized: tls.verify,
    ALPNProtocols: [protocol],
    ...(name === "" ? {} : { servername: name }),
    ...(session === undefined ? {} : { session }),
  });
}

/**
 * Calls `ready` when the handshake has succeeded and the public key matches the pins; else the socket fails with an error.
 * @param keep called with each session that may be resumed with the same settings. A resumed session does not show the
 * certificate again, so only sessions of peers with a matching key are kept.
 */
export function whenSecure(
  socket: TLSSocket,
  { pins }: UpstreamTls,
  ready: () => void,
  keep?: (session: Buffer) => void,
): void {
  let known = false;
  // Registered before the handshake, else Node requests no sessions of TLS 1.2.
  if (keep !== undefined) socket.on("session", (session: Buffer) => known && keep(session));
  socket.once("secureConnect", () => {
    const key = pins.length === 0 || socket.isSessionReused() ? null : keyOf(socket);
    if (key !== null && !pins.includes(key)) return void socket.destroy(new PinError(key));
    known = true;
    ready();
  });
}

/** The public key matches no pin. The message is also the code, because the detail of a failed connection is its code. */
class PinError extends Error {
  readonly code: string;

  constructor(key: string) {
    super(`the public key sha256/${key} is none of the pins`);
    this.code = this.message;
  }
}

/** SHA-256 of the public key of the peer in base64; "" if it sent no certificate. */
function keyOf(socket: TLSSocket): string {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  return key === undefined ? "" : createHash("sha256").update(key).digest("base64");
}
