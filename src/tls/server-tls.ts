// The TLS settings of a listener as plain data: certificates, demands on clients, versions, session tickets.
import type { SecureVersion } from "node:tls";
import type { KeyPair } from "./key-pair.ts";
import type { Revocation } from "./revocation.ts";
import type { Validity } from "./validity.ts";

/**
 * `none`; `request`: a certificate is requested but optional; `require`: one is mandatory, and verified if CAs are
 * configured; `verify`: one is mandatory and verified.
 */
type ClientAuthMode = "none" | "request" | "require" | "verify";

/** What clients must prove by a certificate. */
export interface ClientAuth {
  readonly mode: ClientAuthMode;
  /** The CAs that clients are verified against, PEM; "": clients are not verified, not even by the system's CAs. */
  readonly ca: string;
  /** Revocation lists; null: revocation is not checked. */
  readonly revocation: Revocation | null;
  /** Equal for equal demands; "" for `none`. */
  readonly key: string;
}

/** No certificate is requested. */
export const NO_CLIENT_AUTH: ClientAuth = { mode: "none", ca: "", revocation: null, key: "" };

/** A certificate with the names it is shown for. */
export interface ServerCertificate extends KeyPair {
  /** Its name in messages, such as its file. */
  readonly source: string;
  /** Names it is shown for, lower-case; may include wildcards such as `*.example.org`. */
  readonly hosts: readonly string[];
  readonly clients: ClientAuth;
  /** When the whole chain is valid. */
  readonly validity: Validity;
}

/** How sessions are resumed. */
interface TicketRule {
  /** Secret shared by the gateways that resume each other's sessions; "": a random one of this process. */
  readonly secret: string;
  /** How long a session may be resumed, s. */
  readonly lifetimeS: number;
}

/** TLS of one listener. */
export interface ServerTls {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** `ciphers` of `node:tls`; "": the default of the runtime. */
  readonly ciphers: string;
  /** `ecdhCurve` of `node:tls`; "": the default of the runtime. */
  readonly groups: string;
  readonly preferServerCipher: boolean;
  /** The first one is also the default, shown if none matches the requested name. */
  readonly certificates: readonly ServerCertificate[];
  /** Name sets whose certificates are issued by ACME and shown once they exist. */
  readonly issued: readonly (readonly string[])[];
  /** Demands on clients that request no name of `certificates`. */
  readonly clients: ClientAuth;
  /** null: sessions are not resumed. */
  readonly tickets: TicketRule | null;
  /** Which certificates of a verified client are forwarded to backends (RFC 9440). */
  readonly forward: "none" | "leaf" | "chain";
}

/**
 * The settings that a client had to meet in its handshake. When they change, the connections of a listener are closed;
 * when only others change, such as its certificates, they stay open.
 */
export function demandsOf(tls: ServerTls): unknown {
  const { minVersion, maxVersion, ciphers, groups, preferServerCipher, clients, certificates } = tls;
  const demands = certificates.map(({ hosts, clients: { key } }) => [hosts, key] as const);
  // Where all names demand the same, names may come and go. Otherwise any of them may change what others demand.
  const same = demands.every(([, key]) => key === clients.key);
  return {
    ...{ minVersion, maxVersion, ciphers, groups, preferServerCipher },
    clients: clients.key,
    others: same ? [] : demands,
  };
}
