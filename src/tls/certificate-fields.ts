// The fields of a certificate that `node:crypto` does not tell, or tells as text that would have to be split.
import { SocketAddress } from "node:net";
import { BIT_STRING, BOOLEAN, Der, DerFields, INTEGER, OCTET_STRING, OID, SEQUENCE, serialOf, timeOf } from "./der.ts";
import { ascii } from "./der-text.ts";
import { TlsFault } from "./fault.ts";

/** Extension 2.5.29.17, the content of its OID in hexadecimal digits. */
const SUBJECT_ALT_NAME = "551d11";

/** An extension of a certificate or revocation list. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Buffer;
}

/** Parts of a certificate. */
export interface CertificateFields {
  /** Hexadecimal digits without leading zeros, lower-case. */
  readonly serial: string;
  readonly issuer: Der;
  readonly subject: Der;
  /** How it is signed: the algorithm in DER, in hexadecimal digits. */
  readonly signature: string;
  /** What kind of key it has: the algorithm in DER, in hexadecimal digits, and the length of the key in bytes. */
  readonly keyKind: string;
  /** ms since 1970. */
  readonly notAfter: number;
  /** By content of the OID, in hexadecimal digits. */
  readonly extensions: ReadonlyMap<string, Extension>;
}

/** A name in the extension `subjectAltName` (RFC 5280 §4.2.1.6); those of other kinds are left out. */
export interface AlternativeName {
  readonly type: "uri" | "dns" | "email" | "ip";
  /** As written; an IP address in its usual short form. */
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
  tbs.take(SEQUENCE); // how it is signed
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

/** Reads a list of extensions. @throws TlsFault, also when one comes twice: which of them counts would be a guess */
export function extensionsOf(list: Der | undefined): ReadonlyMap<string, Extension> {
  const found = new Map<string, Extension>();
  for (const element of list?.as(SEQUENCE).children() ?? []) {
    const fields = new DerFields(element);
    const id = fields.take(OID).hex;
    const critical = fields.takeIf(BOOLEAN)?.hex === "ff";
    if (found.has(id)) throw new TlsFault("an extension comes twice");
    found.set(id, { critical, value: fields.take(OCTET_STRING).content });
    fields.end();
  }
  return found;
}

/** Its alternative names in order; null when it has no such extension. @throws TlsFault */
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
