// Certificates that hold from any time to any other, which openssl makes with its `ca` command alone.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const CONFIG = `[ca]
default_ca=d
[d]
database=index
new_certs_dir=.
rand_serial=yes
default_md=sha256
policy=p
x509_extensions=e
[p]
commonName=supplied
[req]
distinguished_name=n
[n]
[e]
subjectAltName=`;

/** One that signed itself, PEM. @param key PEM; "" = a new one */
export function datedCertificate(key: string, names: readonly string[], from: Date, to: Date): string {
  const cwd = mkdtempSync(join(tmpdir(), "gateway-dated-"));
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd, stdio: ["ignore", "ignore", "pipe"] });
  try {
    writeFileSync(join(cwd, "index"), "");
    writeFileSync(join(cwd, "config"), `${CONFIG}${names.map((name) => `DNS:${name}`).join()}\n`);
    if (key === "") openssl(..."genpkey -algorithm EC -pkeyopt ec_paramgen_curve:prime256v1 -out key".split(" "));
    else writeFileSync(join(cwd, "key"), key);
    openssl(..."req -new -config config -subj /CN=dated -key key -out csr".split(" "));
    const dates = ["-startdate", generalized(from), "-enddate", generalized(to)];
    openssl(..."ca -config config -batch -notext -selfsign -keyfile key -in csr -out cert".split(" "), ...dates);
    return readFileSync(join(cwd, "cert"), "utf8");
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

function generalized(date: Date): string {
  return date.toISOString().replaceAll(/[-:T]|\.\d+/g, "");
}
