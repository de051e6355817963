// `frontend`: the ports clients come to.
import { type Infer, object } from "../kit.ts";
import { bool, dur, int, oneOf, size, str, strings } from "../scalars.ts";

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** `frontend.*.tls`: certificates shown to clients. */
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

/** `frontend`. */
export const frontend = object("Where clients connect", {
  http: object("The HTTP listener", {
    host: str("address to bind", "0.0.0.0"),
    port: int("port to bind; 0 = any free port", 8080, 0, 65535),
    readTimeout: dur("time for the complete request head, then longest silence between body chunks; 0 = none", 30_000),
    writeTimeout: dur("longest stall of a client that does not read; 0 = none", 30_000),
    idleTimeout: dur("idle keep-alive connection; 0 = none", 75_000),
    maxRequestSize: size("largest request body; 0 = no limit", 10 * 1024 * 1024),
    maxHeaderSize: size("largest request head", 32 * 1024),
    maxHeaders: int("most header fields in a request", 200, 1),
    maxConnections: int("client connections open at once, more are answered 503; 0 = no limit", 0),
    trustedProxies: strings("CIDR ranges of peers whose forwarded headers are believed"),
    echo: bool("serve `/_gateway/echo`, which shows a request as it arrived", false),
    tls: listenerTls,
  }),
});

/** Effective `frontend`. */
export type Frontend = Infer<typeof frontend>;
/** Effective `frontend.*.tls`. */
export type ListenerTls = Infer<typeof listenerTls>;
