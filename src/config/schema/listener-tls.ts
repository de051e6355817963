// `frontend.*.tls` and `management.tls`: certificates shown to clients.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** `frontend.*.tls` and `management.tls`: certificates shown to clients. */
export const listenerTls = object("TLS on this listener", {
  enabled: bool("serve HTTPS instead of HTTP", false),
  certFile: str("PEM certificate chain; re-read when the file changes", ""),
  keyFile: str("PEM private key; re-read when the file changes", ""),
  minVersion: oneOf("oldest TLS version accepted", TLS_VERSIONS, "1.2"),
  maxVersion: oneOf("newest TLS version offered", TLS_VERSIONS, "1.3"),
  cipherSuites: strings("OpenSSL or IANA cipher names for TLS 1.2 and below; empty = the runtime's default"),
  preferServerCipher: bool("server order of ciphers wins (TLS 1.2 and below)", false),
  clientAuth: oneOf(
    "`none`; `request` = ask, optional; `require` = must come, verified when `clientCAFile` is set; `verify` = must verify",
    ["none", "request", "require", "verify"],
    "none",
  ),
  clientCAFile: strings("PEM trust anchors for client certificates"),
});

/** Effective `frontend.*.tls` and `management.tls`. */
export type ListenerTls = Infer<typeof listenerTls>;
