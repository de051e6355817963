// Reads the certificates, keys and trust anchors for services and stores when the configuration is loaded.
import { createPrivateKey } from "node:crypto";
import { certificatesOf } from "../../tls/certificate-chain.ts";
import { pairFault } from "../../tls/key-pair.ts";
import { privateKeyOf } from "../../tls/private-key.ts";
import { rootless, trustAnchors } from "../../tls/trust-anchors.ts";
import { validityOf, validityProblem } from "../../tls/validity.ts";
import type { Material } from "../config.ts";
import type { SourceFiles } from "../text/source-files.ts";
import { checkCiphers } from "./ciphers.ts";
import type { Draft, Place } from "./draft.ts";
import { redisBlocks } from "./stores.ts";
import { upstreamBlocks } from "./tls.ts";
import { TlsReader } from "./tls-reader.ts";

/** Checks by kind of file. Each returns warnings, and throws if the file cannot be used. */
const CHECKS = {
  anchors(text: string) {
    const { pem, warnings } = trustAnchors(text, Date.now());
    return [...warnings, rootless(pem)];
  },
  certificate: (text: string) => [validityProblem(validityOf(text), Date.now(), "services")],
  key(text: string) {
    privateKeyOf(text, null);
    return [];
  },
};

/** Names of the files of a block; "" = none. */
interface Named {
  readonly anchors: readonly [key: string, file: string];
  readonly certificate: readonly [key: string, file: string];
  readonly key: readonly [key: string, file: string];
}

/** Reads every file that an enabled TLS block names. A file that cannot be used is an error. */
export function readMaterial(draft: Draft, sources: SourceFiles): Material {
  const reader = new TlsReader(draft, sources);
  const material = new Map<string, string>();
  const tried = new Map<string, boolean>();
  const usable = (kind: keyof typeof CHECKS, [key, file]: readonly [string, string], block: Place): boolean => {
    const known = file === "" ? false : tried.get(`${kind}|${file}`);
    if (known !== undefined) return known; // reported at the first block that names it
    const place = [...block, key];
    const text = reader.read(file, place, (bytes) => {
      const content = bytes.toString();
      reader.warn(file, place, CHECKS[kind](content));
      return content;
    });
    if (text !== null) material.set(file, text);
    tried.set(`${kind}|${file}`, text !== null);
    return text !== null;
  };
  const readBlock = (place: Place, { anchors, certificate, key }: Named) => {
    usable("anchors", anchors, place);
    const [certFits, keyFits] = [usable("certificate", certificate, place), usable("key", key, place)];
    if (!(certFits && keyFits)) return; // there is no pair, or its fault has been reported
    const fault = pairFault(certificatesOf(material.get(certificate[1])!), createPrivateKey(material.get(key[1])!));
    if (fault !== null) reader.mismatch(certificate[1], key[1], [...place, key[0]], fault);
  };
  for (const { place, tls } of upstreamBlocks(draft.written)) {
    checkCiphers(draft, place, tls.cipherSuites);
    readBlock(place, {
      anchors: ["rootCAFile", tls.rootCAFile],
      certificate: ["clientCertFile", tls.clientCertFile],
      key: ["clientKeyFile", tls.clientKeyFile],
    });
  }
  for (const { place, redis } of redisBlocks(draft.written)) {
    const { enabled, caFile, certFile, keyFile } = redis.tls;
    if (!enabled) continue;
    readBlock([...place, "tls"], {
      anchors: ["caFile", caFile],
      certificate: ["certFile", certFile],
      key: ["keyFile", keyFile],
    });
  }
  return material;
}
