// `backend.*.tls`: TLS to services.
import { TLS_VERSIONS } from "../../wire/ciphers.ts";
import { textOf } from "../text/tree.ts";
import type { Field, Infer } from "./field.ts";
import { object } from "./fields.ts";
import { bool, oneOf, str, strings } from "./scalars.ts";

/** SHA-256 of a public key, in the notation of curl's `--pinnedpubkey` or with one slash. */
const PIN = /^sha256\/\/?([A-Za-z0-9+/]{43}=)$/;

/** Pins; their value is the base64 part. */
const pins: Field<readonly string[]> = {
  ...strings("`sha256/BASE64` of public keys (SubjectPublicKeyInfo), one of which the service must use; empty = any"),
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
export const upstreamTls = object("TLS to https endpoints", {
  enabled: bool("use the settings below; the scheme is still that of the instance", false),
  insecureSkipVerify: bool("do not verify certificates (causes a warning)", false),
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
