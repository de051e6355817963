// Files of certificates that are shown to clients, and of those that clients are verified by. What cannot be used whole is an
// error: a gateway that starts without one of its CAs or lists would refuse its clients, or let in those who were revoked.
import { createHash, X509Certificate } from "node:crypto";
import { certificatesOf, chainPem } from "../../tls/certificate-chain.ts";
import { certificateNames } from "../../tls/certificate-names.ts";
import { type KeyPair, pairFault } from "../../tls/key-pair.ts";
import { openPkcs12 } from "../../tls/pkcs12.ts";
import { privateKeyOf } from "../../tls/private-key.ts";
import { listProblems, type Revocation, revocationLists, revocationOf, withoutLists } from "../../tls/revocation.ts";
import type { ServerCertificate } from "../../tls/server-tls.ts";
import { rootless, trustAnchors } from "../../tls/trust-anchors.ts";
import { validityOf, validityProblem } from "../../tls/validity.ts";
import type { CertificateSection } from "../schema/listener-tls.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { TlsReader } from "./tls-reader.ts";

type Files = Pick<CertificateSection, "certFile" | "keyFile" | "pkcs12File" | "passphrase" | "hosts">;

/** Reads files of one configuration. */
export class ServerFiles {
  readonly #draft: Draft;
  readonly #reader: TlsReader;

  constructor(draft: Draft, sources: SourceFiles) {
    this.#draft = draft;
    this.#reader = new TlsReader(draft, sources);
  }

  /** A certificate with its key and its names; null when something of it cannot be used. @param place of its block */
  certificate(files: Files, place: Place): Omit<ServerCertificate, "clients"> | null {
    const { certFile, keyFile, pkcs12File, passphrase, hosts } = files;
    const bundled = pkcs12File !== "";
    if (bundled ? certFile !== "" || keyFile !== "" : certFile === "" || keyFile === "") {
      this.#draft.error(place, `${dotted(place)}: it takes certFile and keyFile, or pkcs12File alone`);
      return null;
    }
    const pair = bundled
      ? this.#reader.read(pkcs12File, [...place, "pkcs12File"], (bytes) => openPkcs12(bytes, passphrase))
      : this.#pair(files, place);
    if (pair === null) return null;
    const source = bundled ? pkcs12File : certFile;
    const at = [...place, bundled ? "pkcs12File" : "certFile"];
    return this.#reader.attempt(source, at, () => {
      const validity = validityOf(pair.cert);
      this.#reader.warn(source, at, [validityProblem(validity, Date.now())]);
      const names = certificateNames(new X509Certificate(pair.cert).raw).dns;
      return { ...pair, source, validity, hosts: hosts.length > 0 ? this.#hosts(hosts, place) : names };
    });
  }

  /** CAs of all files as one bundle; "" for none, and when one cannot be used. @param place of the list */
  authorities(files: readonly string[], place: Place): string {
    const bundles = files.map((file, i) => {
      const at = [...place, i];
      const anchors = this.#reader.read(file, at, (bytes) => trustAnchors(bytes.toString(), Date.now()));
      this.#reader.warn(file, at, anchors?.warnings ?? []);
      return anchors?.pem ?? null;
    });
    if (bundles.length === 0 || bundles.includes(null)) return "";
    const bundle = bundles.join("");
    const refused = rootless(bundle);
    if (refused !== null) this.#draft.warn(place, `${dotted(place)}: ${refused}`);
    return bundle;
  }

  /** Lists of all files; null for none, and when one cannot be used. @param ca bundle @param place of the list of files */
  revocations(
    files: readonly string[],
    ca: string,
    refuseWhenEnded: boolean,
    place: Place,
  ): { readonly revocation: Revocation; readonly digest: string } | null {
    if (files.length === 0 || ca === "") return null;
    const digest = createHash("sha256");
    const read = files.map((file, i) => {
      const at = [...place, i];
      return this.#reader.read(file, at, (bytes) => {
        digest.update(bytes);
        const { lists, warnings } = revocationLists(bytes, ca);
        this.#reader.warn(file, at, warnings);
        return lists;
      });
    });
    const revocation = revocationOf(
      read.flatMap((lists) => lists ?? []),
      ca,
      refuseWhenEnded,
    );
    const unlisted = withoutLists(revocation, ca).map(
      (name) => `${name} has no revocation list: its clients are not checked`,
    );
    for (const warning of [...unlisted, ...listProblems(revocation, Date.now())]) {
      this.#draft.warn(place, `${dotted(place)}: ${warning}`);
    }
    return { revocation, digest: digest.digest("hex") };
  }

  #pair({ certFile, keyFile, passphrase }: Files, place: Place): KeyPair | null {
    const cert = this.#reader.read(certFile, [...place, "certFile"], (bytes) =>
      chainPem(certificatesOf(bytes.toString())),
    );
    const key = this.#reader.read(keyFile, [...place, "keyFile"], (bytes) =>
      privateKeyOf(bytes.toString(), passphrase),
    );
    if (cert === null || key === null) return null;
    const pair = { cert, key: key.pem };
    const fault = pairFault(pair);
    if (fault !== null) this.#draft.error(place, `${dotted(place)}: ${fault}`);
    if (passphrase !== "" && !key.encrypted) {
      this.#draft.warn(
        [...place, "passphrase"],
        `${dotted(place)}: the key is not encrypted: passphrase has no effect`,
      );
    }
    return fault === null ? pair : null;
  }

  #hosts(hosts: readonly string[], place: Place): readonly string[] {
    return hosts.map((host, i) => {
      const name = host.toLowerCase().replace(/\.$/, "");
      if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*$/.test(name)) {
        const at = [...place, "hosts", i];
        this.#draft.error(at, `${dotted(at)}: "${host}" is not a host name, nor one that begins with "*."`);
      }
      return name;
    });
  }
}
