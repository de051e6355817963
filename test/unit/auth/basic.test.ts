// User names and passwords: what is one, that accepted ones are remembered, and that few are checked at once.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { basic, parseLogin } from "../../../src/auth/basic.ts";
import { FailedCredentials } from "../../../src/auth/failures.ts";
import { PasswordChecks } from "../../../src/auth/password-checks.ts";
import { decoyOf, hashPassword, hasPassword, parsePasswordHash } from "../../../src/auth/password-hash.ts";
import { identityOf } from "../../../src/core/identity.ts";
import { contextOf } from "../../support/context.ts";

const encoded = (text: string | Buffer) => Buffer.from(text).toString("base64");

describe("a login", () => {
  test("is base64 of UTF-8 with a colon and no control characters", () => {
    assert.deepEqual(parseLogin(encoded("ann:a:b")), { name: "ann", password: "a:b" });
    assert.deepEqual(parseLogin(encoded("jörg:ß")), { name: "jörg", password: "ß" });
    assert.deepEqual(parseLogin(encoded(":")), { name: "", password: "" });
    const bad = ["", "a", "YW5u", "YW5uOmI", "YW5uOmI=x", "YW5u OmI=", "YW5uOmI-", "YW5uOmI=\n"];
    for (const text of bad) assert.equal(parseLogin(text), null, JSON.stringify(text));
    for (const text of ["ann:\0", "a\0nn:b", "ann:b\r\n", "ann", Buffer.from([0x61, 0x3a, 0xff])])
      assert.equal(parseLogin(encoded(text)), null);
    assert.equal(parseLogin(encoded(`ann:${"x".repeat(5000)}`)), null);
  });
});

describe("a password hash", () => {
  test("is parsed as it was created, and matches only its password", async () => {
    const text = await hashPassword("secret");
    assert.notEqual(text, await hashPassword("secret"));
    const stored = parsePasswordHash(text)!;
    assert.equal(await hasPassword(stored, "secret"), true);
    assert.equal(await hasPassword(stored, "secret "), false);
  });
  test("with too high or no cost is rejected", () => {
    const hash = `${"A".repeat(22)}$${"A".repeat(43)}`;
    assert.ok(parsePasswordHash(`scrypt$N=16384,r=8,p=1$${hash}`) !== null);
    for (const costs of [
      "N=16383,r=8,p=1",
      "N=0,r=8,p=1",
      "N=1,r=8,p=1",
      "N=1048576,r=8,p=1",
      "N=65536,r=1,p=1",
      "N=2,r=0,p=1",
      "N=2,r=8,p=99",
    ])
      assert.equal(parsePasswordHash(`scrypt$${costs}$${hash}`), null, costs);
    for (const text of ["", "secret", "scrypt$", `argon2$N=2,r=8,p=1$${hash}`])
      assert.equal(parsePasswordHash(text), null);
  });
});

/** The lowest costs, since many are checked here. */
const CHEAP = decoyOf({ n: 2, r: 1, p: 1 });

/** Never held off. */
const CLIENT = { address: "192.0.2.1", isThrottled: () => false };

describe("checks", () => {
  let now = 0;
  test("of accepted passwords are cached for a while; those of others are not", async () => {
    const text = await hashPassword("secret");
    const stored = parsePasswordHash(text)!;
    const checks = new PasswordChecks(() => now);
    assert.equal(await checks.check("ann", "secret", text, stored, CLIENT), true);
    assert.equal(checks.check("ann", "secret", text, stored, CLIENT), true, "at once");
    for (const [user, password, hash] of [
      ["ann", "secre", text],
      ["an", "nsecret", text],
      ["ann", "secret", `${text}x`],
    ])
      assert.notEqual(checks.check(user!, password!, hash!, stored, CLIENT), true);
    assert.equal(await checks.check("ann", "wrong", text, stored, CLIENT), false);
    now = 300_000;
    assert.notEqual(checks.check("ann", "secret", text, stored, CLIENT), true);
  });
  test("are limited: when the queue is full, the answer is immediate", async () => {
    const checks = new PasswordChecks(() => now);
    const all = Array.from({ length: 200 }, (_, i) => checks.check("ann", `wrong ${i}`, "", CHEAP, CLIENT));
    const results = await Promise.all(all);
    const waited = results.filter((result) => result === false).length;
    assert.ok(waited >= 65 && waited <= 68, `${waited} were checked`);
    assert.equal(results.length - waited, results.filter((result) => result === null).length);
    assert.equal(await checks.check("ann", "later", "", CHEAP, CLIENT), false, "room again");
    assert.equal(checks.remembered, 0);
  });
  test("in the queue are dropped if their client is throttled by then, without an effect on others", async () => {
    const checks = new PasswordChecks(() => now);
    let wrong = 0;
    const guesser = { address: "192.0.2.1", isThrottled: () => wrong >= 5 };
    const guesses = Array.from({ length: 60 }, (_, i) => checks.check("ann", `wrong ${i}`, "", CHEAP, guesser));
    const shared = checks.check("ann", "wrong 59", "", CHEAP, { ...CLIENT, address: "192.0.2.2" });
    const results = await Promise.all(guesses.map(async (guess) => ((await guess) === false ? ++wrong : null)));
    const made = results.filter((result) => result !== null).length;
    assert.ok(made >= 5 && made <= 8, `${made} were made`);
    assert.equal(await shared, false);
  });
  test("of the same password at the same time share one", async () => {
    const checks = new PasswordChecks(() => now);
    const all = Array.from({ length: 500 }, () => checks.check("ann", "wrong", "", CHEAP, CLIENT));
    assert.equal(new Set(all).size, 1);
    assert.equal(await all[0], false);
  });
});

describe("users", () => {
  const identity = identityOf({ subject: "ann", method: "basic" });
  let hash = "";
  before(async () => {
    hash = await hashPassword("secret");
  });
  const identify = (login: string) => {
    const user = { passwordHash: hash, identity };
    const users = [
      { ...user, name: "ann", disabled: false },
      { ...user, name: "old", disabled: true },
    ];
    const failures = new FailedCredentials({ max: 0, windowMs: 1000 }, () => 0);
    const method = basic({ realm: "shop", forward: false, users }, new PasswordChecks(() => 0), failures);
    assert.equal(method.challenge, 'Basic realm="shop", charset="UTF-8"');
    return method.identify(encoded(login), contextOf());
  };
  test("are authenticated by password; the log contains only names of known users", async () => {
    assert.equal(await identify("ann:secret"), identity);
    const why = async (login: string) => ((await identify(login)) as { why: string }).why;
    assert.equal(await why("ann:wrong"), 'wrong password of user "ann"');
    assert.equal(await why("eve:secret"), "unknown user");
    assert.equal(await why("__proto__:secret"), "unknown user");
    assert.equal(await why("old:secret"), 'user "old" is disabled');
    assert.equal(await why("no colon"), "not a user name and password");
  });
  test("with open streams are not checked again while the hash is the same", async () => {
    const [passwordHash, other] = [await hashPassword("secret"), await hashPassword("secret")];
    const identity = identityOf({ subject: "ann", method: "basic" });
    const ctx = contextOf({ identity });
    const ann = { name: "ann", passwordHash, disabled: false, identity };
    const recheck = async (user: Partial<typeof ann>) => {
      const checks = new PasswordChecks(() => 0);
      const failures = new FailedCredentials({ max: 0, windowMs: 1000 }, () => 0);
      const now = identityOf({ subject: "ann", method: "basic" });
      const users = [{ ...ann, identity: now, ...user }];
      const method = basic({ realm: "shop", forward: false, users }, checks, failures);
      const result = await method.recheck!(encoded("ann:secret"), ctx);
      return [result === now ? "good" : (result as { why: string }).why, checks.remembered];
    };
    basic(
      { realm: "shop", forward: false, users: [ann] },
      new PasswordChecks(() => 0),
      new FailedCredentials({ max: 0, windowMs: 1000 }, () => 0),
    );
    assert.deepEqual(await recheck({}), ["good", 0]);
    assert.deepEqual(await recheck({ disabled: true }), ['user "ann" is disabled', 0]);
    assert.deepEqual(await recheck({ passwordHash: other }), ["good", 1]);
    assert.deepEqual(await recheck({ passwordHash: await hashPassword("changed") }), [
      'wrong password of user "ann"',
      0,
    ]);
    assert.deepEqual(await recheck({ name: "eve" }), ["unknown user", 0]);
  });
});
