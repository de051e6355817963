// Reads the certificates in a PEM file, which may also contain the private key of the first one.
import { X509Certificate } from "node:crypto";
import { TlsFault } from "./fault.ts";
import { type PemBlock, pemBlocks, pemOf } from "./pem.ts";
import { isPrivateKey } from "./private-key.ts";

const CERTIFICATE = "CERTIFICATE";

/**
 * The certificates in a file, in file order; at least one. Private keys and `… PARAMETERS` blocks are skipped.
 * @throws TlsFault when any part of the file is damaged, or contains anything else
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

/** The certificates in a file that must contain nothing else; at least one. @throws TlsFault */
export function onlyCertificatesOf(text: string): readonly X509Certificate[] {
  const blocks = pemBlocks(text);
  if (blocks.length === 0) throw new TlsFault("not a PEM certificate");
  return readAll(blocks);
}

/** Certificates as PEM, in the given order, for `node:tls`. */
export function chainPem(certificates: readonly X509Certificate[]): string {
  return certificates.map(({ raw }) => pemOf(CERTIFICATE, raw)).join("");
}

function readAll(blocks: readonly PemBlock[]): readonly X509Certificate[] {
  return blocks.map(({ label, der }, index) => {
    const which = blocks.length === 1 ? "the PEM block" : `PEM block ${index + 1}`;
    if (label !== CERTIFICATE) throw new TlsFault(`${which} is not a certificate but "${label}"`);
    try {
      return new X509Certificate(der);
    } catch {
      throw new TlsFault(`${which} is a damaged certificate`);
    }
  });
}
