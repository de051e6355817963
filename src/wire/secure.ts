// TLS towards a backend: verified against its name, with the settings of its pool.
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
  readonly material: SecureContextOptions;
}

/**
 * Opens a TLS socket.
 * @param address host name or IP address of the endpoint
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
