// Certificates, keys and trust anchors named by enabled TLS blocks: read while loading, so that `check` finds what is missing.

import { validityOf, validityProblem } from "../../tls/validity.ts";
import { cipherList } from "../../wire/ciphers.ts";
import type { Material } from "../config.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { type Draft, dotted, type Place } from "./draft.ts";
import { fileFault } from "./files.ts";
import { listenersOf } from "./listeners.ts";
import { type PemKind, pairFault, pemFault, secureFault, warnOfDates } from "./pem.ts";
import { redisBlocks } from "./stores.ts";
import { type Listeners, listenerBlocks, upstreamBlocks } from "./tls.ts";

/** Largest file read, bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Reads every file that an enabled TLS block names. Unreadable ones and ones that are not PEM are errors. */
export function readMaterial(draft: Draft, files: SourceFiles): Material {
  const { written, problems } = draft;
  const listeners = listenersOf(written, (key) => draft.isGiven(key));
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
  /** A certificate that is not shown to clients. */
  const readOther = (path: string, place: Place) => {
    read("certificate", path, place);
    const text = material.get(path);
    if (text !== undefined) warnOfDates(text, `${dotted(place)}: "${path}"`, draft.at(place), problems);
  };
  const checkCiphers = (place: Place, names: readonly string[]) => {
    const at = draft.at([...place, "cipherSuites"]);
    const known = (...some: string[]) => secureFault({ ciphers: cipherList(some) }) === null;
    if (names.length > 0 && !known(...names)) {
      problems.error(at, `${dotted(place)}: cipherSuites names no known cipher`);
      return;
    }
    // OpenSSL passes over names it does not know as long as it knows one. Elements such as "!aNULL" are no names.
    for (const name of names.filter((n) => /^\w/.test(n) && !known(n)))
      problems.warn(
        at,
        `${dotted(place)}: cipherSuites: "${name}" is no cipher that this OpenSSL knows; it is left out`,
      );
  };
  const fit = (place: Place, cert: string, key: string, ciphers: readonly string[]) => {
    const at = draft.at(place);
    checkCiphers(place, ciphers);
    if (!(material.has(cert) && material.has(key))) return; // there is none, or what is wrong was said above
    const fault = pairFault(material.get(cert)!, material.get(key)!);
    if (fault !== null) problems.error(at, `${dotted(place)}: ${fault}`);
  };
  const checkValidity = (path: string, place: Place) => {
    const text = material.get(path);
    const problem = text === undefined ? null : validityProblem(validityOf(text), Date.now());
    if (problem !== null) problems.warn(draft.at(place), `${dotted(place)}: "${path}": ${problem}`);
  };
  for (const { place, tls } of listenerBlocks({ ...written, listeners })) {
    read("certificate", tls.certFile, [...place, "certFile"]);
    read("key", tls.keyFile, [...place, "keyFile"]);
    for (const file of tls.clientCAFile) readOther(file, [...place, "clientCAFile"]);
    fit(place, tls.certFile, tls.keyFile, tls.cipherSuites);
    checkValidity(tls.certFile, [...place, "certFile"]);
  }
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

/** Files of certificates shown to clients, each once, and when they end, s since 1970. */
export function certificateEnds(
  config: Listeners & { readonly tlsFiles: Material },
): { readonly file: string; readonly at: number }[] {
  const files = new Set(listenerBlocks(config).map(({ tls }) => tls.certFile));
  return [...files].map((file) => ({ file, at: validityOf(config.tlsFiles.get(file)!).to / 1000 }));
}
