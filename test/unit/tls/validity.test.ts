// What is said of certificates that do not hold yet, no more, or not for long.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { loadConfig } from "../../../src/config/load.ts";
import { oneLine } from "../../../src/config/text/problem.ts";
import { validityOf, validityProblem } from "../../../src/tls/validity.ts";
import { type Certificate, makeAuthority, makeCertificate } from "../../support/certificates.ts";

const DAY = 24 * 60 * 60 * 1000;
const at = (date: string) => Date.parse(`${date}T00:00:00Z`);
const year = { from: at("2026-01-01"), to: at("2026-12-31") };

let folder: string;
let authority: Certificate;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "gateway-validity-"));
  authority = makeAuthority(folder, "authority");
});
after(() => rmSync(folder, { recursive: true, force: true }));

for (const [now, said] of [
  [year.to - 30 * DAY, null],
  [year.to - 14 * DAY, null],
  [year.to - 13.5 * DAY, "the certificate expires in 13 days, on 2026-12-31"],
  [year.to - 1.5 * DAY, "the certificate expires in 1 day, on 2026-12-31"],
  [year.to - 1000, "the certificate expires in less than a day, on 2026-12-31"],
  [year.to, "the certificate expired on 2026-12-31: clients refuse it"],
  [year.from - 1, "the certificate is not valid before 2026-01-01: clients refuse it until then"],
] as const) {
  test(`a certificate of one year, ${new Date(now).toISOString()}: ${said}`, () => {
    assert.equal(validityProblem(year, now), said);
  });
}

test("one of a short life ends soon in the last third of it", () => {
  const short = { from: year.from, to: year.from + 3 * DAY };
  assert.equal(validityProblem(short, short.from), null);
  assert.equal(validityProblem(short, short.to - DAY), null);
  assert.match(validityProblem(short, short.to - DAY / 2)!, /less than a day/);
});

test("a chain holds as long as all of it does", () => {
  const leaf = makeCertificate(folder, "leaf", authority);
  const brief = join(folder, "brief.crt");
  execFileSync("openssl", ["x509", "-in", authority.cert, "-signkey", authority.key, "-days", "1", "-out", brief], {
    stdio: "ignore",
  });
  const chain = readFileSync(leaf.cert, "utf8") + readFileSync(brief, "utf8");
  assert.equal(validityOf(chain).to, validityOf(readFileSync(brief, "utf8")).to);
  assert.ok(validityOf(readFileSync(leaf.cert, "utf8")).to > validityOf(chain).to);
});

test("a certificate of a listener that has ended is a warning at its line, and no reason not to start", () => {
  const { cert, key } = makeCertificate(folder, "ended", authority);
  const request = join(folder, "ended.csr");
  execFileSync("openssl", ["x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", cert], {
    stdio: "ignore",
  });
  const file = join(folder, "gateway.yaml");
  writeFileSync(
    file,
    `gateway:
  frontend:
    http:
      tls:
        enabled: true
        certFile: ${cert}
        keyFile: ${key}
  router: { rules: [ { path: "/*", serviceName: up } ] }
  registry: { static: { services: [ { name: up, instances: [ { address: 127.0.0.1, port: 80 } ] } ] } }
`,
  );
  const said = loadConfig({ file, env: {} }).warnings.map(oneLine);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /gateway\.yaml:6:\d+: frontend\.http\.tls\.certFile: .*: the certificate expired on /);
});
