// Certificates, revocation lists and bundles of any kind, made with openssl while a test runs.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Certificate } from "./certificates.ts";

/** How a certificate differs from a plain one. */
interface CertificateOptions {
  /** Itself by default. */
  readonly signer?: Certificate;
  /** As `openssl req -subj` takes it. */
  readonly subject?: string;
  /** Lines as openssl's configuration has them, such as `subjectAltName=DNS:a`. */
  readonly extensions?: readonly string[];
  readonly days?: number;
  readonly key?: "ec" | "rsa" | "rsa-pss" | "ed25519";
}

/** How a revocation list differs from one of nobody for 30 days. Times as `YYYYMMDDHHMMSSZ`. */
interface CrlOptions {
  /** Serial numbers in hexadecimal digits. */
  readonly serials?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly extensions?: readonly string[];
  readonly format?: "PEM" | "DER";
  readonly signing?: readonly string[];
}

const KEYS = {
  ec: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  rsa: ["-newkey", "rsa:2048"],
  "rsa-pss": ["-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"],
  ed25519: ["-newkey", "ed25519"],
};

/** Lines of the certificate of a CA. */
export const CA_EXTENSIONS = ["basicConstraints=critical,CA:true", "keyUsage=critical,keyCertSign,cRLSign"];

/** A folder in which files with the names given are made. */
export class Pki {
  readonly folder = mkdtempSync(join(tmpdir(), "gateway-pki-"));

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, content: string | Buffer): string {
    writeFileSync(this.path(name), content);
    return this.path(name);
  }

  /** Makes a CA that signed itself, or that `signer` signed. */
  authority(name: string, options: CertificateOptions = {}): Certificate {
    return this.certificate(name, { subject: `/O=Test/CN=${name}`, extensions: CA_EXTENSIONS, ...options });
  }

  certificate(name: string, options: CertificateOptions = {}): Certificate {
    const { signer, subject = `/CN=${name}`, extensions = [], days = 30, key = "ec" } = options;
    const files = { cert: this.path(`${name}.crt`), key: this.path(`${name}.key`) };
    const csr = this.path(`${name}.csr`);
    const lines = this.write(`${name}.ext`, [...extensions, ""].join("\n"));
    const config = this.write("req.cnf", "[req]\ndistinguished_name=dn\nutf8=yes\n[dn]\n");
    openssl(
      "req",
      "-config",
      config,
      "-utf8",
      ...KEYS[key],
      "-nodes",
      "-subj",
      subject,
      "-keyout",
      files.key,
      "-out",
      csr,
    );
    const by = signer === undefined ? ["-signkey", files.key] : ["-CA", signer.cert, "-CAkey", signer.key];
    const serial = ["-set_serial", `0x${Buffer.from(name).toString("hex").slice(-30)}`];
    openssl("x509", "-req", "-days", `${days}`, "-in", csr, ...by, ...serial, "-extfile", lines, "-out", files.cert);
    return files;
  }

  crl(name: string, authority: Certificate, options: CrlOptions = {}): Buffer {
    const { serials = [], from, to, extensions = [], format = "PEM", signing = [] } = options;
    const revoked = serials.map(
      (serial) => `R\t351231235959Z\t260101000000Z\t${serial.toUpperCase()}\tunknown\t/CN=x\n`,
    );
    const index = this.write(`${name}.index`, revoked.join(""));
    const number = this.write(`${name}.number`, "01\n");
    const config = this.write(
      `${name}.cnf`,
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${index}\ncrlnumber=${number}\ndefault_md=sha256\ncrl_extensions=e\n` +
        `[e]\nauthorityKeyIdentifier=keyid\n${extensions.join("\n")}\n`,
    );
    const pem = this.path(`${name}.crl`);
    const times = [
      ...(from === undefined ? [] : ["-crl_lastupdate", from]),
      ...(to === undefined ? [] : ["-crl_nextupdate", to]),
    ];
    const days = to === undefined ? ["-crldays", "30"] : [];
    openssl(
      ...["ca", "-gencrl", "-config", config, "-cert", authority.cert, "-keyfile", authority.key],
      ...[...times, ...days, ...signing, "-out", pem],
    );
    if (format === "DER") openssl("crl", "-in", pem, "-outform", "DER", "-out", pem);
    return readFileSync(pem);
  }

  /** A PKCS#12 bundle. @param options further ones of `openssl pkcs12 -export` */
  pkcs12(name: string, { cert, key }: Certificate, chain: readonly string[], options: readonly string[]): Buffer {
    const more = chain.length === 0 ? [] : ["-certfile", this.write(`${name}.chain`, chain.map(text).join(""))];
    openssl("pkcs12", "-export", "-in", cert, "-inkey", key, ...more, "-out", this.path(name), ...options);
    return readFileSync(this.path(name));
  }
}

/** Content of a text file. */
export function text(file: string): string {
  return readFileSync(file, "utf8");
}

/** Runs openssl. */
export function openssl(...args: string[]): void {
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
}
