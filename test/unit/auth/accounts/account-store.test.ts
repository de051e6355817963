// The file with the tokens of users.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { AccountStore } from "../../../../src/auth/accounts/account-store.ts";
import { Sealer } from "../../../../src/auth/login/sealing.ts";

const folder = mkdtempSync(join(tmpdir(), "accounts-"));
after(() => rmSync(folder, { recursive: true }));
const SEALER = new Sealer(["a secret of thirty-two characters."]);
const never = (reason: string) => assert.fail(reason);

function open(name: string, sealer = SEALER, failed: (reason: string) => void = never): AccountStore {
  return new AccountStore(join(folder, name), sealer, failed);
}

describe("the store of tokens", () => {
  test("keeps them over a restart, readable by its owner only, and shows neither tokens nor users", async () => {
    const store = open("new/tokens.json");
    assert.equal(store.get("subject ann"), null);
    store.set("subject ann", "1//refresh-ann");
    store.set("subject bob", "1//refresh-bob");
    store.set("subject ann", "1//refresh-ann-2");
    await store.written();
    const path = join(folder, "new/tokens.json");
    assert.equal(statSync(path).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, "new")).mode & 0o777, 0o700);
    assert.doesNotMatch(readFileSync(path, "utf8"), /refresh|ann|bob/);
    const again = open("new/tokens.json");
    assert.deepEqual([again.get("subject ann"), again.get("subject bob")], ["1//refresh-ann-2", "1//refresh-bob"]);
    again.delete("subject ann");
    await again.written();
    assert.deepEqual([open("new/tokens.json").size, open("new/tokens.json").has("subject ann")], [1, false]);
  });
  test("opens nothing with another key, nor for another user", async () => {
    const store = open("keys.json");
    store.set("ann", "token");
    store.set("bob", "other");
    await store.written();
    assert.equal(open("keys.json", new Sealer(["another secret of thirty-two chars"])).get("ann"), null);
    const path = join(folder, "keys.json");
    const file = JSON.parse(readFileSync(path, "utf8")) as { tokens: Record<string, string> };
    const [ann, bob] = Object.keys(file.tokens);
    writeFileSync(path, JSON.stringify({ ...file, tokens: { [ann!]: file.tokens[bob!], [bob!]: file.tokens[ann!] } }));
    assert.deepEqual([open("keys.json").get("ann"), open("keys.json").get("bob")], [null, null]);
  });
  test("is not opened if the file is something else, which it does not quote", () => {
    for (const text of ["", "{}", '{"version":1}', '{"version":1,"tokens":{"a":1}}', "1//secret"]) {
      writeFileSync(join(folder, "bad.json"), text);
      assert.throws(() => open("bad.json"), /bad\.json: this is no file of tokens; move it away$/);
    }
  });
  test("reports that it cannot write, and goes on", async () => {
    writeFileSync(join(folder, "file"), "");
    const reasons: string[] = [];
    const store = new AccountStore(join(folder, "fine.json"), SEALER, (reason) => reasons.push(reason));
    const blocked = new AccountStore(join(folder, "file2/tokens.json"), SEALER, (reason) => reasons.push(reason));
    writeFileSync(join(folder, "file2"), "");
    blocked.set("ann", "token");
    await blocked.written();
    assert.equal(reasons.length, 1);
    assert.equal(blocked.get("ann"), "token");
    store.set("ann", "token");
    await store.written();
    assert.equal(reasons.length, 1);
  });
});
