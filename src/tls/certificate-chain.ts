// Reads the certificates of a PEM file that also may hold the key of the first.
import { X509Certificate } from "node:crypto";
import { TlsFault } from "./fault.ts";
import { type PemBlock, pemBlocks, pemOf } from "./pem.ts";
import { isPrivateKey } from "./private-key.ts";

const CERTIFICATE = "CERTIFICATE";

/**
 * The certificates of a file, in its order: at least one.
 * @throws TlsFault when a part of the file is damaged, or when it has something else than certificates and their key
 */
export function certificatesOf(text: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text).filter(({ label }) => !/ PARAMETERS$/.test(label));
  const keys = blocks.filter(isPrivateKey);
  if (keys.length === blocks.length)
    throw new TlsFault(
      keys.length === 0 ? "not a PEM certificate" : "not a PEM certificate but a key; are the two files swapped?",
    );
  return readAll(blocks.filter((block) => !isPrivateKey(block)));
}

/** The certificates of a file that must hold nothing else. @throws TlsFault */
export function onlyCertificatesOf(text: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new TlsFault("not a PEM certificate");
  return readAll(blocks);
}

/** As `node:tls` takes them: the certificates alone. */
export function chainPem(certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => pemOf(CERTIFICATE, raw)).join("");
}

function readAll(blocks: readonly PemBlock[]): readonly X509Certificate[] {
  return blocks.map(({ label, der }, index) => {
    const which = blocks.length === 1 ? "the PEM block" : `PEM block ${index + 1}`;
    if (label !== CERTIFICATE) throw new TlsFault(`${which} is no certificate but "${label}"`);
    try {
      return new X509Certificate(der);
    } catch {
      throw new TlsFault(`${which} is a damaged certificate`);
    }
  });
}
