// Builds the TLS settings of listeners. All files of enabled blocks are read and checked when the configuration is loaded,
// so that errors are found by `check` and not in handshakes.
import { createHash } from "node:crypto";
import { profileOptions } from "../../tls/profiles.ts";
import { type ClientAuth, NO_CLIENT_AUTH, type ServerCertificate, type ServerTls } from "../../tls/server-tls.ts";
import { cipherList, tlsVersion } from "../../wire/ciphers.ts";
import type { CertificateSection, ListenerTls, ManagementTls } from "../schema/listener-tls.ts";
import type { SourceFiles } from "../text/source-files.ts";
import type { AcmeMeaning } from "./acme.ts";
import { checkCiphers } from "./ciphers.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { ServerFiles } from "./server-files.ts";
import type { TlsBlock } from "./tls.ts";

type Section = ListenerTls | ManagementTls;

/** Returns TLS by the dotted path of its block. @param ordered ACME name sets by the dotted path of their block */
export function readServerTls(
  draft: Draft,
  blocks: readonly TlsBlock<Section>[],
  sources: SourceFiles,
  ordered: AcmeMeaning["sets"],
): ReadonlyMap<string, ServerTls> {
  const files = new ServerFiles(draft, sources);
  const known = new Map<string, ClientAuth>();
  const asking: Asking = (tls, place, own) => clientAuth(draft, files, known, tls, place, own);
  return new Map(
    blocks.map(({ place, tls }) => {
      const issued = ordered.get(`${dotted(place)}.acme`) ?? [];
      return [dotted(place), { ...readBlock(draft, files, asking, tls, place), issued }];
    }),
  );
}

type ReadBlock = Omit<ServerTls, "issued">;

function readBlock(draft: Draft, files: ServerFiles, asking: Asking, tls: Section, place: Place): ReadBlock {
  checkCiphers(draft, place, tls.cipherSuites);
  const clients = asking(tls, place, NOTHING_OWN);
  const own = tls.certFile !== "" || tls.keyFile !== "" || tls.pkcs12File !== "";
  const block: CertificateSection = { ...tls, hosts: [], clientAuth: null, clientCAFile: [], clientCRLFile: [] };
  const sections = [
    ...(own ? [[block, place] as const] : []),
    ...tls.certificates.map((section, i) => [section, [...place, "certificates", i]] as const),
  ];
  const certificates = sections.flatMap(([section, at]) => {
    const loaded = files.certificate(section, at);
    const asked = at === place ? clients : asking(tls, at, section);
    return loaded === null ? [] : [{ ...loaded, clients: asked }];
  });
  checkHosts(
    draft,
    certificates,
    sections.map(([, at]) => at),
  );
  const { enabled, lifetime, secret } = tls.sessionTickets;
  return {
    ...versionsOf(draft, tls, place),
    certificates,
    clients,
    tickets: enabled ? { secret, lifetimeS: Math.max(1, Math.round(lifetime / 1000)) } : null,
    forward: "forwardClientCert" in tls ? tls.forwardClientCert : "none",
  };
}

/** The defaults of the runtime. */
const NO_PROFILE = { ciphers: "", ecdhCurve: "" };

type Versions = Pick<ServerTls, "minVersion" | "maxVersion" | "ciphers" | "groups" | "preferServerCipher">;

/** Versions and ciphers: as written, else of the profile. Its default is `intermediate`, unless older settings are written. */
function versionsOf(draft: Draft, tls: Section, place: Place): Versions {
  const older = Number(tls.minVersion) < 1.2;
  const name = tls.profile ?? (older || tls.cipherSuites.length > 0 ? null : "intermediate");
  const asksForOlder = draft.isGiven(`${dotted(place)}.minVersion`) && tls.minVersion !== "1.3";
  if (name === "modern" && (asksForOlder || tls.maxVersion !== "1.3")) {
    const message = `${dotted(place)}: profile modern has no ciphers below TLS 1.3; write profile: intermediate`;
    draft.error([...place, "minVersion"], message);
  }
  if (older) draft.warn([...place, "minVersion"], `${dotted(place)}: TLS below 1.2 is deprecated (RFC 8996)`);
  const only13 = name === "modern" || tls.minVersion === "1.3";
  if (only13 && tls.cipherSuites.length > 0)
    draft.warn([...place, "cipherSuites"], `${dotted(place)}: cipherSuites has no effect: only TLS 1.3 is enabled`);
  const { ciphers, ecdhCurve } = name === null ? NO_PROFILE : profileOptions(name);
  return {
    minVersion: name === "modern" ? "TLSv1.3" : tlsVersion(tls.minVersion),
    maxVersion: tlsVersion(tls.maxVersion),
    ciphers: tls.cipherSuites.length > 0 ? cipherList(tls.cipherSuites) : ciphers,
    groups: ecdhCurve,
    preferServerCipher: tls.preferServerCipher,
  };
}

type OwnAuth = Pick<CertificateSection, "clientAuth" | "clientCAFile" | "clientCRLFile">;
const NOTHING_OWN: OwnAuth = { clientAuth: null, clientCAFile: [], clientCRLFile: [] };

/** Returns the demands on clients. @param own settings of one certificate, which default to those of the block */
type Asking = (tls: Section, place: Place, own: OwnAuth) => ClientAuth;

/** @param known results so far: thousands of certificates may share one revocation list, which is read once */
function clientAuth(
  draft: Draft,
  files: ServerFiles,
  known: Map<string, ClientAuth>,
  tls: Section,
  place: Place,
  own: OwnAuth,
): ClientAuth {
  const mode = own.clientAuth ?? tls.clientAuth;
  const caFiles = own.clientCAFile.length > 0 ? own.clientCAFile : tls.clientCAFile;
  const crlFiles = own.clientCRLFile.length > 0 ? own.clientCRLFile : tls.clientCRLFile;
  const fault = (message: string) => draft.error(place, `${dotted(place)}: ${message}`);
  if (mode === "none") {
    if (isForgotten(draft, tls, place, own))
      fault(
        "clientCAFile has no effect, because no certificate is requested from clients; write clientAuth: verify, or none",
      );
    return NO_CLIENT_AUTH;
  }
  if (mode === "verify" && caFiles.length === 0) fault("clientAuth verify needs clientCAFile");
  if (crlFiles.length > 0 && caFiles.length === 0) fault("clientCRLFile needs clientCAFile");
  const same = JSON.stringify([mode, caFiles, crlFiles, tls.expiredCRL]);
  const before = known.get(same);
  if (before !== undefined) return before;
  const ca = files.authorities(caFiles, [...place, "clientCAFile"]);
  const lists = files.revocations(crlFiles, ca, tls.expiredCRL === "refuse", [...place, "clientCRLFile"]);
  const content = JSON.stringify([mode, ca, lists?.digest ?? "", tls.expiredCRL]);
  const key = createHash("sha256").update(content).digest("hex");
  const read = { mode, ca, revocation: lists?.revocation ?? null, key };
  known.set(same, read);
  return read;
}

/** Whether CAs or revocation lists are configured without `clientAuth`, by mistake: all clients would be admitted. */
function isForgotten(draft: Draft, tls: Section, place: Place, own: OwnAuth): boolean {
  const ofBlock = own === NOTHING_OWN;
  const { clientCAFile, clientCRLFile } = ofBlock ? tls : own;
  if (clientCAFile.length + clientCRLFile.length === 0 || draft.isGiven(`${dotted(place)}.clientAuth`)) return false;
  return !(ofBlock && tls.certificates.some((each) => (each.clientAuth ?? "none") !== "none"));
}

/** Two certificates for one name, of which only the first is shown, must not make different demands on clients. */
function checkHosts(draft: Draft, certificates: readonly ServerCertificate[], places: readonly Place[]): void {
  if (certificates.length !== places.length) return; // some could not be read
  const first = new Map<string, ServerCertificate>();
  for (const [i, certificate] of certificates.entries()) {
    const { hosts, clients, source } = certificate;
    const place = places[i]!;
    const what = `${dotted(place)}: "${source}"`;
    const before = (host: string) => `for ${host} "${first.get(host)!.source}" is used`;
    const taken = hosts.filter((host) => first.has(host));
    const other = taken.find((host) => first.get(host)!.clients.key !== clients.key);
    if (other !== undefined) {
      draft.error(place, `${what} has different client authentication, but ${before(other)}; name hosts for both`);
    } else if (hosts.length === 0 && i > 0) {
      draft.error(place, `${what} contains no host name: set hosts, or it is never used`);
    } else if (hosts.length > 0 && taken.length === hosts.length) {
      draft.warn(place, `${what} is never used: ${before(hosts[0]!)}`);
    }
    for (const host of hosts) if (!first.has(host)) first.set(host, certificate);
  }
}
