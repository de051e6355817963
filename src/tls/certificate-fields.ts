// Reads the fields of a certificate that `node:crypto` does not expose, or exposes only as text that cannot be split safely.
import { SocketAddress } from "node:net";
import { BIT_STRING, BOOLEAN, Der, DerFields, INTEGER, OCTET_STRING, OID, SEQUENCE, serialOf, timeOf } from "./der.ts";
import { ascii } from "./der-text.ts";
import { TlsFault } from "./fault.ts";

/** OID 2.5.29.17, its DER content as hexadecimal digits. */
const SUBJECT_ALT_NAME = "551d11";

/** An extension of a certificate or revocation list. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** The fields of a certificate that this program reads. */
export interface CertificateFields {
  /** Hexadecimal digits without leading zeros, lower-case. */
  readonly serial: string;
  readonly issuer: Der;
  readonly subject: Der;
  /** Signature algorithm (AlgorithmIdentifier), its DER content as hexadecimal digits. */
  readonly signature: string;
  /** Kind of its public key: the algorithm like `signature`, a blank, and the length of the key in bytes. */
  readonly keyKind: string;
  /** ms since 1970. */
  readonly notAfter: number;
  /** By OID: its DER content as hexadecimal digits. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** A name in the extension `subjectAltName` (RFC 5280 §4.2.1.6). Names of other types are not read. */
export interface AlternativeName {
  readonly type: "uri" | "dns" | "email" | "ip";
  /** As written; an IP address in its canonical text form (RFC 5952). */
  readonly value: string;
}

/** Reads a certificate. @param der of one certificate @throws TlsFault */
export function certificateFields(der: Buffer): CertificateFields {
  const outer = new DerFields(Der.read(der));
  const tbs = new DerFields(outer.take(SEQUENCE));
  const signature = outer.take(SEQUENCE).hex;
  outer.take(BIT_STRING);
  outer.end();
  tbs.takeIf(0xa0); // version
  const serial = serialOf(tbs.take(INTEGER));
  tbs.take(SEQUENCE); // signature algorithm, again
  const issuer = tbs.take(SEQUENCE);
  const [, notAfter] = tbs.take(SEQUENCE).children();
  const subject = tbs.take(SEQUENCE);
  const [algorithm, bits] = tbs.take(SEQUENCE).children();
  tbs.takeIf(0x81, 0xa1);
  tbs.takeIf(0x82, 0xa2);
  const extensions = tbs.takeIf(0xa3);
  tbs.end();
  const keyKind = `${algorithm?.hex} ${bits?.content.length}`;
  return {
    serial,
    issuer,
    subject,
    signature,
    keyKind,
    notAfter: timeOf(notAfter!),
    extensions: extensionsOf(extensions?.children()[0]),
  };
}

/** Reads a list of extensions. @throws TlsFault, also for a repeated extension, which RFC 5280 §4.2 forbids */
export function extensionsOf(list: Der | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  for (const element of list?.as(SEQUENCE).children() ?? []) {
    const fields = new DerFields(element);
    const id = fields.take(OID).hex;
    const critical = fields.takeIf(BOOLEAN)?.hex === "ff";
    if (found.has(id)) throw new TlsFault("an extension occurs twice");
    found.set(id, { critical, value: fields.take(OCTET_STRING).content });
    fields.end();
  }
  return found;
}

/** The names in `subjectAltName`, in order; null if the certificate does not have the extension. @throws TlsFault */
export function alternativeNames({ extensions }: CertificateFields): readonly AlternativeName[] | null {
  const extension = extensions.get(SUBJECT_ALT_NAME);
  if (extension === undefined) return null;
  return Der.read(extension.value)
    .as(SEQUENCE)
    .children()
    .flatMap((name): AlternativeName[] => {
      const { tag, content } = name;
      if (tag === 0x81) return [{ type: "email", value: ascii(content) }];
      if (tag === 0x82) return [{ type: "dns", value: ascii(content) }];
      if (tag === 0x86) return [{ type: "uri", value: ascii(content) }];
      return tag === 0x87 ? [{ type: "ip", value: addressOf(content) }] : [];
    });
}

function addressOf(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  if (bytes.length !== 16) throw new TlsFault("an IP address has neither 4 nor 16 bytes");
  const address = bytes.toString("hex").replace(/.{4}(?=.)/g, "$&:");
  return new SocketAddress({ address, family: "ipv6" }).address;
}
