// Certificates, keys and trust anchors named by enabled TLS blocks: read while loading, so that `check` finds what is missing.
import { createPrivateKey } from "node:crypto";
import { createSecureContext } from "node:tls";
import { placeOf } from "./place.ts";
import type { Problems } from "./problem.ts";
import type { ListenerTls } from "./schema/listener-tls.ts";
import type { Written } from "./schema/root.ts";
import type { UpstreamTlsConfig } from "./schema/upstream-tls.ts";
import type { SourceFiles } from "./source-files.ts";
import { redisBlocks } from "./stores.ts";
import type { MapNode } from "./tree.ts";
import { validityOf, validityProblem } from "./validity.ts";

/** Largest file read, bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** Path as written → content. */
export type Material = ReadonlyMap<string, string>;

/** Reads every file that an enabled TLS block names. Unreadable ones and ones that are not PEM are errors. */
export function readMaterial(written: Written, tree: MapNode, files: SourceFiles, problems: Problems): Material {
  const material = new Map<string, string>();
  const read = (kind: "certificate" | "key", path: string, place: readonly string[]) => {
    if (path === "") return;
    const wrong = (why: string) => problems.error(placeOf(tree, place), `${place.join(".")}: "${path}": ${why}`);
    let text: string;
    try {
      text = files.bytes(path, MAX_FILE_BYTES).toString();
    } catch (error) {
      return wrong((error as Error).message);
    }
    try {
      if (kind === "key") createPrivateKey(text);
      else validityOf(text); // reads every certificate in it
      material.set(path, text);
    } catch {
      wrong(`not a PEM ${kind}`);
    }
  };
  const fit = (place: readonly string[], cert: string, key: string, ciphers: readonly string[]) => {
    if (cert !== "" && !(material.has(cert) && material.has(key))) return; // said above
    const pair = cert === "" ? {} : { cert: material.get(cert)!, key: material.get(key)! };
    try {
      createSecureContext({ ...pair, ...(ciphers.length > 0 ? { ciphers: ciphers.join(":") } : {}) });
    } catch (error) {
      const mismatch = (error as NodeJS.ErrnoException).code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH";
      const why = mismatch ? "the key does not belong to the certificate" : "cipherSuites names no known cipher";
      problems.error(placeOf(tree, place), `${place.join(".")}: ${why}`);
    }
  };
  const checkValidity = (path: string, place: readonly string[]) => {
    const text = material.get(path);
    const problem = text === undefined ? null : validityProblem(validityOf(text), Date.now());
    if (problem !== null) problems.warn(placeOf(tree, place), `${place.join(".")}: "${path}": ${problem}`);
  };
  for (const { place, tls } of listenerBlocks(written)) {
    read("certificate", tls.certFile, [...place, "certFile"]);
    read("key", tls.keyFile, [...place, "keyFile"]);
    for (const file of tls.clientCAFile) read("certificate", file, [...place, "clientCAFile"]);
    fit(place, tls.certFile, tls.keyFile, tls.cipherSuites);
    checkValidity(tls.certFile, [...place, "certFile"]);
  }
  for (const { place, tls } of upstreamBlocks(written)) {
    read("certificate", tls.rootCAFile, [...place, "rootCAFile"]);
    read("certificate", tls.clientCertFile, [...place, "clientCertFile"]);
    read("key", tls.clientKeyFile, [...place, "clientKeyFile"]);
    fit(place, tls.clientCertFile, tls.clientKeyFile, tls.cipherSuites);
  }
  for (const { place, redis } of redisBlocks(written)) {
    const { enabled, caFile, certFile, keyFile } = redis.tls;
    if (!enabled) continue;
    const below = [...place, "tls"];
    read("certificate", caFile, [...below, "caFile"]);
    read("certificate", certFile, [...below, "certFile"]);
    read("key", keyFile, [...below, "keyFile"]);
    fit(below, certFile, keyFile, []);
  }
  return material;
}

/** Every enabled block of certificates shown to clients and operators. */
export function listenerBlocks(written: Written): { readonly place: readonly string[]; readonly tls: ListenerTls }[] {
  const { http, websocket, grpc } = written.frontend;
  const used = { http: true, websocket: websocket.enabled === true && websocket.port !== null, grpc: grpc.enabled };
  const clients = Object.entries({ http, websocket, grpc })
    .filter(([name, section]) => used[name as keyof typeof used] && section.tls.enabled)
    .map(([name, section]) => ({ place: ["frontend", name, "tls"], tls: section.tls }));
  const { management } = written;
  const operators = management.enabled && management.tls.enabled;
  return operators ? [...clients, { place: ["management", "tls"], tls: management.tls }] : clients;
}

/** Files of certificates shown to clients, each once, and when they end, s since 1970. */
export function certificateEnds(
  written: Written,
  material: Material,
): { readonly file: string; readonly at: number }[] {
  const files = new Set(listenerBlocks(written).map(({ tls }) => tls.certFile));
  return [...files].map((file) => ({ file, at: validityOf(material.get(file)!).to / 1000 }));
}

/** Every enabled block of trust in services. */
export function upstreamBlocks(
  written: Written,
): { readonly place: readonly string[]; readonly tls: UpstreamTlsConfig }[] {
  return Object.entries({ http: written.backend.http, grpc: written.backend.grpc })
    .filter(([, section]) => section.tls.enabled)
    .map(([name, section]) => ({ place: ["backend", name, "tls"], tls: section.tls }));
}
