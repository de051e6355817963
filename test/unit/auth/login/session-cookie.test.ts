// Sessions in cookies: cut, put together again, and whatever else clients send under their names.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { SessionCookie } from "../../../../src/auth/login/session-cookie.ts";
import { CookieJar } from "../../../../src/auth/login/set-cookie.ts";
import type { Cookie } from "../../../../src/wire/cookies.ts";
import { between, randomFrom } from "../../../support/schedule.ts";

const NAME = "__Host-auth_token";
const cookie = new SessionCookie(NAME, new CookieJar(true));

/** What a browser makes of lines of Set-Cookie. */
function kept(lines: readonly string[], before: readonly Cookie[] = []): readonly Cookie[] {
  const jar = new Map(before.map(({ name, value }) => [name, value]));
  for (const line of lines) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line)!;
    if (/Max-Age=0/.test(line)) jar.delete(name);
    else jar.set(name, value);
  }
  return [...jar].map(([name, value]) => ({ name, value }));
}

function sealed(length: number): string {
  return randomBytes(length).toString("base64url").slice(0, length);
}

describe("a session", () => {
  test("is restored from as many cookies as needed, none longer than browsers allow", () => {
    for (const length of [1, 100, 3_900, 4_000, 4_096, 7_000, 8_192, 12_000, 15_000]) {
      const text = sealed(length);
      const lines = cookie.write(text, 3600, [])!;
      for (const line of lines) assert.ok(line.length <= 4096, `${line.length} bytes`);
      assert.deepEqual(cookie.read(kept(lines)), [text]);
    }
  });
  test("is set alike by concurrent replies, whose chunks browsers may mix", () => {
    const text = sealed(9_000);
    const [one, other] = [cookie.write(text, 3600, [])!, cookie.write(text, 3600, [])!];
    assert.deepEqual(one, other);
    assert.deepEqual(cookie.read(kept([one[0]!, other[1]!, one[2]!])), [text]);
  });
  test("that is too long for cookies is rejected", () => assert.equal(cookie.write(sealed(20_000), 3600, []), null));
  test("is restricted to this host, and hidden from scripts and other sites", () => {
    const [line] = cookie.write("abc", 3600, [])!;
    assert.match(
      line!,
      /^__Host-auth_token=s1\.[\w-]{6}11\.abc; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
    );
    const [plain] = new SessionCookie("auth_token", new CookieJar(false)).write("abc", 0.5, [])!;
    assert.match(plain!, /^auth_token=\S+ Max-Age=1; Path=\/; HttpOnly; SameSite=Lax$/);
  });
  test("deletes remaining chunks of a longer one", () => {
    const long = kept(cookie.write(sealed(13_000), 60, [])!);
    assert.deepEqual(
      long.map(({ name }) => name),
      [NAME, `${NAME}.2`, `${NAME}.3`, `${NAME}.4`],
    );
    const short = kept(cookie.write("abc", 60, long)!, long);
    assert.deepEqual(
      short.map(({ name }) => name),
      [NAME],
    );
    assert.deepEqual(kept(cookie.clear(long), long), []);
  });
  test("with a missing chunk is invalid, but present", () => {
    const long = kept(cookie.write(sealed(9_000), 60, [])!);
    for (const lost of long) assert.deepEqual(cookie.read(long.filter((one) => one !== lost)), []);
  });
  test("is found among chunks of others", () => {
    const [one, other] = [sealed(9_000), sealed(9_000)];
    const mixed = [...kept(cookie.write(one, 60, [])!), ...kept(cookie.write(other, 60, [])!)];
    assert.deepEqual(cookie.read(mixed), [one, other]);
    assert.deepEqual(cookie.read([...mixed].reverse()), [one, other].reverse());
    const rest = mixed.filter((_, i) => i !== 1);
    assert.deepEqual(cookie.read(rest), [other]);
  });
});

test("foreign cookies of the same name are ignored", () => {
  for (const value of [
    "",
    "x",
    "eyJhbGciOiJub25lIn0.e30.",
    "s1.",
    "s2.abcdef11.abc",
    "s1.abcdef01.abc",
    "s1.abcdef11.",
  ])
    assert.equal(cookie.read([{ name: NAME, value }]), null, value);
  assert.equal(cookie.read([{ name: `${NAME}.5`, value: "s1.abcdef11.abc" }]), null);
  assert.equal(cookie.read([{ name: `${NAME}x`, value: "s1.abcdef11.abc" }]), null);
});

test("for any chunks of a client, few texts are read, and none causes an error", () => {
  const random = randomFrom(11);
  for (let i = 0; i < 500; i++) {
    const cookies = Array.from({ length: between(random, 0, 40) }, () => {
      const suffix = ["", ".2", ".3", ".4", ".9", ".login.x"][between(random, 0, 5)]!;
      const head = `s1.abcde${between(random, 0, 9)}${between(random, 0, 5)}${between(random, 0, 5)}`;
      return { name: NAME + suffix, value: `${head}.${sealed(between(random, 0, 20))}` };
    });
    assert.ok((cookie.read(cookies)?.length ?? 0) <= 4);
  }
});
