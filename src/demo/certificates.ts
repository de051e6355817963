// Makes certificates for trying TLS, signed by an authority of their own whose key is not kept.
import { KeyObject, X509Certificate as NodeCertificate, type webcrypto } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { JsonGeneralNames, X509Certificate } from "@peculiar/x509";
import { pkcs12 } from "./pkcs12.ts";

/** The default folder, which the example configurations name. */
export const DEMO_CERTIFICATES = "demo-certificates";
/** Password of the client's PKCS#12 bundle; browsers do not import a bundle without one. */
export const DEMO_PASSWORD = "demo";

const DAY_MS = 24 * 3600 * 1000;
/** Validity of the certificates, ms; short, because users may forget that their browser trusts the authority. */
const LIFETIME_MS = 90 * DAY_MS;
/** Remaining validity below which certificates are replaced, ms; above that at which the gateway warns. */
const ENOUGH_MS = LIFETIME_MS / 3;
/** How far in the past validity begins, ms, because clocks of clients may be slow. */
const EARLIER_MS = 3600 * 1000;

const AUTHORITY = "Gateway Demo CA";
const EC = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
/** Keys of client and authority; the library that writes PKCS#12 supports only RSA. */
const RSA = { name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1), hash: "SHA-256" };

const CLIENT = "client";
const SUBJECTS: readonly Subject[] = [
  {
    file: "localhost",
    name: "localhost",
    names: [
      { type: "dns", value: "localhost" },
      { type: "ip", value: "127.0.0.1" },
      { type: "ip", value: "::1" },
    ],
  },
  { file: "wildcard", name: "*.demo.localhost", names: [{ type: "dns", value: "*.demo.localhost" }] },
  { file: CLIENT, name: "Ann", names: [{ type: "email", value: "ann@demo.localhost" }] },
];
const FILES = ["ca.pem", ...SUBJECTS.flatMap(({ file }) => [`${file}.pem`, `${file}-key.pem`]), `${CLIENT}.p12`];

/** The subject of a certificate. */
interface Subject {
  /** Name of its files, without their ending. */
  readonly file: string;
  readonly name: string;
  readonly names: JsonGeneralNames;
}

/**
 * Makes certificates in a folder, unless those of an earlier demo are there and good for a month.
 *
 * `ca.pem`, and each with its key: `localhost.pem`, `wildcard.pem` for `*.demo.localhost`, `client.pem` and, for browsers,
 * `client.p12`. The folder is put in place complete, so that demos which start together share it.
 * @param now in ms since 1970
 * @throws Error that names the folder when it cannot be written, or holds anything else
 */
export async function makeDemoCertificates(folder: string, now = Date.now()): Promise<void> {
  if (isGood(folder, now)) return;
  const target = resolve(folder);
  let made = "";
  try {
    refuseForeign(folder);
    mkdirSync(dirname(target), { recursive: true });
    made = mkdtempSync(`${target}-`); // with the rights 0700
    for (const [name, content] of await contents(now))
      writeFileSync(join(made, name), content, { mode: 0o600, flag: "wx" });
    replace(target, made, now);
  } catch (error) {
    throw new Error(`cannot make certificates in ${folder}: ${(error as Error).message}`);
  } finally {
    if (made !== "") rmSync(made, { recursive: true, force: true });
  }
}

/** Puts `made` in the place of `target`, unless another process was faster. */
function replace(target: string, made: string, now: number): void {
  const old = `${made}-old`;
  try {
    renameSync(target, old);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  try {
    renameSync(made, target);
  } catch (error) {
    if (!isGood(target, now)) throw error;
  } finally {
    rmSync(old, { recursive: true, force: true });
  }
}

/** Whether all files are there, by one authority, and good for a while. */
function isGood(folder: string, now: number): boolean {
  try {
    const authority = authorityOf(folder);
    return SUBJECTS.every(({ file }) => {
      const certificate = read(folder, `${file}.pem`);
      return certificate.verify(authority.publicKey) && Date.parse(certificate.validTo) - now > ENOUGH_MS;
    });
  } catch {
    return false;
  }
}

/** @throws Error when a folder holds what no demo has made */
function refuseForeign(folder: string): void {
  const found = entriesOf(folder);
  if (found.length === 0) return;
  if (found.some((name) => !FILES.includes(name)) || !found.includes("ca.pem") || !isAuthority(authorityOf(folder)))
    throw new Error("it holds other files than the demo's; name another folder with -certificates");
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function authorityOf(folder: string): NodeCertificate {
  return read(folder, "ca.pem");
}

function isAuthority({ subject }: NodeCertificate): boolean {
  return subject === `CN=${AUTHORITY}`;
}

function read(folder: string, file: string): NodeCertificate {
  return new NodeCertificate(readFileSync(join(folder, file)));
}

/** Every file with its content. */
async function contents(now: number): Promise<Map<string, string | Buffer>> {
  const x509 = await import("@peculiar/x509");
  const authority = await keysOf(RSA);
  const common = {
    notBefore: new Date(now - EARLIER_MS),
    notAfter: new Date(now + LIFETIME_MS),
    signingAlgorithm: RSA,
  };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...common,
    name: `CN=${AUTHORITY}`,
    keys: authority,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(authority.publicKey),
    ],
  });
  const files = new Map<string, string | Buffer>([["ca.pem", pemOf(ca)]]);
  for (const { file, name, names } of SUBJECTS) {
    const isClient = file === CLIENT;
    const keys = await keysOf(isClient ? RSA : EC);
    const use = isClient ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
    const certificate = await x509.X509CertificateGenerator.create({
      ...common,
      subject: `CN=${name}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: authority.privateKey,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([use]),
        new x509.SubjectAlternativeNameExtension(names),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    });
    const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" }) as string;
    files.set(`${file}.pem`, pemOf(certificate)).set(`${file}-key.pem`, key);
    if (isClient) files.set(`${file}.p12`, await pkcs12(key, pemOf(certificate), name, DEMO_PASSWORD));
  }
  return files;
}

function keysOf(algorithm: typeof EC | typeof RSA): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<webcrypto.CryptoKeyPair>;
}

function pemOf(certificate: X509Certificate): string {
  return `${certificate.toString("pem")}\n`;
}
