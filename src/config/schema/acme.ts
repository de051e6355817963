// `tls.acme`: certificates that the gateway orders and renews.

import type { Infer } from "./field.ts";
import { listOf, object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

/** `tls.acme`. */
export const acme = object("Certificates that the gateway orders from an authority and renews (ACME, RFC 8555)", {
  enabled: bool("order certificates; this accepts the authority's terms of service", false),
  domains: strings("names of one certificate; wildcards are not supported, because they need a DNS challenge"),
  certificates: listOf("further certificates", object("One certificate", { domains: strings("its names") })),
  email: str("contact address sent to the authority; empty = none", ""),
  directory: str("URL of the authority's directory", "https://acme-v02.api.letsencrypt.org/directory"),
  caFile: str("PEM trust anchors for the directory; empty = the runtime's", ""),
  eab: object("External account binding, for authorities that require an existing account", {
    keyId: str("key identifier given by the authority; empty = no binding", ""),
    hmacKey: str("MAC key in base64url, best written as `${file:/run/secrets/name}`", ""),
  }),
  challenge: oneOf(
    "how the authority validates names: `tls-alpn-01` on port 443, `http-01` on port 80; `auto` = `tls-alpn-01`, alternating after each failure",
    ["auto", "http-01", "tls-alpn-01"],
    "auto",
  ),
  keyType: oneOf(
    "type of certificate keys; existing certificates keep theirs until they are renewed",
    ["ecdsa-p256", "ecdsa-p384", "rsa-2048", "rsa-4096"],
    "ecdsa-p256",
  ),
  cacheDir: str(
    "folder for the account, certificates and pending orders; must be accessible only to the gateway's user",
    "./data/acme",
  ),
  store: str(
    "storage shared by gateways that serve the same names: `folder` = `cacheDir`; else `redis`, or the name of a Redis store in `rateLimitStorage.stores`; that Redis must be persistent",
    "folder",
  ),
});

/** Effective `tls.acme`. */
export type AcmeSection = Infer<typeof acme>;
