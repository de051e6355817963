// The demo's certificates: who trusts them, for which names, who may read them, and when they are made anew.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { DEMO_PASSWORD, makeDemoCertificates } from "../../../src/demo/certificates.ts";

const DAY_MS = 24 * 3600 * 1000;
const FILES = ["ca.pem", "client-key.pem", "client.p12", "client.pem", "localhost-key.pem", "localhost.pem"];
const ALL = [...FILES, "wildcard-key.pem", "wildcard.pem"];

const root = mkdtempSync(join(tmpdir(), "demo-certificates-"));
after(() => rmSync(root, { recursive: true }));

function openssl(...args: string[]): string {
  return execFileSync("openssl", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

async function curl(...args: string[]): Promise<string> {
  return (await promisify(execFile)("curl", ["-sS", ...args])).stdout;
}

describe("of one folder", () => {
  const folder = join(root, "a", "b");
  const file = (name: string) => join(folder, name);
  before(() => makeDemoCertificates(folder));

  test("nobody else may read them", () => {
    assert.deepEqual(readdirSync(folder).sort(), ALL);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    for (const name of ALL) assert.equal(statSync(file(name)).mode & 0o777, 0o600, name);
    assert.deepEqual(readdirSync(join(root, "a")), ["b"]);
  });
  test("each fits its key, and OpenSSL trusts it for what it is for", () => {
    for (const name of ["localhost", "wildcard", "client"]) {
      const certificate = new X509Certificate(readFileSync(file(`${name}.pem`)));
      assert.ok(certificate.checkPrivateKey(createPrivateKey(readFileSync(file(`${name}-key.pem`)))));
      const purpose = name === "client" ? "sslclient" : "sslserver";
      openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", file("ca.pem"), file(`${name}.pem`));
    }
  });
  test("the authority's key is kept nowhere", () => {
    const authority = new X509Certificate(readFileSync(file("ca.pem")));
    for (const name of ALL.filter((n) => n.endsWith("-key.pem")))
      assert.ok(!authority.checkPrivateKey(createPrivateKey(readFileSync(file(name)))));
  });
  test("curl reaches each name with the authority alone, and shows the client's", async () => {
    const { port, close } = await serve(folder);
    try {
      for (const host of ["localhost", "127.0.0.1", "[::1]", "a.demo.localhost"]) {
        const url = `https://${host}:${port}/`;
        const via = ["--connect-to", `::127.0.0.1:${port}`, "--cacert", file("ca.pem")];
        assert.equal(await curl(...via, url), "");
        const shown = await curl(...via, "--cert", file("client.pem"), "--key", file("client-key.pem"), url);
        assert.equal(shown, "email:ann@demo.localhost");
        const bundle = ["--cert-type", "P12", "--cert", `${file("client.p12")}:${DEMO_PASSWORD}`];
        assert.equal(await curl(...via, ...bundle, url), "email:ann@demo.localhost");
      }
    } finally {
      close();
    }
  });
});

describe("made again", () => {
  const folder = join(root, "again");
  const ca = () => readFileSync(join(folder, "ca.pem"), "utf8");

  test("they stay while they are good for another month", async () => {
    await makeDemoCertificates(folder);
    const first = ca();
    await makeDemoCertificates(folder, Date.now() + 59 * DAY_MS);
    assert.equal(ca(), first);
    await makeDemoCertificates(folder, Date.now() + 61 * DAY_MS);
    assert.notEqual(ca(), first);
  });
  test("they are replaced when one is missing or of another authority", async () => {
    const first = ca();
    rmSync(join(folder, "wildcard-key.pem"));
    rmSync(join(folder, "client.pem"));
    await makeDemoCertificates(folder);
    const second = ca();
    assert.notEqual(second, first);
    writeFileSync(join(folder, "ca.pem"), first);
    await makeDemoCertificates(folder);
    assert.ok(![first, second].includes(ca()));
    assert.deepEqual(readdirSync(folder).sort(), ALL);
  });
  test("demos that start together share them", async () => {
    rmSync(folder, { recursive: true });
    await Promise.all([1, 2, 3].map(() => makeDemoCertificates(folder)));
    const first = ca();
    await makeDemoCertificates(folder);
    assert.equal(ca(), first);
    assert.deepEqual(
      readdirSync(root).filter((name) => name.startsWith("again")),
      ["again"],
    );
  });
});

describe("a folder", () => {
  test("that is empty is taken", async () => {
    const folder = join(root, "empty");
    mkdirSync(folder);
    await makeDemoCertificates(folder);
    assert.deepEqual(readdirSync(folder).sort(), ALL);
  });
  test("with anything else in it is left as it is", async () => {
    const hint = /cannot make certificates in .*other files than the demo's; name another folder with -certificates/;
    const foreign = join(root, "foreign");
    const contents: Record<string, string>[] = [
      { "client.pem": "mine" },
      { "notes.txt": "" },
      { "ca.pem": readFileSync(join(root, "a", "b", "client.pem"), "utf8") },
    ];
    for (const files of contents) {
      mkdirSync(foreign);
      for (const [name, text] of Object.entries(files)) writeFileSync(join(foreign, name), text);
      await assert.rejects(makeDemoCertificates(foreign), hint);
      for (const [name, text] of Object.entries(files)) assert.equal(readFileSync(join(foreign, name), "utf8"), text);
      assert.deepEqual(readdirSync(foreign), Object.keys(files));
      rmSync(foreign, { recursive: true });
    }
  });
  test("that cannot be made is named", async () => {
    writeFileSync(join(root, "file"), "");
    await assert.rejects(makeDemoCertificates(join(root, "file", "x")), /cannot make certificates in .*file\/x: /);
  });
});

/** A server of both names, which answers with the name in the client's certificate. */
async function serve(folder: string) {
  const file = (name: string) => readFileSync(join(folder, name));
  const server = createServer(
    {
      cert: file("localhost.pem"),
      key: file("localhost-key.pem"),
      ca: file("ca.pem"),
      requestCert: true,
      rejectUnauthorized: false,
    },
    ({ socket }, response) => {
      const { authorized } = socket as TLSSocket;
      response.end(authorized ? (socket as TLSSocket).getPeerX509Certificate()!.subjectAltName : "");
    },
  );
  const wildcard = { cert: file("wildcard.pem"), key: file("wildcard-key.pem"), ca: file("ca.pem") };
  server.addContext("*.demo.localhost", wildcard);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => server.close() };
}
