// `backend.*.tls`: how the gateway trusts services.
import { textOf } from "../text/tree.ts";
import type { Field, Infer } from "./field.ts";
import { object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

const TLS_VERSIONS = ["1.0", "1.1", "1.2", "1.3"] as const;

/** SHA-256 of a public key, in the notation of curl's `--pinnedpubkey` and with one slash. */
const PIN = /^sha256\/\/?([A-Za-z0-9+/]{43}=)$/;

/** Pins, read as base64 alone. */
const pins: Field<readonly string[]> = {
  ...strings(
    "`sha256/BASE64` of public keys (SubjectPublicKeyInfo), one of which a certificate must have; empty = any",
  ),
  read(node, path, reading) {
    const nodes = node.kind === "list" ? node.items : [node];
    return nodes.flatMap((item) => {
      const [, hash] = PIN.exec(item.kind === "scalar" ? textOf(item) : "") ?? [];
      if (hash !== undefined) return [hash];
      reading.problems.error(
        item.at,
        `${path}: not the pin of a public key; write sha256/ and 44 characters of base64`,
      );
      return [];
    });
  },
  show: (values) => values.map((hash) => `sha256/${hash}`),
};

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
  pins,
});

/** Effective `backend.*.tls`. */
export type UpstreamTls = Infer<typeof upstreamTls>;

/** A block of TLS settings, which switches them on unless it says otherwise; or only whether they are on. */
export function orSwitch<T extends { readonly enabled: boolean | null }>(block: Field<T>, doc: string): Field<T> {
  return {
    ...block,
    doc,
    type: "bool or block",
    json: { anyOf: [{ type: "boolean" }, block.json] },
    read(node, path, reading) {
      if (node.kind !== "scalar" || node.value === null) {
        const value = block.read(node, path, reading);
        const says = node.kind === "map" && node.entries.has("enabled");
        return says ? value : { ...value, enabled: true };
      }
      return { ...block.fallback!, enabled: bool("").read(node, path, reading) };
    },
  };
}
