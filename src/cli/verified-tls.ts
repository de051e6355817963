// TLS to the gateway itself, whose certificate names its public host and not the address that commands connect to.
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";

/**
 * Connects, and compares the certificate with those that are configured as a whole. Nothing is sent before.
 * @throws Error (rejects) when the server does not hold one of them
 */
export async function verifiedTls(
  to: ConnectionOptions,
  configured: readonly { readonly cert: string | Buffer }[],
): Promise<TLSSocket> {
  if (configured.length === 0) throw new Error("its certificate is issued by ACME and cannot be verified here");
  const socket = connect({ ...to, rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const shown = socket.getPeerX509Certificate()?.fingerprint256;
  if (configured.some(({ cert }) => new X509Certificate(cert).fingerprint256 === shown)) return socket;
  socket.destroy();
  throw new Error("its certificate is not the configured one");
}
