// Sessions that must be refreshed: once for all who come with them, and never lost to a provider that is down.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { TokenReader } from "../../../../src/auth/jwt/token-meaning.ts";
import { LoginFault } from "../../../../src/auth/login/fault.ts";
import { SessionMemory } from "../../../../src/auth/login/memory.ts";
import { Sealer } from "../../../../src/auth/login/sealing.ts";
import { beginSession, type Session, type Tokens } from "../../../../src/auth/login/session.ts";
import { type SessionOutcome, Sessions } from "../../../../src/auth/login/sessions.ts";
import { CookieStore, type SessionStore } from "../../../../src/auth/login/store.ts";
import { FakeClock } from "../../../support/fake-clock.ts";

const T0 = 1_800_000_000_000;
const HOUR = 3_600_000;
const reader = new TokenReader({
  subjectClaim: "sub",
  scopeClaim: "scope",
  typeClaim: "typ",
  attributes: { roles: "groups" },
});
const store = new CookieStore(new Sealer(["a secret of thirty-two characters."]));

let now = T0;
let asked: string[] = [];
/** How the provider answers a refresh token. */
let answer: (refreshToken: string) => Promise<Tokens>;
let clock: FakeClock;
let warnings: string[] = [];
let memory: SessionMemory;
let sessions: Sessions;

function tokens(more: Partial<Tokens> = {}): Tokens {
  const info = { sub: "ann", groups: ["staff"] };
  return { idToken: "", info, scopes: ["openid"], refreshToken: "r1", endsAt: now + 60_000, ...more };
}

function begun(more: Partial<Tokens> = {}): Session {
  return beginSession("main", tokens(more), [], HOUR, now);
}

function gateway(kept: SessionStore = store): Sessions {
  const log = {
    debug: null,
    info: () => undefined,
    warn: (text: string) => warnings.push(text),
    error: () => undefined,
  };
  memory = new SessionMemory({ ...log, warn: (text) => void warnings.push(text) }, clock);
  const refresh = (session: Session) => {
    asked.push(session.refreshToken);
    return answer(session.refreshToken);
  };
  return new Sessions(kept, new Map([["main", { reader, refresh }]]), memory, log as never, () => now);
}

function pass(ms: number): void {
  now += ms;
  clock.advance(ms);
}

function told(outcome: SessionOutcome): string {
  if (typeof outcome === "string") return outcome;
  return `${outcome.identity.subject} ${outcome.session.refreshToken} ${outcome.isNewer ? "newer" : "as brought"}`;
}

beforeEach(() => {
  now = T0;
  asked = [];
  warnings = [];
  clock = new FakeClock();
  answer = async (old) => tokens({ refreshToken: `r${Number(old.slice(1)) + 1}` });
  sessions = gateway();
});

describe("a session", () => {
  test("has the identity of its user, with claims of the provider, until it ends", async () => {
    const text = store.textOf(begun({ refreshToken: "" }));
    const found = await sessions.find([text]);
    assert.ok(typeof found !== "string");
    const { method, provider, subject, groups, roles, scopes, expiresAt } = found.identity;
    assert.deepEqual(
      { method, provider, subject, groups, roles, scopes },
      {
        ...{ method: "session", provider: "main", subject: "ann" },
        ...{ groups: ["staff"], roles: ["staff"], scopes: ["openid"] },
      },
    );
    assert.equal(expiresAt, T0 + 60_000, "without a refresh token it ends with its tokens");
    pass(60_000);
    assert.equal(await sessions.find([text]), "none");
  });
  test("that can be refreshed lasts for its lifetime and no longer", async () => {
    const text = store.textOf(begun());
    pass(HOUR - 1);
    assert.equal(told(await sessions.find([text])), "ann r2 newer");
    pass(1);
    assert.equal(await sessions.find([text]), "none");
    assert.equal(asked.length, 1);
  });
  test("with another secret, an unknown provider or invalid content is rejected", async () => {
    const other = new CookieStore(new Sealer(["another secret of the same length."]));
    assert.equal(await sessions.find([other.textOf(begun())]), "none");
    assert.equal(await sessions.find([store.textOf({ ...begun(), provider: "gone" })]), "none");
    assert.equal(await sessions.find([store.textOf(begun({ info: {} }))]), "none");
    assert.equal(await sessions.find(["x"]), "none");
    assert.equal(await sessions.find([]), "none");
  });
  test("is the latest of several in a request", async () => {
    const old = store.textOf(begun());
    pass(10);
    const late = store.textOf(begun({ refreshToken: "r7" }));
    for (const texts of [
      [old, late, "junk"],
      [late, "junk", old],
    ])
      assert.equal(told(await sessions.find(texts)), "ann r7 as brought");
  });
});

describe("a session that is due", () => {
  test("is refreshed once for concurrent and later requests", async () => {
    const text = store.textOf(begun());
    pass(61_000);
    const all = await Promise.all(Array.from({ length: 20 }, () => sessions.find([text])));
    for (const outcome of all) assert.equal(told(outcome), "ann r2 newer");
    pass(1000);
    assert.equal(told(await sessions.find([text])), "ann r2 newer", "the old cookie still comes");
    const texts = all.map((outcome) => (typeof outcome === "string" ? "" : store.textOf(outcome.session)));
    assert.equal(new Set(texts).size, 1, "all replies set the same cookie");
    assert.deepEqual(asked, ["r1"]);
  });
  test("continues when its browser has the next cookie", async () => {
    const text = store.textOf(begun());
    pass(61_000);
    const found = await sessions.find([text]);
    assert.ok(typeof found !== "string");
    const next = store.textOf(found.session);
    assert.equal(told(await sessions.find([next])), "ann r2 as brought");
    pass(61_000);
    assert.equal(told(await sessions.find([next])), "ann r3 newer");
    assert.deepEqual(asked, ["r1", "r2"]);
  });
  test("continues with its valid tokens if another gateway was faster", async () => {
    const text = store.textOf(begun());
    answer = () => Promise.reject(new LoginFault("refused", "the provider answered invalid_grant"));
    pass(50_000); // due, not over
    assert.equal(told(await sessions.find([text])), "ann r1 as brought");
    assert.equal(told(await sessions.find([text])), "ann r1 as brought");
    assert.equal(asked.length, 1, "a refused token is not tried again");
    // The cookie that the other gateway has set counts here, too.
    const next = store.textOf({
      ...begun({ refreshToken: "r9" }),
      id: (store.open(text) as Session).id,
      generation: 1,
    });
    assert.equal(told(await sessions.find([next])), "ann r9 as brought");
    pass(10_000);
    assert.equal(await sessions.find([text]), "none", "its tokens are over, and there are no others");
  });
  test("is not lost while the provider is down", async () => {
    const text = store.textOf(begun());
    answer = () => Promise.reject(new LoginFault("down", "ECONNREFUSED"));
    pass(50_000);
    assert.equal(told(await sessions.find([text])), "ann r1 as brought");
    pass(11_000);
    for (let i = 0; i < 5; i++) assert.equal(await sessions.find([text]), "unavailable");
    assert.equal(asked.length, 2, "one try, and then a pause");
    assert.deepEqual(warnings, Array(2).fill("Sessions cannot be refreshed"), "one line for each time that it lasts");
    answer = async () => tokens({ refreshToken: "r2" });
    pass(2_000);
    assert.equal(told(await sessions.find([text])), "ann r2 newer");
  });
  test("is checked for an open stream without using the refresh token", async () => {
    const session = begun();
    const text = store.textOf(session);
    pass(61_000);
    assert.equal(told(await sessions.standing([text])), "ann r1 as brought");
    assert.deepEqual(asked, []);
    pass(HOUR);
    assert.equal(await sessions.standing([text]), "none");
    await sessions.end(session);
    assert.equal(await sessions.standing([text]), "none");
  });
  test("is not refreshed with every request, even with short-lived tokens", async () => {
    answer = async (old) => tokens({ refreshToken: `r${Number(old.slice(1)) + 1}`, endsAt: now });
    const text = store.textOf(begun({ endsAt: now }));
    for (let i = 0; i < 10; i++) {
      pass(500);
      await sessions.find([text]);
    }
    assert.equal(asked.length, 5);
  });
  test("keeps values that the answer does not contain", async () => {
    const text = store.textOf(begun());
    answer = async () => tokens({ refreshToken: "", info: null, scopes: null });
    pass(61_000);
    assert.equal(told(await sessions.find([text])), "ann r1 newer");
  });
});

describe("a session that has ended", () => {
  test("is not restored by a concurrent reply", async () => {
    const session = begun();
    const text = store.textOf(session);
    pass(61_000);
    let answered: (tokens: Tokens) => void = () => undefined;
    answer = () => new Promise((resolve) => (answered = resolve));
    const waiting = sessions.find([text]);
    await sessions.end(session);
    answered(tokens());
    assert.equal(await waiting, "none");
    assert.equal(await sessions.find([text]), "none");
  });
});

test("an unreachable store is distinguished from an ended session", async () => {
  class Broken extends CookieStore {
    override open(): never {
      return Promise.reject(new Error("gone")) as never;
    }
  }
  sessions = gateway(new Broken(new Sealer(["a secret of thirty-two characters."])));
  assert.equal(await sessions.find(["text"]), "unavailable");
  assert.deepEqual(warnings, ["Sessions cannot be read"]);
});
