// TLS ciphers and groups by name: the profiles of Mozilla's "Server Side TLS", version 5.7.
import { cipherList } from "../wire/ciphers.ts";
import { secureFault } from "./key-pair.ts";

/** Profiles that can be named. `old` is not among them: it enables ciphers that are known to be weak. */
export const TLS_PROFILES = ["modern", "intermediate"] as const;
type TlsProfile = (typeof TLS_PROFILES)[number];

const TLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
/**
 * Mozilla's list without its three DHE suites: every client that supports them with GCM also supports ECDHE, and a DHE
 * handshake costs the server ten times what it costs the client.
 */
const TLS12 = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/** Cipher suites of each profile by their OpenSSL names, those of TLS 1.3 first. */
const CIPHER_SUITES: Readonly<Record<TlsProfile, readonly string[]>> = {
  modern: TLS13,
  intermediate: [...TLS13, ...TLS12],
};

/** Post-quantum hybrid, which Mozilla's later guidelines put before the groups of both profiles. */
const HYBRID = "X25519MLKEM768";
const GROUPS = ["X25519", "prime256v1", "secp384r1"];
let groups: string | null = null;

/** The groups of both profiles as `ecdhCurve` of `node:tls`, without the hybrid where this OpenSSL does not support it. */
function profileGroups(): string {
  const withHybrid = [HYBRID, ...GROUPS].join(":");
  groups ??= secureFault({ ecdhCurve: withHybrid }) === null ? withHybrid : GROUPS.join(":");
  return groups;
}

/** Ciphers and groups of a profile as options of `node:tls`. The caller restricts `modern` to TLS 1.3. */
export function profileOptions(profile: TlsProfile): { ciphers: string; ecdhCurve: string } {
  return { ciphers: cipherList(CIPHER_SUITES[profile]), ecdhCurve: profileGroups() };
}
