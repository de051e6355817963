// Opens PKCS#12 bundles (RFC 7292). Node can use a bundle, but does not expose what is in it.
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { createRequire } from "node:module";
import type { asn1, pkcs12 } from "node-forge";
import { chainPem } from "./certificate-chain.ts";
import { TlsFault } from "./fault.ts";
import type { KeyPair } from "./key-pair.ts";
import { pkcs8 } from "./private-key.ts";

/** Largest bundle, bytes. A key and its chain take a few KiB; parsing needs many times the size of the file. */
const MAX_BYTES = 1024 * 1024;
/** Most iterations of the key derivation; tools use 1 to 100 000. */
const MAX_ITERATIONS = 2_000_000;

/** Loaded only when a bundle is read, and synchronously, because loading a configuration is synchronous. */
const forge = () => createRequire(import.meta.url)("node-forge") as typeof import("node-forge");

/**
 * The key in a bundle, its certificate, and the intermediates up to a root, which is left out.
 * @param passphrase "" = none
 * @throws TlsFault
 */
export function openPkcs12(bytes: Buffer, passphrase: string): KeyPair {
  if (bytes.length > MAX_BYTES) throw new TlsFault(`a PKCS#12 bundle is larger than ${MAX_BYTES} bytes`);
  const { keys, certificates } = contentOf(bagsOf(bytes, passphrase));
  const [key, ...more] = keys;
  if (key === undefined) throw new TlsFault("the bundle contains no private key");
  if (more.length > 0) throw new TlsFault("the bundle contains more than one private key");
  if (certificates.length === 0) throw new TlsFault("the bundle contains no certificate");
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) throw new TlsFault(mismatch(certificates));
  return { cert: chainPem(chainFrom(leaf, certificates)), key: pkcs8(key) };
}

/** The library reads an RSA-PSS key as a plain RSA key, which OpenSSL then does not accept for an RSA-PSS certificate. */
function mismatch(certificates: readonly X509Certificate[]): string {
  return certificates.some(({ publicKey }) => publicKey.asymmetricKeyType === "rsa-pss")
    ? "RSA-PSS keys are not supported in bundles; use PEM files for certificate and key"
    : "no certificate in the bundle belongs to its key";
}

function bagsOf(bytes: Buffer, passphrase: string): readonly pkcs12.Bag[] {
  const { asn1, pkcs12 } = forge();
  let root: asn1.Asn1;
  try {
    root = asn1.fromDer(bytes.toString("latin1"));
  } catch {
    throw new TlsFault("not a PKCS#12 bundle");
  }
  refuseEndlessWork(root);
  const bags = (password: string) =>
    pkcs12.pkcs12FromAsn1(root, true, password).safeContents.flatMap(({ safeBags }) => safeBags);
  try {
    try {
      return bags(passphrase);
    } catch (error) {
      if (/MAC could not/.test((error as Error).message) || /^[\0-\x7f]*$/.test(passphrase)) throw error;
      // The MAC derives its key from the passphrase in UTF-16, PBES2 from UTF-8; the library always uses UTF-16.
      (root.value as asn1.Asn1[]).length = 2; // drops the MAC, which has been verified
      return bags(Buffer.from(passphrase).toString("latin1"));
    }
  } catch (error) {
    throw new TlsFault(faultOf(error as Error, passphrase));
  }
}

/** Translates an error of the library. Its own message is not passed on, because it may repeat content of the file. */
function faultOf({ message }: Error, passphrase: string): string {
  if (/not an PKCS#12 PFX|version other/.test(message)) return "not a PKCS#12 bundle";
  if (/SafeBag type/.test(message)) return "the bundle contains something other than keys and certificates";
  if (/[Uu]nsupported|not supported|Only PKCS#12/.test(message))
    return "the bundle is encrypted with an unknown algorithm; export it again with openssl pkcs12 -export";
  return passphrase === ""
    ? "the bundle cannot be opened without a passphrase"
    : "the passphrase does not open the bundle, or it is damaged";
}

/**
 * Refuses a bundle whose iteration count would block the process. In PKCS#12 and PKCS#5 the count is the INTEGER that
 * follows the salt, which is an OCTET STRING.
 */
function refuseEndlessWork(root: asn1.Asn1): void {
  const { asn1, util } = forge();
  const open: asn1.Asn1[] = [root];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    const { value } = element;
    if (typeof value === "string") {
      if (element.type === asn1.Type.OCTETSTRING) open.push(...nested(value));
      continue;
    }
    for (const [index, part] of value.entries()) {
      const rounds = part.type === asn1.Type.INTEGER && value[index - 1]?.type === asn1.Type.OCTETSTRING;
      if (rounds && Number(`0x${util.bytesToHex(part.value as string)}`) > MAX_ITERATIONS)
        throw new TlsFault(`the bundle requires more than ${MAX_ITERATIONS} iterations of key derivation`);
      open.push(part);
    }
  }
}

/** The element encoded in an OCTET STRING, if there is one. */
function nested(value: string): readonly asn1.Asn1[] {
  if (value.charCodeAt(0) !== 0x30) return [];
  try {
    return [forge().asn1.fromDer(value)];
  } catch {
    return []; // a salt or digest that begins with the same byte
  }
}

function contentOf(bags: readonly pkcs12.Bag[]): {
  readonly keys: readonly KeyObject[];
  readonly certificates: readonly X509Certificate[];
} {
  const { asn1, pki } = forge();
  const der = (element: asn1.Asn1) => Buffer.from(asn1.toDer(element).getBytes(), "latin1");
  const keys: KeyObject[] = [];
  const certificates: X509Certificate[] = [];
  try {
    for (const { type, key, cert, asn1: other } of bags) {
      // The library parses RSA keys and certificates only; of others it returns the ASN.1.
      if (type === pki.oids.certBag)
        certificates.push(new X509Certificate(der(cert ? pki.certificateToAsn1(cert) : other)));
      else keys.push(privateKey(der(key ? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key)) : other)));
    }
  } catch {
    throw new TlsFault("a key or certificate in the bundle is damaged");
  }
  return { keys, certificates };
}

function privateKey(der: Buffer): KeyObject {
  return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
}

function chainFrom(leaf: X509Certificate, all: readonly X509Certificate[]): readonly X509Certificate[] {
  const chain = [leaf];
  for (;;) {
    const last = chain[chain.length - 1]!;
    const next = all.find((each) => last.checkIssued(each) && !chain.includes(each) && !each.checkIssued(each));
    if (next === undefined || last.checkIssued(last)) return chain;
    chain.push(next);
  }
}
