// Reads certificate revocation lists (RFC 5280 §5).

import { type Extension, extensionsOf } from "./certificate-fields.ts";
import { BIT_STRING, Der, DerFields, INTEGER, SEQUENCE, serialOf, TIMES, timeOf } from "./der.ts";
import { canonicalName, writtenName } from "./distinguished-name.ts";
import { TlsFault } from "./fault.ts";
import { pemBlocks } from "./pem.ts";
import { quoted } from "./readable-name.ts";
import type { Signed } from "./signature.ts";
import type { Validity } from "./validity.ts";

const CRL_LABEL = "X509 CRL";

/** OIDs of extensions: their DER content as hexadecimal digits. */
const AUTHORITY_KEY = "551d23";
const DELTA = "551d1b";
const DISTRIBUTION_POINT = "551d1c";
const CERTIFICATE_ISSUER = "551d1d";

/** One revocation list, as plain data. */
export interface RevocationList {
  /** Canonical name of its issuer, for comparison. */
  readonly issuer: string;
  /** The same name, for messages. */
  readonly issuerName: string;
  /** Of lists with equal issuer and scope the newest is in force; lists of different scopes or keys are all in force. */
  readonly scope: string;
  /** Hexadecimal digits without leading zeros, lower-case. */
  readonly serials: ReadonlySet<string>;
  /** From `thisUpdate` to `nextUpdate`, ms since 1970; the latter is Infinity if the list does not have it. */
  readonly validity: Validity;
}

/** A list and its signature. */
interface SignedList {
  readonly list: RevocationList;
  readonly signed: Signed;
}

/** Every list in a file: one in DER, or any number in PEM. @throws TlsFault when any part of the file is damaged */
export function readCrls(bytes: Buffer): readonly SignedList[] {
  if (bytes[0] === SEQUENCE) return [readCrl(bytes)];
  const blocks = pemBlocks(bytes.toString());
  if (blocks.length === 0) throw new TlsFault("not a revocation list, neither in PEM nor in DER");
  return blocks.map(({ label, der }, index) => {
    if (label !== CRL_LABEL) throw new TlsFault(`PEM block ${index + 1} is not a revocation list but "${label}"`);
    return readCrl(der);
  });
}

function readCrl(der: Buffer): SignedList {
  const outer = new DerFields(Der.read(der));
  const tbs = outer.take(SEQUENCE);
  const signed = { bytes: tbs.raw, algorithm: outer.take(SEQUENCE), signature: outer.take(BIT_STRING) };
  outer.end();
  const fields = new DerFields(tbs);
  fields.takeIf(INTEGER); // version
  if (!fields.take(SEQUENCE).raw.equals(signed.algorithm.raw))
    throw new TlsFault("a revocation list has two different signature algorithms");
  const issuer = fields.take(SEQUENCE);
  const issuerName = writtenName(issuer);
  const from = timeOf(fields.take(...TIMES));
  const nextUpdate = fields.takeIf(...TIMES);
  const entries = fields.takeIf(SEQUENCE);
  const extensions = extensionsOf(fields.takeIf(0xa0)?.children()[0]);
  fields.end();
  refuseSpecial(extensions, issuerName);
  const list = {
    issuer: canonicalName(issuer),
    issuerName,
    scope: [AUTHORITY_KEY, DISTRIBUTION_POINT].map((id) => extensions.get(id)?.value.toString("hex") ?? "").join(" "),
    serials: new Set(entries?.children().map((entry) => revokedSerial(entry, issuerName))),
    validity: { from, to: nextUpdate === null ? Number.POSITIVE_INFINITY : timeOf(nextUpdate) },
  };
  return { list, signed };
}

/** Refuses lists that are not complete by themselves, and lists about certificates of other issuers. */
function refuseSpecial(extensions: ReadonlyMap<string, Extension>, issuer: string): void {
  const refuse = (what: string) => new TlsFault(`the revocation list of ${quoted(issuer)} ${what}`);
  if (extensions.has(DELTA)) throw refuse("is a delta list; use a complete one");
  for (const [id, { critical, value }] of extensions) {
    if (id === DISTRIBUTION_POINT) refusePartial(Der.read(value), refuse);
    else if (critical) throw refuse("has an unknown critical extension");
  }
}

/** @param point IssuingDistributionPoint (RFC 5280 §5.2.5) */
function refusePartial(point: Der, refuse: (what: string) => TlsFault): void {
  for (const { tag } of point.as(SEQUENCE).children()) {
    if (tag === 0x84) throw refuse("is indirect: it lists certificates of other CAs; use one list for each CA");
    if (tag === 0x83) throw refuse("lists only some reasons of revocation; use a complete one");
    if (tag === 0x85) throw refuse("lists only attribute certificates");
  }
}

function revokedSerial(entry: Der, issuer: string): string {
  const [serial, , extensions] = entry.as(SEQUENCE).children();
  if (extensions !== undefined)
    for (const [id, { critical }] of extensionsOf(extensions))
      if (critical || id === CERTIFICATE_ISSUER)
        throw new TlsFault(`the revocation list of ${quoted(issuer)} has an entry of another CA or of an unknown kind`);
  return serialOf(serial!);
}
