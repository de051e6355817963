// `frontend.*.tls` and `management.tls`: server certificates and client authentication.
import { TLS_PROFILES } from "../../tls/profiles.ts";
import { TLS_VERSIONS } from "../../wire/ciphers.ts";
import { acme } from "./acme.ts";
import type { Infer } from "./field.ts";
import { listOf, object, optional } from "./fields.ts";
import { bool, dur, oneOf, str, strings } from "./scalars.ts";

const CLIENT_AUTH = ["none", "request", "require", "verify"] as const;

/** Largest `hsts.maxAge`: ten years. The preload lists of browsers require one. */
const HSTS_DAYS = 3650;

const files = {
  certFile: str("PEM certificate chain, the certificate of the server first; re-read when the file changes", ""),
  keyFile: str("PEM private key; re-read when the file changes", ""),
  pkcs12File: str("PKCS#12 bundle instead of `certFile` and `keyFile`; re-read when the file changes", ""),
  passphrase: str("passphrase of an encrypted key or bundle, best written as `${file:/run/secrets/name}`", ""),
};

const certificate = object("One certificate", {
  ...files,
  hosts: strings("names it is used for, exact or `*.example.org`; empty = the names in the certificate"),
  clientAuth: optional(oneOf("client authentication for its names; default that of the block", CLIENT_AUTH)),
  clientCAFile: strings("PEM trust anchors for these clients; empty = those of the block"),
  clientCRLFile: strings("revocation lists for these clients; empty = those of the block"),
});

const serverTls = {
  enabled: bool("serve HTTPS instead of HTTP", false),
  ...files,
  certificates: listOf(
    "further certificates, chosen by server name (SNI); if no name matches, the certificate of the block is used, else the first of the list",
    certificate,
  ),
  profile: optional(
    oneOf(
      "ciphers and groups of Mozilla's Server Side TLS 5.7: `modern` = TLS 1.3 only; default `intermediate`, unless `cipherSuites` or an older `minVersion` is set",
      TLS_PROFILES,
    ),
  ),
  minVersion: oneOf("oldest TLS version accepted", TLS_VERSIONS, "1.2"),
  maxVersion: oneOf("newest TLS version offered", TLS_VERSIONS, "1.3"),
  cipherSuites: strings(
    "OpenSSL or IANA cipher names for TLS 1.2 and below; empty = those of the profile, or the runtime's default without one",
  ),
  preferServerCipher: bool("use the server's order of ciphers (TLS 1.2 and below)", false),
  clientAuth: oneOf(
    "`none`; `request` = optional; `require` = mandatory, verified if `clientCAFile` is set; `verify` = mandatory and verified",
    CLIENT_AUTH,
    "none",
  ),
  clientCAFile: strings(
    "PEM trust anchors for client certificates, used according to `clientAuth`; a partly invalid file is rejected",
  ),
  clientCRLFile: strings(
    "certificate revocation lists, PEM or DER; clients of a CA without one are not checked for revocation (causes a warning)",
  ),
  expiredCRL: oneOf(
    "whether clients of a CA whose list has expired are refused; `warn` = they are checked with the old list",
    ["refuse", "warn"],
    "refuse",
  ),
  acme,
  sessionTickets: object("Session resumption, which avoids full handshakes", {
    enabled: bool("issue tickets", true),
    lifetime: dur("how long a session may be resumed", 3_600_000),
    secret: str(
      "secret shared by gateways that resume each other's sessions; keys derived from it rotate every 12 h; empty = a random one per process",
      "",
    ),
  }),
};

/** `management.tls`. */
export const managementTls = object("TLS on this listener", serverTls);

/** `frontend.*.tls`. */
export const listenerTls = object("TLS on this listener", {
  ...serverTls,
  forwardClientCert: oneOf(
    "forward verified client certificates to services: `leaf` = `Client-Cert`, `chain` = also `Client-Cert-Chain` (RFC 9440)",
    ["none", "leaf", "chain"],
    "none",
  ),
  hsts: object("`Strict-Transport-Security`, by which browsers use HTTPS only (RFC 6797)", {
    maxAge: optional(
      dur("how long browsers remember it; 0 resets it; without this key no header is sent", undefined, HSTS_DAYS),
    ),
    includeSubdomains: bool("apply to all subdomains as well", false),
    preload: bool("consent to inclusion in browsers' preload lists", false),
  }),
});

/** Effective `frontend.*.tls`. */
export type ListenerTls = Infer<typeof listenerTls>;
/** Effective `management.tls`. */
export type ManagementTls = Infer<typeof managementTls>;
/** One further certificate. */
export type CertificateSection = ListenerTls["certificates"][number];
