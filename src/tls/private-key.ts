// Reads private keys in PEM, encrypted or not.
import { createPrivateKey, type KeyObject } from "node:crypto";
import { TlsFault } from "./fault.ts";
import { type PemBlock, pemBlocks } from "./pem.ts";

/** A private key. */
interface PrivateKey {
  /** PEM, not encrypted. It stays in memory and is never written. */
  readonly pem: string;
  readonly key: KeyObject;
  /** Whether it is encrypted in the file. */
  readonly encrypted: boolean;
}

/** Whether a block is a private key in any format, encrypted or not. */
export function isPrivateKey({ label }: PemBlock): boolean {
  return /(^|[A-Z] )PRIVATE KEY$/.test(label);
}

/**
 * The one private key in a file, which may also contain certificates.
 * @param passphrase of an encrypted key; "" = none is configured; null = the caller has no key to configure one
 * @throws TlsFault
 */
export function privateKeyOf(text: string, passphrase: string | null): PrivateKey {
  const [block, ...more] = pemBlocks(text).filter(isPrivateKey);
  if (block === undefined)
    throw new TlsFault(
      text.includes("-----BEGIN CERTIFICATE-----")
        ? "not a PEM key but a certificate; are the two files swapped?"
        : "not a PEM key",
    );
  if (more.length > 0) throw new TlsFault("it contains more than one key");
  if (!/ENCRYPTED/.test(block.text)) {
    const key = opened(block.text, "", () => "not a PEM key that this OpenSSL can read");
    return { pem: block.text, key, encrypted: false };
  }
  if (passphrase === null) throw new TlsFault("the key is encrypted; decrypt it, for example with openssl pkey");
  if (passphrase === "") throw new TlsFault("the key is encrypted, and no passphrase is given");
  const key = opened(block.text, passphrase, (code) =>
    // OpenSSL may also report this when a wrong passphrase decrypts to garbage.
    /UNSUPPORTED/.test(code)
      ? "the passphrase does not open the key, or the key is encrypted with an algorithm that this OpenSSL no longer supports"
      : "the passphrase does not open the key",
  );
  return { pem: pkcs8(key), key, encrypted: true };
}

/** Exports a key as PKCS#8 in PEM, not encrypted. */
export function pkcs8(key: KeyObject): string {
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

function opened(key: string, passphrase: string, why: (code: string) => string): KeyObject {
  try {
    return createPrivateKey({ key, passphrase });
  } catch (error) {
    throw new TlsFault(why(String((error as NodeJS.ErrnoException).code)));
  }
}
