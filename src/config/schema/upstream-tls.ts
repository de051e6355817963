// `backend.*.tls`: how the gateway trusts services.
import type { Infer } from "./field.ts";
import { object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** `backend.http.tls`. */
export const upstreamTls = object("TLS towards https endpoints", {
  enabled: bool("use the settings below; the scheme still comes from the instance", false),
  insecureSkipVerify: bool("do not verify certificates (warned)", false),
  serverName: str("name to send and expect; empty = the instance's address", ""),
  rootCAFile: str("PEM trust anchors; empty = the runtime's", ""),
  clientCertFile: str("PEM client certificate", ""),
  clientKeyFile: str("PEM key of the client certificate", ""),
  minVersion: oneOf("oldest TLS version", TLS_VERSIONS, "1.2"),
  maxVersion: oneOf("newest TLS version", TLS_VERSIONS, "1.3"),
  cipherSuites: strings("OpenSSL or IANA cipher names for TLS 1.2 and below; empty = the runtime's default"),
});

/** Effective `backend.*.tls`. */
export type UpstreamTls = Infer<typeof upstreamTls>;
