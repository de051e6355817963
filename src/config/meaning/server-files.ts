// Reads the files of listeners: certificates and keys shown to clients, and the CAs and revocation lists that clients are
// verified with. A file that cannot be used completely is an error: without one of its CAs the gateway would refuse clients,
// and without a revocation list it would admit revoked ones.
import { createHash, type X509Certificate } from "node:crypto";
import { certificatesOf, chainPem } from "../../tls/certificate-chain.ts";
import { certificateNames } from "../../tls/certificate-names.ts";
import { chainGap } from "../../tls/chain-gap.ts";
import { pairFault } from "../../tls/key-pair.ts";
import { openPkcs12 } from "../../tls/pkcs12.ts";
import { privateKeyOf } from "../../tls/private-key.ts";
import { listProblems, type Revocation, revocationLists, revocationOf, withoutLists } from "../../tls/revocation.ts";
import type { ServerCertificate } from "../../tls/server-tls.ts";
import { rootless, trustAnchors } from "../../tls/trust-anchors.ts";
import { validityOfAll, validityProblem } from "../../tls/validity.ts";
import type { CertificateSection } from "../schema/listener-tls.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { TlsReader } from "./tls-reader.ts";

type Files = Pick<CertificateSection, "certFile" | "keyFile" | "pkcs12File" | "passphrase" | "hosts">;

/** A chain in file order, and the key of its first certificate. */
interface LoadedPair {
  readonly chain: readonly X509Certificate[];
  /** PEM. */
  readonly key: string;
}

/** Reads the files of one configuration. */
export class ServerFiles {
  readonly #draft: Draft;
  readonly #reader: TlsReader;

  constructor(draft: Draft, sources: SourceFiles) {
    this.#draft = draft;
    this.#reader = new TlsReader(draft, sources);
  }

  /** A certificate with its key and names; null, and an error, if any part cannot be used. @param place of its block */
  certificate(files: Files, place: Place): Omit<ServerCertificate, "clients"> | null {
    const { certFile, keyFile, pkcs12File, hosts } = files;
    const bundled = pkcs12File !== "";
    if (bundled ? certFile !== "" || keyFile !== "" : certFile === "" || keyFile === "") {
      this.#draft.error(place, `${dotted(place)}: needs certFile and keyFile, or only pkcs12File`);
      return null;
    }
    const loaded = bundled ? this.#bundle(files, place) : this.#pair(files, place);
    if (loaded === null) return null;
    const { chain, key } = loaded;
    const source = bundled ? pkcs12File : certFile;
    const at = [...place, bundled ? "pkcs12File" : "certFile"];
    return this.#reader.attempt(source, at, () => {
      const validity = validityOfAll(chain);
      this.#reader.warn(source, at, [validityProblem(validity, Date.now()), chainGap(chain)]);
      const names = hosts.length > 0 ? this.#hosts(hosts, place) : certificateNames(chain[0]!.raw).dns;
      return { cert: chainPem(chain), key, source, validity, hosts: names };
    });
  }

  /** The CAs of all files as one bundle; "" if there are none, or one cannot be used. @param place of the list of files */
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

  /** The lists of all files; null if there are none, or one cannot be used. @param ca bundle @param place of the list of files */
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
    const lists = read.flatMap((some) => some ?? []);
    if (read.includes(null)) return null; // a list that seems to be missing may be in the unreadable file
    const revocation = revocationOf(lists, ca, refuseWhenEnded);
    const unlisted = withoutLists(revocation, ca).map(
      (name) => `${name} has no revocation list: its clients are not checked`,
    );
    for (const warning of [...unlisted, ...listProblems(revocation, Date.now())]) {
      this.#draft.warn(place, `${dotted(place)}: ${warning}`);
    }
    return { revocation, digest: digest.digest("hex") };
  }

  #bundle({ pkcs12File, passphrase }: Files, place: Place): LoadedPair | null {
    return this.#reader.read(pkcs12File, [...place, "pkcs12File"], (bytes) => {
      const { cert, key } = openPkcs12(bytes, passphrase);
      return { chain: certificatesOf(cert), key };
    });
  }

  #pair({ certFile, keyFile, passphrase }: Files, place: Place): LoadedPair | null {
    const chain = this.#reader.read(certFile, [...place, "certFile"], (bytes) => certificatesOf(bytes.toString()));
    const key = this.#reader.read(keyFile, [...place, "keyFile"], (bytes) =>
      privateKeyOf(bytes.toString(), passphrase),
    );
    if (chain === null || key === null) return null;
    const fault = pairFault(chain, key.key);
    if (fault !== null) this.#reader.mismatch(certFile, keyFile, [...place, "keyFile"], fault);
    if (passphrase !== "" && !key.encrypted) {
      this.#draft.warn(
        [...place, "passphrase"],
        `${dotted(place)}: the key is not encrypted: passphrase has no effect`,
      );
    }
    return fault === null ? { chain, key: key.pem } : null;
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
