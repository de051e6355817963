// Certificates, keys and trust anchors towards services and stores: read while loading, so that `check` finds what is missing.
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

/** What a file may be, and what is to be said of one that can be used. They throw where it cannot. */
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

/** Reads every file that an enabled TLS block names. What cannot be used is an error. */
export function readMaterial(draft: Draft, sources: SourceFiles): Material {
  const reader = new TlsReader(draft, sources);
  const material = new Map<string, string>();
  const tried = new Map<string, boolean>();
  const usable = (kind: keyof typeof CHECKS, [key, file]: readonly [string, string], block: Place): boolean => {
    const known = file === "" ? false : tried.get(`${kind}|${file}`);
    if (known !== undefined) return known; // blocks that inherit a file say nothing new about it
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
    if (!(certFits && keyFits)) return; // there is none, or what is wrong was said above
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
