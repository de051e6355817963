// Certificates ordered by `tls.acme` blocks: blocks with equal settings share one account, and each is ordered once.
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { NameSet } from "../../acme/settings.ts";
import { rootless, trustAnchors } from "../../tls/trust-anchors.ts";
import type { AcmeConfig, StoreConfigs } from "../config.ts";
import type { AcmeSection } from "../schema/acme.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { didYouMean } from "../text/suggest.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import type { TlsBlock } from "./tls.ts";
import { TlsReader } from "./tls-reader.ts";

/** Authorities accept no more in one certificate. */
const MAX_NAMES = 100;
const NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$/;

/** Accounts, and the name sets of each block by its dotted place. */
export interface AcmeMeaning {
  readonly accounts: readonly AcmeConfig[];
  readonly sets: ReadonlyMap<string, readonly NameSet[]>;
}

/** Reads the blocks in enabled ones of `tls`. @param stores null: they could not be read, which is reported */
export function readAcme(
  draft: Draft,
  blocks: readonly TlsBlock<{ readonly acme: AcmeSection }>[],
  stores: StoreConfigs | null,
  sources: SourceFiles,
): AcmeMeaning {
  const accounts = new Map<string, Omit<AcmeConfig, "sets"> & { sets: NameSet[] }>();
  const sets = new Map<string, readonly NameSet[]>();
  const reader = new TlsReader(draft, sources);
  for (const { place: above, tls } of blocks) {
    const { acme } = tls;
    if (!acme.enabled) continue;
    const place = [...above, "acme"];
    const own = readSets(draft, place, acme);
    const settings = readSettings(draft, place, acme, stores, reader);
    sets.set(dotted(place), own);
    if (settings === null) continue;
    const key = JSON.stringify(settings);
    const account = accounts.get(key) ?? { ...settings, sets: [] };
    const known = new Set(account.sets.map(keyOf));
    account.sets.push(...own.filter((names) => !known.has(keyOf(names))));
    accounts.set(key, account);
  }
  return { accounts: [...accounts.values()], sets };
}

function readSets(draft: Draft, place: Place, { domains, certificates }: AcmeSection): NameSet[] {
  const lists = [
    ...(domains.length > 0 ? [{ domains, at: [...place, "domains"] }] : []),
    ...certificates.map((one, i) => ({ domains: one.domains, at: [...place, "certificates", i, "domains"] })),
  ];
  if (lists.length === 0)
    draft.error(place, `${dotted(place)}: enabled needs domains, the names to order a certificate for`);
  const sets = new Map<string, NameSet>();
  for (const { domains: written, at } of lists) {
    const names = [...new Set(written.flatMap((domain, i) => readName(draft, [...at, i], domain) ?? []))];
    if (written.length === 0) draft.error(at.slice(0, -1), `${dotted(at.slice(0, -1))}: domains is empty`);
    if (names.length > MAX_NAMES) draft.error(at, `${dotted(at)}: a certificate has at most ${MAX_NAMES} names`);
    const [first, ...others] = names;
    if (first !== undefined) sets.set(keyOf(names), [first, ...others]);
  }
  return [...sets.values()];
}

/** Lower case, and without the dot of the root. */
function readName(draft: Draft, place: Place, domain: string): string | null {
  const fault = (why: string) => {
    draft.error(place, `${dotted(place)}: "${domain}" ${why}`);
    return null;
  };
  if (domain.startsWith("*.")) {
    return fault(
      "is a wildcard, which requires the DNS-01 challenge, which is not supported; list the names, or set certFile and keyFile",
    );
  }
  if (isIP(domain) !== 0) return fault("is an IP address; certificates are ordered for host names only");
  const name = domainToASCII(domain.replace(/\.$/, "").toLowerCase());
  return NAME.test(name) && name.length <= 253 ? name : fault("is not a host name");
}

function readSettings(
  draft: Draft,
  place: Place,
  acme: AcmeSection,
  stores: StoreConfigs | null,
  reader: TlsReader,
): Omit<AcmeConfig, "sets"> | null {
  const { directory, email, eab, challenge, keyType, caFile } = acme;
  const fault = (key: string, why: string) =>
    draft.error([...place, ...key.split(".")], `${dotted(place)}.${key}: ${why}`);
  if (!isSafeUrl(directory)) fault("directory", `"${directory}" is not an https:// URL`);
  if (email !== "" && !/^[^\s@,?&]+@[^\s@,?&]+$/.test(email)) fault("email", `"${email}" is not an e-mail address`);
  if ((eab.keyId === "") !== (eab.hmacKey === "")) fault("eab", "keyId and hmacKey must be set together");
  // Said of the block: the line of the key, which messages show, holds the secret.
  if (!/^[A-Za-z0-9_-]*={0,2}$/.test(eab.hmacKey)) draft.error(place, `${dotted(place)}.eab.hmacKey: not base64url`);
  const ca = caFile === "" ? "" : anchorsOf(reader, caFile, [...place, "caFile"]);
  const store = readStore(draft, place, acme, stores);
  const account = eab.keyId === "" ? null : eab;
  return store === null ? null : { directory, ca, email, eab: account, challenge, keyType, store };
}

/** "" when they cannot be used, which is reported. */
function anchorsOf(reader: TlsReader, file: string, place: Place): string {
  const anchors = reader.read(file, place, (bytes) => trustAnchors(bytes.toString(), Date.now()));
  if (anchors === null) return "";
  reader.warn(file, place, [...anchors.warnings, rootless(anchors.pem)]);
  return anchors.pem;
}

function readStore(
  draft: Draft,
  place: Place,
  acme: AcmeSection,
  stores: StoreConfigs | null,
): AcmeConfig["store"] | null {
  const { store: name, cacheDir } = acme;
  const fault = (key: string, why: string) => {
    draft.error([...place, key], `${dotted(place)}.${key}: ${why}`);
    return null;
  };
  if (name === "folder") return cacheDir === "" ? fault("cacheDir", "is empty") : { kind: "folder", folder: cacheDir };
  if (draft.isGiven(`${dotted(place)}.cacheDir`)) {
    draft.warn([...place, "cacheDir"], `${dotted(place)}: cacheDir has no effect with store: ${name}`);
  }
  if (stores === null) return null;
  const found = stores.get(name);
  if (found === undefined)
    return fault("store", `${unknownStore(name)}${didYouMean(name, ["folder", ...stores.keys()])}`);
  if (found === null)
    return fault("store", `"${name}" is in memory; certificates must be stored in a folder or in Redis`);
  return { kind: "redis", name: found.name, redis: found.redis };
}

function unknownStore(name: string): string {
  return `unknown store "${name}"${name === "redis" ? "; it needs a top-level redis block" : ""}`;
}

/** Accounts are made and certificates come over this connection: only a process of this machine is asked without TLS. */
function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username } = new URL(text);
  if (username !== "") return false;
  return protocol === "https:" || (protocol === "http:" && /^(localhost|127\.[\d.]+|\[::1\])$/.test(hostname));
}

function keyOf(names: readonly string[]): string {
  return [...names].sort().join();
}
