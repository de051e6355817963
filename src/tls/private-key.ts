// Reads a private key in PEM, and opens an encrypted one.
import { createPrivateKey, type KeyObject } from "node:crypto";
import { TlsFault } from "./fault.ts";
import { type PemBlock, pemBlocks } from "./pem.ts";

/** A key that was read. */
interface PrivateKey {
  /** Not encrypted. It is kept in memory, and written nowhere. */
  readonly pem: string;
  readonly key: KeyObject;
  /** Whether the file has it encrypted. */
  readonly encrypted: boolean;
}

/** Whether a block is a private key of any kind, encrypted or not. */
export function isPrivateKey({ label }: PemBlock): boolean {
  return /(^|[A-Z] )PRIVATE KEY$/.test(label);
}

/**
 * The one private key in a file, which also may hold certificates.
 * @param passphrase of an encrypted key; "" = none is known; null = none could be given
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
  if (more.length > 0) throw new TlsFault("there is more than one key in it");
  if (!/ENCRYPTED/.test(block.text)) {
    const key = opened(block.text, "", () => "not a PEM key that this OpenSSL can read");
    return { pem: block.text, key, encrypted: false };
  }
  if (passphrase === null) throw new TlsFault("the key is encrypted; decrypt it, for example with openssl pkey");
  if (passphrase === "") throw new TlsFault("the key is encrypted, and no passphrase is given");
  const key = opened(block.text, passphrase, (code) =>
    // OpenSSL may also say so when a wrong passphrase led to nonsense.
    /UNSUPPORTED/.test(code)
      ? "the passphrase does not open the key, or the key is encrypted in a way that this OpenSSL has given up"
      : "the passphrase does not open the key",
  );
  return { pem: pkcs8(key), key, encrypted: true };
}

/** A key as PEM of PKCS#8, not encrypted. */
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
