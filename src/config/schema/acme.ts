// `tls.acme`: certificates that the gateway orders and renews.

import type { Infer } from "./field.ts";
import { listOf, object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

/** `tls.acme`. */
export const acme = object("Certificates that the gateway orders from an authority and renews (ACME, RFC 8555)", {
  enabled: bool("order certificates; this accepts the authority's terms of service", false),
  domains: strings("names of one certificate; wildcards need a challenge that the gateway cannot answer"),
  certificates: listOf("further certificates", object("One certificate", { domains: strings("its names") })),
  email: str("told to the authority, which may write to it; empty = none", ""),
  directory: str("URL of the authority's directory", "https://acme-v02.api.letsencrypt.org/directory"),
  caFile: str("PEM trust anchors for the directory; empty = the runtime's", ""),
  eab: object("External account, where the authority knows its customers already", {
    keyId: str("its name for the account; empty = none is needed", ""),
    hmacKey: str("its key in base64url, best written as `${file:/run/secrets/name}`", ""),
  }),
  challenge: oneOf(
    "how the authority checks that names are ours: `tls-alpn-01` asks port 443, `http-01` port 80; `auto` = the first, and the other one after each failure",
    ["auto", "http-01", "tls-alpn-01"],
    "auto",
  ),
  keyType: oneOf(
    "keys of certificates; a certificate that is there keeps its own until it is renewed",
    ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"],
    "ecdsa-p256",
  ),
  cacheDir: str(
    "folder for account, certificates and what is under way; open to the user of the gateway alone",
    "./data/acme",
  ),
  store: str(
    "what gateways share that serve the same names: `folder` = `cacheDir`; else `redis`, or the name of a store in Redis of `rateLimitStorage.stores`; that Redis must keep its data",
    "folder",
  ),
});

/** Effective `tls.acme`. */
export type AcmeSection = Infer<typeof acme>;
