// Reads and validates the keys of issuers while the configuration is loaded, so that errors name the place in the file.
import { type AlgorithmName, isSymmetric } from "../../auth/jwt/algorithms.ts";
import { KeyFault, keysOfPem, keysOfSet, type VerificationKey } from "../../auth/jwt/keys.ts";
import type { KeySettings } from "../../auth/jwt/settings.ts";
import type { IssuerSection } from "../schema/jwt.ts";
import { isUnresolved } from "../text/placeholders.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { checkKeysDuration, checkUrl, readAccess } from "./provider-access.ts";
import { TlsReader } from "./tls-reader.ts";

/** Settings that contain the keys of an issuer; exactly one is set. */
const GIVERS = ["publicKey", "publicKeyFile", "secret", "jwksFile", "jwksEndpoint"] as const;
/** Minimum size of a secret, bytes: that of the digest of HS256 (RFC 7518 §3.2). */
const MIN_SECRET_BYTES = 32;

/** Warns of a secret of tokens that is too short. */
export function checkSecretLength(draft: Draft, secret: string, place: Place): void {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES)
    draft.warn(place, `${dotted(place)}: a secret of fewer than ${MIN_SECRET_BYTES} bytes can be guessed`);
}

/** A substitute for invalid keys, which have been reported. */
const NONE: KeySettings = { kind: "set", text: '{"keys":[]}' };

/** Reads the keys of one configuration. */
export class JwtKeyReader {
  readonly #draft: Draft;
  readonly #reader: TlsReader;

  constructor(draft: Draft, files: SourceFiles) {
    this.#draft = draft;
    this.#reader = new TlsReader(draft, files);
  }

  /** Whether a block has keys of its own. */
  isGiven(section: IssuerSection): boolean {
    return GIVERS.some((key) => section[key] !== "");
  }

  /** The keys of an issuer. @param place of its block */
  read(section: IssuerSection, place: Place, algorithms: readonly AlgorithmName[]): KeySettings {
    const given = GIVERS.filter((key) => section[key] !== "");
    const [giver] = given;
    if (giver === undefined || given.length > 1) {
      const found = given.length > 1 ? `, and not ${given.join(" and ")}` : "";
      this.#draft.error(place, `${dotted(place)}: set exactly one of ${GIVERS.join(", ")}${found}`);
      return NONE;
    }
    const symmetric = algorithms.some(isSymmetric);
    if (symmetric && !algorithms.every(isSymmetric)) return NONE; // reported where the algorithms are read
    if (algorithms.length > 0 && symmetric !== (giver === "secret")) {
      // If a public key were used as the secret of HS256, anyone could sign with it.
      const why = symmetric
        ? `HS algorithms need secret, not ${giver}`
        : "secret is only valid for HS256, HS384 and HS512";
      this.#draft.error([...place, "signingMethod"], `${dotted(place)}.signingMethod: ${why}`);
      return NONE;
    }
    for (const key of ["caFile", "proxy"] as const)
      if (section[key] !== "" && giver !== "jwksEndpoint")
        this.#draft.error([...place, key], `${dotted(place)}.${key}: has no effect without jwksEndpoint`);
    return this.#keysBy(giver, section, place, algorithms) ?? NONE;
  }

  #keysBy(
    giver: (typeof GIVERS)[number],
    section: IssuerSection,
    block: Place,
    algorithms: readonly AlgorithmName[],
  ): KeySettings | null {
    const value = section[giver];
    const place = [...block, giver];
    switch (giver) {
      case "secret":
        if (isUnresolved(value)) {
          // Its name would be the secret, which everybody can read in the file.
          this.#draft.error(place, `${dotted(place)}: the variable in it is not set`);
          return null;
        }
        checkSecretLength(this.#draft, value, place);
        return { kind: "secret", text: value };
      case "publicKey":
        return this.#tried(place, () => pemKeys(value, algorithms));
      case "publicKeyFile":
        return this.#reader.read(value, place, (bytes) => pemKeys(bytes.toString(), algorithms));
      case "jwksFile":
        return this.#reader.read(value, place, (bytes) => setKeys(bytes.toString(), algorithms));
      case "jwksEndpoint":
        return this.#published(section, place, block);
    }
  }

  #published(
    { jwksEndpoint, jwksCacheDuration, caFile, proxy }: IssuerSection,
    place: Place,
    block: Place,
  ): KeySettings | null {
    if (!checkUrl(this.#draft, jwksEndpoint, place)) return null;
    checkKeysDuration(this.#draft, jwksCacheDuration, block);
    const access = readAccess(this.#draft, this.#reader, { caFile, proxy }, block);
    return { kind: "url", url: jwksEndpoint, access, cacheMs: jwksCacheDuration };
  }

  /** What `use` returns; null, and an error that does not quote the key, if it throws. */
  #tried<T>(place: Place, use: () => T): T | null {
    try {
      return use();
    } catch (error) {
      this.#draft.error(place, `${dotted(place)}: ${(error as Error).message}`);
      return null;
    }
  }
}

function pemKeys(text: string, algorithms: readonly AlgorithmName[]): KeySettings {
  checkFit(keysOfPem(text), algorithms);
  return { kind: "pem", text };
}

function setKeys(text: string, algorithms: readonly AlgorithmName[]): KeySettings {
  let set: unknown;
  try {
    set = JSON.parse(text);
  } catch {
    throw new KeyFault("not JSON");
  }
  const keys = [...keysOfSet(set).values()];
  if (keys.length === 0) throw new KeyFault("it contains no key that can verify signatures");
  checkFit(keys, algorithms);
  return { kind: "set", text };
}

function checkFit(keys: readonly VerificationKey[], algorithms: readonly AlgorithmName[]): void {
  const unused = algorithms.filter((name) => !keys.some((key) => key.algorithms.includes(name)));
  if (unused.length > 0) throw new KeyFault(`no key in it fits ${unused.join(" or ")} of signingMethod`);
}
