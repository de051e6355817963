// Checks client certificates against revocation lists, after OpenSSL has verified them. With the `crl` option of Node,
// OpenSSL refuses the clients of every CA that has no list, and Node reads only the first list of a file.
import type { X509Certificate } from "node:crypto";
import { onlyCertificatesOf } from "./certificate-chain.ts";
import { certificateFields } from "./certificate-fields.ts";
import { type RevocationList, readCrls } from "./crl.ts";
import { canonicalName } from "./distinguished-name.ts";
import type { Ending } from "./expiry.ts";
import { TlsFault } from "./fault.ts";
import { quoted, readableName } from "./readable-name.ts";
import { isSignedByOneOf } from "./signature.ts";
import { soonEnd, type Validity } from "./validity.ts";

/** The fields of a certificate that a check needs. Names are canonical. */
interface Link {
  readonly subject: string;
  readonly issuer: string;
  readonly serial: string;
}

/** All lists of one issuer. */
interface Issuer {
  readonly name: string;
  /** Revoked serial numbers, one set for each list. */
  readonly serials: readonly ReadonlySet<string>[];
  /** Of the newest list of each scope, the one that ends first. */
  readonly validity: Validity;
}

/** The revocation lists for one set of CAs, as plain data. */
export interface Revocation {
  /** By canonical name. */
  readonly issuers: ReadonlyMap<string, Issuer>;
  /** Intermediate CAs in the bundle, which clients need not send, by canonical name. */
  readonly intermediates: ReadonlyMap<string, readonly Link[]>;
  /** Whether the clients of a CA are refused once its list has expired. */
  readonly refuseWhenEnded: boolean;
}

/** The lists in a file, and warnings about them. */
interface CheckedLists {
  readonly lists: readonly RevocationList[];
  readonly warnings: readonly string[];
}

/**
 * Reads a file of revocation lists. @param bundle PEM of the CAs whose clients are checked with them
 * @throws TlsFault when a list is damaged, of a kind that is not understood, or not signed by the CA that it names
 */
export function revocationLists(bytes: Buffer, bundle: string): CheckedLists {
  const cas = onlyCertificatesOf(bundle).map((certificate) => {
    return { subject: canonicalName(certificateFields(certificate.raw).subject), key: certificate.publicKey };
  });
  const warnings: string[] = [];
  const lists = readCrls(bytes).map(({ list, signed }) => {
    const keys = cas.filter(({ subject }) => subject === list.issuer).map(({ key }) => key);
    const name = quoted(list.issuerName);
    if (keys.length === 0)
      warnings.push(`the CA ${name} is not in the bundle: the signature of its list was not checked`);
    else if (!isSignedByOneOf(keys, signed))
      throw new TlsFault(`the revocation list of ${name} is not signed by that CA`);
    return list;
  });
  return { lists, warnings };
}

/** Combines the lists of all files. @param bundle PEM of the CAs */
export function revocationOf(lists: readonly RevocationList[], bundle: string, refuseWhenEnded: boolean): Revocation {
  const byIssuer = grouped(lists, ({ issuer }) => issuer);
  const signedByOthers = onlyCertificatesOf(bundle)
    .map(({ raw }) => linkOf(raw))
    .filter(({ subject, issuer }) => subject !== issuer);
  return {
    issuers: new Map([...byIssuer].map(([key, some]) => [key, joined(some)])),
    intermediates: grouped(signedByOthers, ({ subject }) => subject),
    refuseWhenEnded,
  };
}

/** Readable names of the CAs that have no revocation list. @param bundle PEM of the CAs */
export function withoutLists({ issuers }: Revocation, bundle: string): readonly string[] {
  const covered = (certificate: X509Certificate) => issuers.has(linkOf(certificate.raw).subject);
  return onlyCertificatesOf(bundle)
    .filter((certificate) => !covered(certificate))
    .map(readableName);
}

/** The lists of each CA, for warnings before they expire. */
export function listEndings({ issuers, refuseWhenEnded }: Revocation): readonly Ending[] {
  return [...issuers.values()].map((issuer) => {
    const name = `revocation list of ${quoted(issuer.name)}`;
    const then = refuseWhenEnded ? "its clients are refused" : "its clients are checked with the old list";
    const problem = (now: number) => {
      if (now >= issuer.validity.to) return `${ended(issuer)}: ${then}`;
      const soon = soonEnd(issuer.validity, now);
      return soon === null ? null : `the ${name} expires ${soon}: from then on ${then}`;
    };
    return { name, ends: issuer.validity.to, problem };
  });
}

/** Warnings about lists that have expired or will soon. @param now ms since 1970 */
export function listProblems(revocation: Revocation, now: number): readonly string[] {
  return listEndings(revocation).flatMap(({ problem }) => problem(now) ?? []);
}

/**
 * Why a client must be refused; null if no certificate is revoked.
 * @param chain the certificate of the client and all that it sent after it, DER
 * @param now ms since 1970
 */
export function revoked(chain: readonly Buffer[], revocation: Revocation, now: number): string | null {
  try {
    return (
      chain.map((der) => faultUpwards(linkOf(der), revocation, now, new Set())).find((why) => why !== null) ?? null
    );
  } catch {
    return "a certificate of the client cannot be read";
  }
}

/** Checks a certificate, and recursively the intermediates of the bundle that may have signed it. */
function faultUpwards({ issuer, serial }: Link, all: Revocation, now: number, seen: Set<string>): string | null {
  const lists = all.issuers.get(issuer);
  if (lists?.serials.some((serials) => serials.has(serial)))
    return `certificate ${serial} was revoked by ${quoted(lists.name)}`;
  if (lists !== undefined && all.refuseWhenEnded && now >= lists.validity.to) return ended(lists);
  if (seen.has(issuer)) return null;
  seen.add(issuer);
  for (const link of all.intermediates.get(issuer) ?? []) {
    const why = faultUpwards(link, all, now, seen);
    if (why !== null) return why;
  }
  return null;
}

function ended({ name, validity }: Issuer): string {
  return `the revocation list of ${quoted(name)} expired on ${new Date(validity.to).toISOString()}`;
}

function linkOf(der: Buffer): Link {
  const { subject, issuer, serial } = certificateFields(der);
  return { subject: canonicalName(subject), issuer: canonicalName(issuer), serial };
}

function joined(lists: readonly RevocationList[]): Issuer {
  const newest = [...grouped(lists, ({ scope }) => scope).values()].map((some) =>
    some.map(({ validity }) => validity).reduce((one, other) => (other.to > one.to ? other : one)),
  );
  const validity = newest.reduce((one, other) => (other.to < one.to ? other : one));
  return { name: lists[0]!.issuerName, serials: lists.map(({ serials }) => serials), validity };
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group === undefined) groups.set(keyOf(one), [one]);
    else group.push(one);
  }
  return groups;
}
