// Throw-away certificates made with openssl while a test runs: authorities, servers, clients.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Paths of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a self-signed authority in `folder`. */
export function makeAuthority(folder: string, name: string): Certificate {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  openssl(
    ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
    ...["-subj", `/CN=${name}`, "-keyout", files.key, "-out", files.cert],
  );
  return files;
}

/** Makes a certificate signed by `authority`. @param names `DNS:…` and `IP:…` entries; empty for a client */
export function makeCertificate(
  folder: string,
  name: string,
  authority: Certificate,
  names: readonly string[] = [],
): Certificate {
  const files = { cert: join(folder, `${name}.crt`), key: join(folder, `${name}.key`) };
  const csr = join(folder, `${name}.csr`);
  const extensions = join(folder, `${name}.ext`);
  const alternative = names.length === 0 ? "" : `subjectAltName=${names.join(",")}\n`;
  writeFileSync(extensions, `${alternative}extendedKeyUsage=serverAuth,clientAuth\n`);
  openssl(
    ...["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
    ...["-subj", `/CN=${name}`, "-keyout", files.key, "-out", csr],
  );
  openssl(
    ...["x509", "-req", "-days", "2", "-CA", authority.cert, "-CAkey", authority.key, "-CAcreateserial"],
    ...["-in", csr, "-extfile", extensions, "-out", files.cert],
  );
  return files;
}

function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
