// Logins under way, one cookie each: found again by their state, for ten minutes, five at most.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Attempts } from "../../../../src/auth/login/attempts.ts";
import { Sealer } from "../../../../src/auth/login/sealing.ts";
import { CookieJar } from "../../../../src/auth/login/set-cookie.ts";
import type { Cookie } from "../../../../src/wire/cookies.ts";

const PREFIX = "__Host-auth_token.login.";
const T0 = 1_800_000_000_000;
const attempts = new Attempts(PREFIX, new Sealer(["a secret of thirty-two characters."]), new CookieJar(true));
const GIVEN = { nonce: "n", verifier: "v", provider: "main", principal: "", returnTo: "/page?x=1" };

/** A browser's jar: lines in, cookies out. */
class Jar {
  readonly #kept = new Map<string, string>();

  get cookies(): readonly Cookie[] {
    return [...this.#kept].map(([name, value]) => ({ name, value }));
  }

  take(lines: readonly string[]): void {
    for (const line of lines) {
      assert.ok(line.length <= 4096);
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(line)!;
      if (/Max-Age=0/.test(line)) this.#kept.delete(name);
      else this.#kept.set(name, value);
    }
  }
}

function begun(jar: Jar, now = T0): string {
  const { attempt, lines } = attempts.begin(GIVEN, jar.cookies, now);
  jar.take(lines);
  return attempt.state;
}

describe("a pending login", () => {
  test("is found by its state, with all its data, until it expires", () => {
    const jar = new Jar();
    const state = begun(jar);
    assert.deepEqual(attempts.find(state, jar.cookies, T0 + 599_999), { ...GIVEN, state, begunAt: T0 });
    assert.equal(attempts.find(state, jar.cookies, T0 + 600_000), null);
    jar.take(attempts.end(state, jar.cookies));
    assert.equal(attempts.find(state, jar.cookies, T0), null);
  });
  test("exists only in the browser that started it", () => {
    const jar = new Jar();
    const state = begun(jar);
    const other = new Jar();
    begun(other);
    assert.equal(attempts.find(state, other.cookies, T0), null);
    // The cookie of one under the name of another does not help.
    const [cookie] = other.cookies;
    const [{ name }] = jar.cookies as [Cookie];
    assert.equal(attempts.find(state, [{ name, value: cookie!.value }], T0), null);
  });
  test("is one of at most five, which can end in any order", () => {
    const jar = new Jar();
    const states = [0, 1, 2, 3, 4].map((s) => begun(jar, T0 + s * 1000));
    for (const state of states.reverse()) {
      assert.notEqual(attempts.find(state, jar.cookies, T0 + 9000), null);
      jar.take(attempts.end(state, jar.cookies));
    }
    assert.deepEqual(jar.cookies, []);
  });
  test("replaces the oldest of five, and all expired or foreign ones", () => {
    const jar = new Jar();
    const states = [0, 1, 2, 3, 4, 5, 6].map((s) => begun(jar, T0 + s * 1000));
    assert.equal(jar.cookies.length, 5);
    assert.deepEqual(
      states.map((state) => attempts.find(state, jar.cookies, T0 + 9000) !== null),
      [false, false, true, true, true, true, true],
    );
    jar.take([`${PREFIX}junk=1; Max-Age=60`]);
    begun(jar, T0 + 700_000);
    assert.equal(jar.cookies.length, 1);
  });
  test("all can be deleted at once", () => {
    const jar = new Jar();
    for (const s of [0, 1, 2]) begun(jar, T0 + s * 1000);
    jar.take(attempts.endAll(jar.cookies));
    assert.deepEqual(jar.cookies, []);
  });
});

test("unknown states are not found", () => {
  const jar = new Jar();
  const state = begun(jar);
  for (const other of [
    "",
    "x",
    state.slice(0, -1),
    `${state}x`,
    state.toUpperCase(),
    "../",
    `${"a".repeat(7)}-${"b".repeat(43)}`,
  ])
    assert.equal(attempts.find(other, jar.cookies, T0), null, other);
});
