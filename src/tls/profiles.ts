// TLS settings by name: the profiles of Mozilla's "Server Side TLS", version 5.7.
import type { SecureContextOptions, SecureVersion } from "node:tls";
import { cipherList } from "../wire/ciphers.ts";
import { secureFault } from "./key-pair.ts";

/** Profiles that can be named. `old` is not among them: it asks for what is broken. */
export const TLS_PROFILES = ["modern", "intermediate"] as const;
/** One of {@link TLS_PROFILES}. */
export type TlsProfile = (typeof TLS_PROFILES)[number];

/** What a profile sets. */
interface ProfileSettings {
  readonly minVersion: SecureVersion;
  readonly maxVersion: SecureVersion;
  /** Names of OpenSSL, those of TLS 1.3 included. */
  readonly cipherSuites: readonly string[];
  /** Both profiles leave the choice to the client, which knows whether its hardware has AES. */
  readonly preferServerCipher: boolean;
}

const TLS13 = ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"];
/**
 * Without the three DHE suites of the profile: nobody who speaks GCM needs them, and each handshake with one costs the
 * server ten times what it costs the client.
 */
const TLS12 = [
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
];

/** What each profile sets. */
export const PROFILE_SETTINGS: Readonly<Record<TlsProfile, ProfileSettings>> = {
  modern: { minVersion: "TLSv1.3", maxVersion: "TLSv1.3", cipherSuites: TLS13, preferServerCipher: false },
  intermediate: {
    minVersion: "TLSv1.2",
    maxVersion: "TLSv1.3",
    cipherSuites: [...TLS13, ...TLS12],
    preferServerCipher: false,
  },
};

/** Groups of both profiles, before them the hybrid that also resists quantum computers, which newer guidelines add. */
const HYBRID = "X25519MLKEM768";
const GROUPS = ["X25519", "prime256v1", "secp384r1"];
let groups: string | null = null;

/** `ecdhCurve` of `node:tls` for both profiles, as far as the OpenSSL of this Node knows the groups. */
export function profileGroups(): string {
  const withHybrid = [HYBRID, ...GROUPS].join(":");
  groups ??= secureFault({ ecdhCurve: withHybrid }) === null ? withHybrid : GROUPS.join(":");
  return groups;
}

/** The options of `node:tls` for a profile. */
export function profileOptions(profile: TlsProfile): SecureContextOptions {
  const { minVersion, maxVersion, cipherSuites, preferServerCipher } = PROFILE_SETTINGS[profile];
  const ciphers = cipherList(cipherSuites);
  return { minVersion, maxVersion, ciphers, honorCipherOrder: preferServerCipher, ecdhCurve: profileGroups() };
}
