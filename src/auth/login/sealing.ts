// Authenticated encryption of texts that clients keep: AES-256-GCM with keys derived from secrets by HKDF.
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const VERSION = 1;
const KID_BYTES = 4;
const SALT_BYTES = 32;
const TAG_BYTES = 16;
const KEY_BYTES = 32;
const IV_BYTES = 12;
/** Version, key id and salt, which precede the ciphertext. */
const HEAD_BYTES = 1 + KID_BYTES + SALT_BYTES;

/**
 * Encrypts with a list of secrets, which gateways that share sessions have in common. Each text has its own key and nonce,
 * derived from a random salt, so there is no limit on the number of texts per secret.
 */
export class Sealer {
  /** The first encrypts. */
  readonly #secrets: readonly { readonly secret: Buffer; readonly kid: Buffer }[];

  /** @param secrets the first encrypts, all decrypt; at least one, of at least 256 bits each */
  constructor(secrets: readonly string[]) {
    this.#secrets = secrets.map((text) => {
      const secret = Buffer.from(text);
      return { secret, kid: derived(secret, Buffer.alloc(0), "key id", KID_BYTES) };
    });
  }

  /** Encrypts a text. @param purpose must be the same to decrypt it @returns base64url */
  seal(purpose: string, text: string): string {
    const { secret, kid } = this.#secrets[0]!;
    const salt = randomBytes(SALT_BYTES);
    const head = Buffer.concat([Buffer.from([VERSION]), kid, salt]);
    const { key, iv } = keyOf(secret, salt, purpose);
    const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(head);
    return Buffer.concat([head, cipher.update(text), cipher.final(), cipher.getAuthTag()]).toString("base64url");
  }

  /** Decrypts a text; null: it was changed, or encrypted for another purpose or with an unknown secret. */
  open(purpose: string, sealed: string): string | null {
    const bytes = Buffer.from(sealed, "base64url");
    // Node ignores characters that are not base64url; one ciphertext must have one encoding.
    if (bytes.length < HEAD_BYTES + TAG_BYTES || bytes[0] !== VERSION || bytes.toString("base64url") !== sealed)
      return null;
    const kid = bytes.subarray(1, 1 + KID_BYTES);
    for (const known of this.#secrets) {
      const opened = known.kid.equals(kid) ? openedWith(known.secret, purpose, bytes) : null;
      if (opened !== null) return opened;
    }
    return null;
  }
}

function openedWith(secret: Buffer, purpose: string, bytes: Buffer): string | null {
  const head = bytes.subarray(0, HEAD_BYTES);
  const { key, iv } = keyOf(secret, head.subarray(1 + KID_BYTES), purpose);
  const decipher = createDecipheriv("aes-256-gcm", key, iv, { authTagLength: TAG_BYTES });
  decipher.setAAD(head).setAuthTag(bytes.subarray(-TAG_BYTES));
  try {
    const text = decipher.update(bytes.subarray(HEAD_BYTES, -TAG_BYTES));
    return Buffer.concat([text, decipher.final()]).toString();
  } catch {
    return null; // the tag is wrong
  }
}

function keyOf(secret: Buffer, salt: Buffer, purpose: string): { readonly key: Buffer; readonly iv: Buffer } {
  const bytes = derived(secret, salt, purpose, KEY_BYTES + IV_BYTES);
  return { key: bytes.subarray(0, KEY_BYTES), iv: bytes.subarray(KEY_BYTES) };
}

function derived(secret: Buffer, salt: Buffer, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, salt, `gateway login: ${info}`, bytes));
}
