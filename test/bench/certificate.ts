// One certificate for all who serve HTTPS in a run, with an ECDSA key on P-256, and many more to choose from by name.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Certificate, makeAuthority, makeCertificate } from "../support/certificates.ts";

/** The name it is for, beside 127.0.0.1. */
export const BENCH_HOST = "localhost";

let folder = "";
let root: Certificate | null = null;
let made: Certificate | null = null;

/** Its files, made when they are first asked for and gone when this program ends. */
export function benchCertificate(): Certificate {
  made ??= makeCertificate(filesBelow(""), BENCH_HOST, authority(), [`DNS:${BENCH_HOST}`, "IP:127.0.0.1"]);
  return made;
}

/** Name number `n` of {@link manyCertificates}. */
export function manyHost(n: number): string {
  return `host-${n}.example.org`;
}

const many: Certificate[] = [];

/** Certificates for {@link manyHost} 0 to `count` - 1, each with a key of its own, made when they are first asked for. */
export function manyCertificates(count: number): readonly Certificate[] {
  while (many.length < count) {
    const host = manyHost(many.length);
    many.push(makeCertificate(filesBelow("many"), host, authority(), [`DNS:${host}`]));
  }
  return many.slice(0, count);
}

function authority(): Certificate {
  root ??= makeAuthority(filesBelow(""), "authority");
  return root;
}

function filesBelow(name: string): string {
  if (folder === "") {
    folder = mkdtempSync(join(tmpdir(), "gateway-bench-tls-"));
    process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  }
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
}
