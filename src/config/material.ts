// Certificates, keys and trust anchors named by enabled TLS blocks: read while loading, so that `check` finds what is missing.
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import { placeOf } from "./normalize.ts";
import type { Problems } from "./problem.ts";
import type { Written } from "./schema/root.ts";
import type { MapNode } from "./tree.ts";

/** Path as written → content. */
export type Material = ReadonlyMap<string, string>;

/** Reads every file that an enabled TLS block names. Unreadable ones and ones that are not PEM are errors. */
export function readMaterial(written: Written, tree: MapNode, problems: Problems): Material {
  const material = new Map<string, string>();
  const front = written.frontend.http.tls;
  const back = written.backend.http.tls;
  const read = (kind: "certificate" | "key", path: string, place: readonly string[]) => {
    if (path === "") return;
    const at = placeOf(tree, place);
    try {
      const text = readFileSync(path, "utf8");
      if (kind === "key") createPrivateKey(text);
      else new X509Certificate(text);
      material.set(path, text);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? "";
      const why = code === "ENOENT" ? "no such file" : code === "EACCES" ? "no permission" : `not a PEM ${kind}`;
      problems.error(at, `${place.join(".")}: "${path}": ${why}`);
    }
  };
  if (front.enabled) {
    const place = ["frontend", "http", "tls"];
    read("certificate", front.certFile, [...place, "certFile"]);
    read("key", front.keyFile, [...place, "keyFile"]);
    for (const file of front.clientCAFile) read("certificate", file, [...place, "clientCAFile"]);
  }
  if (back.enabled) {
    const place = ["backend", "http", "tls"];
    read("certificate", back.rootCAFile, [...place, "rootCAFile"]);
    read("certificate", back.clientCertFile, [...place, "clientCertFile"]);
    read("key", back.clientKeyFile, [...place, "clientKeyFile"]);
  }
  const fit = (side: "frontend" | "backend", cert: string, key: string, ciphers: readonly string[]) => {
    if (cert !== "" && !(material.has(cert) && material.has(key))) return; // said above
    const pair = cert === "" ? {} : { cert: material.get(cert)!, key: material.get(key)! };
    try {
      createSecureContext({ ...pair, ...(ciphers.length > 0 ? { ciphers: ciphers.join(":") } : {}) });
    } catch (error) {
      const mismatch = (error as NodeJS.ErrnoException).code === "ERR_OSSL_X509_KEY_VALUES_MISMATCH";
      const why = mismatch ? "the key does not belong to the certificate" : "cipherSuites names no known cipher";
      problems.error(placeOf(tree, [side, "http", "tls"]), `${side}.http.tls: ${why}`);
    }
  };
  if (front.enabled) fit("frontend", front.certFile, front.keyFile, front.cipherSuites);
  if (back.enabled) fit("backend", back.clientCertFile, back.clientKeyFile, back.cipherSuites);
  return material;
}
