// Certificates, keys and trust anchors towards services and stores, named by enabled TLS blocks: read while loading, so that `check` finds what is missing.

import type { Material } from "../config.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { checkCiphers } from "./ciphers.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { fileFault } from "./files.ts";
import { type PemKind, pairFault, pemFault, warnOfDates } from "./pem.ts";
import { redisBlocks } from "./stores.ts";
import { upstreamBlocks } from "./tls.ts";

/** Largest file read, bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads every file that an enabled TLS block names. Unreadable ones and ones that are not PEM are errors. */
export function readMaterial(draft: Draft, files: SourceFiles): Material {
  const { written, problems } = draft;
  const material = new Map<string, string>();
  const tried = new Set<string>();
  const read = (kind: PemKind, path: string, place: Place) => {
    if (path === "" || tried.has(`${kind}|${path}`)) return;
    tried.add(`${kind}|${path}`); // blocks that inherit a file say nothing new about it
    const at = draft.at(place);
    const name = dotted(place);
    try {
      const text = files.bytes(path, MAX_FILE_BYTES).toString();
      const fault = pemFault(kind, text);
      if (fault === null) material.set(path, text);
      else problems.error(at, `${name}: "${path}": ${fault}`);
    } catch (error) {
      problems.error(at, `${name}: ${fileFault(path, error, at.file)}`);
    }
  };
  /** A certificate that is not shown to clients of ours. */
  const readOther = (path: string, place: Place) => {
    read("certificate", path, place);
    const text = material.get(path);
    if (text !== undefined) warnOfDates(text, `${dotted(place)}: "${path}"`, draft.at(place), problems);
  };
  const fit = (place: Place, cert: string, key: string, ciphers: readonly string[]) => {
    const at = draft.at(place);
    checkCiphers(draft, place, ciphers);
    if (!(material.has(cert) && material.has(key))) return; // there is none, or what is wrong was said above
    const fault = pairFault(material.get(cert)!, material.get(key)!);
    if (fault !== null) problems.error(at, `${dotted(place)}: ${fault}`);
  };
  for (const { place, tls } of upstreamBlocks(written)) {
    readOther(tls.rootCAFile, [...place, "rootCAFile"]);
    readOther(tls.clientCertFile, [...place, "clientCertFile"]);
    read("key", tls.clientKeyFile, [...place, "clientKeyFile"]);
    fit(place, tls.clientCertFile, tls.clientKeyFile, tls.cipherSuites);
  }
  for (const { place, redis } of redisBlocks(written)) {
    const { enabled, caFile, certFile, keyFile } = redis.tls;
    if (!enabled) continue;
    const below = [...place, "tls"];
    readOther(caFile, [...below, "caFile"]);
    readOther(certFile, [...below, "certFile"]);
    read("key", keyFile, [...below, "keyFile"]);
    fit(below, certFile, keyFile, []);
  }
  return material;
}
