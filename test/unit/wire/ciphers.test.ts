// Names of ciphers, held to the names that the OpenSSL of this machine gives its own suites.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { cipherList } from "../../../src/wire/ciphers.ts";

/** IANA name → OpenSSL name of every suite of TLS 1.2 and below that authenticates, but those of ARIA, which have no regular names. */
const SUITES = execFileSync("openssl", ["ciphers", "-stdname", "-s", "-tls1_2", "ALL:!aNULL:!ARIA:@SECLEVEL=0"], {
  encoding: "utf8",
})
  .trim()
  .split("\n")
  .map((line) => /^(\S+)\s+-\s+(\S+)/.exec(line)!)
  .map(([, iana, own]) => [iana!, own!] as const);

describe("a name of IANA becomes that of OpenSSL", () => {
  test("there are some", () => assert.ok(SUITES.length > 20, String(SUITES.length)));
  for (const [iana, own] of SUITES) test(iana, () => assert.equal(cipherList([iana]), own));
});

test("other names stay, in their order", () => {
  const names = ["ECDHE-RSA-AES128-GCM-SHA256", "TLS_AES_128_GCM_SHA256", "HIGH", "!aNULL"];
  assert.equal(cipherList(names), names.join(":"));
});
