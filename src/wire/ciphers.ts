// Names of TLS versions and ciphers as `node:tls` takes them.
import type { SecureVersion } from "node:tls";

/** TLS versions as the configuration writes them. */
export const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** `1.2` → `TLSv1.2`. */
export function tlsVersion(version: (typeof TLS_VERSIONS)[number]): SecureVersion {
  return version === "1.0" ? "TLSv1" : `TLSv${version}`;
}

/**
 * The `ciphers` option of `node:tls` for names as OpenSSL or IANA write them, in order of preference. OpenSSL finds
 * suites of TLS 1.2 and below by its own names only, and Node takes every name that begins with `TLS_` for a suite of
 * TLS 1.3, so that IANA names of older suites are translated.
 */
export function cipherList(names: readonly string[]): string {
  return names.map(openSslName).join(":");
}

/** `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA` → `ECDHE-RSA-AES128-SHA`; other names as they are, those of TLS 1.3 among them. */
function openSslName(name: string): string {
  const [, exchange, cipher] = /^TLS_(\w+)_WITH_(\w+)$/.exec(name) ?? [];
  if (exchange === undefined || cipher === undefined) return name;
  const short = cipher
    .replace(/^3DES_EDE_CBC/, "DES_CBC3")
    .replace(/^(AES|CAMELLIA)_(\d+)(_CBC)?/, "$1$2")
    .replace(/CCM_8$/, "CCM8")
    .replace(/POLY1305_SHA256$/, "POLY1305");
  return `${exchange === "RSA" ? "" : `${exchange}_`}${short}`.replaceAll("_", "-");
}
