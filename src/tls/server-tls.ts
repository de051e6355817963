// What a listener shows to its clients and asks of them: plain data, read from the configuration and from the files it names.
import type { SecureVersion } from "node:tls";
import type { KeyPair } from "./key-pair.ts";
import type { Revocation } from "./revocation.ts";
import type { Validity } from "./validity.ts";

/**
 * `none`; `request`: a certificate is asked for and not needed; `require`: one must come, and is verified where CAs are
 * known; `verify`: one must come and be verified.
 */
type ClientAuthMode = "none" | "request" | "require" | "verify";

/** What is asked of clients. */
export interface ClientAuth {
  readonly mode: ClientAuthMode;
  /** Bundle of the CAs that clients are verified against, PEM; "": they are not verified, whatever the system trusts. */
  readonly ca: string;
  /** null: revocation is not checked. */
  readonly revocation: Revocation | null;
  /** Equal where the same is asked; "" where nothing is. */
  readonly key: string;
}

/** Nothing is asked. */
export const NO_CLIENT_AUTH: ClientAuth = { mode: "none", ca: "", revocation: null, key: "" };

/** A certificate and who it is shown to. */
export interface ServerCertificate extends KeyPair {
  /** As messages call it, such as its file. */
  readonly source: string;
  /** Lower-case names, `*.example.org` among them; shown where a client asks for one of them. */
  readonly hosts: readonly string[];
  readonly clients: ClientAuth;
  /** When it and those that signed it hold together, ms since 1970. */
  readonly validity: Validity;
}

/** Sessions that clients may resume. */
interface TicketRule {
  /** Equal in all gateways that shall resume each other's sessions; "": a secret of this process. */
  readonly secret: string;
  /** How long a session may be resumed, s. */
  readonly lifetimeS: number;
}

/** TLS of one listener. */
export interface ServerTls {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** `ciphers` of `node:tls`; "" that of the runtime. */
  readonly ciphers: string;
  /** `ecdhCurve` of `node:tls`; "" that of the runtime. */
  readonly groups: string;
  readonly preferServerCipher: boolean;
  /** The first is also shown where none has the name that is asked for. */
  readonly certificates: readonly ServerCertificate[];
  /** Name sets whose certificates are issued by ACME, and shown when they are there. */
  readonly issued: readonly (readonly string[])[];
  /** Of clients that ask for no name of `certificates`. */
  readonly clients: ClientAuth;
  /** null: sessions are not resumed. */
  readonly tickets: TicketRule | null;
  /** What backends are told of a verified certificate (RFC 9440). */
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
