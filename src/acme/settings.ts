// Settings of certificate orders, as plain data, and the names of their records in a store.
import { createHash } from "node:crypto";
import type { RedisOptions } from "../wire/redis.ts";

/** How an authority checks that a name is ours (RFC 8555 §8.3, RFC 8737). */
export type ChallengeKind = "http-01" | "tls-alpn-01";
/** Kinds of keys certificates are made for. */
export type KeyType = "ecdsa-p256" | "ecdsa-p384" | "rsa-2048" | "rsa-4096";

/** Where gateways keep what they share. */
export type StoreSettings =
  | { readonly kind: "folder"; readonly folder: string }
  | {
      readonly kind: "redis" /** As the configuration calls it. */;
      readonly name: string;
      readonly redis: RedisOptions;
    };

/** One account at one authority, and how it orders. */
export interface AcmeSettings {
  /** URL of the authority's directory. */
  readonly directory: string;
  /** PEM trust anchors for the directory; "" = those of the runtime. */
  readonly ca: string;
  /** Told to the authority; "" = none. */
  readonly email: string;
  /** External account binding (RFC 8555 §7.3.4); the key is in base64url, and a secret. */
  readonly eab: { readonly keyId: string; readonly hmacKey: string } | null;
  /** `auto`: TLS-ALPN-01 first, and the other one after each that fails. */
  readonly challenge: ChallengeKind | "auto";
  readonly keyType: KeyType;
  readonly store: StoreSettings;
}

/** DNS names of one certificate, lower case, without wildcards. */
export type NameSet = readonly [string, ...string[]];

/** Longest part of a record's name that comes from a host name. */
const MAX_READABLE = 100;

/** Name of an account's record: one for each directory, e-mail and binding. */
export function accountName({ directory, email, eab }: AcmeSettings): string {
  const host = new URL(directory).hostname.replaceAll(/[^A-Za-z0-9.-]/g, "_");
  return readable(host, [directory, email, eab?.keyId ?? ""]);
}

/** Name of the records of a name set: the order of its names does not count, nor does who orders. */
export function setName({ directory }: Pick<AcmeSettings, "directory">, names: NameSet): string {
  return readable(names[0], [directory, ...[...names].sort()]);
}

function readable(begin: string, parts: readonly string[]): string {
  const digest = createHash("sha256").update(JSON.stringify(parts)).digest("hex");
  return `${begin.slice(0, MAX_READABLE)}-${digest.slice(0, 16)}`;
}
