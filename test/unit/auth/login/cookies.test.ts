// Cookies of the login stay between browser and gateway, and tell how long a session was not used.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LoginCookies, privateCookies } from "../../../../src/auth/login/cookies.ts";
import { CookieNotes } from "../../../../src/auth/login/notes.ts";
import { Sealer } from "../../../../src/auth/login/sealing.ts";
import { beginSession } from "../../../../src/auth/login/session.ts";
import { contextOf } from "../../../support/context.ts";

const T0 = 1_800_000_000_000;
const sealer = new Sealer(["a secret of thirty-two characters."]);
const cookies = new LoginCookies({ name: "auth_token", secure: false, idleMs: 60_000 }, sealer);
const tokens = { idToken: "", info: { sub: "ann" }, scopes: null, refreshToken: "", endsAt: 0 };
const session = beginSession("main", tokens, [], 3_600_000, T0);

test("backends get only other cookies", () => {
  const filter = privateCookies(cookies);
  const rows = [
    [
      ["Cookie", "a=1; auth_token=x; auth_token.2=y; auth_token.login.z=1; b=2"],
      ["Cookie", "a=1; b=2"],
    ],
    [
      ["Cookie", "auth_token=x", "cookie", "auth_token.seen=1; auth_tokens=2; my_auth_token=3"],
      ["Cookie", "auth_tokens=2; my_auth_token=3"],
    ],
    [
      ["Cookie", "auth_token =x;a=1"],
      ["Cookie", "a=1"],
    ],
    [["Cookie", "auth_token=x"], []],
  ] as const;
  for (const [fields, sent] of rows) {
    const ctx = contextOf({ fields });
    assert.equal(filter.onRequest!(ctx), undefined);
    assert.ok(ctx.edit!.drops("cookie"));
    assert.deepEqual(ctx.edit!.fields, sent);
  }
  const other = contextOf({ fields: ["Cookie", "a=1"] });
  filter.onRequest!(other);
  assert.equal(other.edit, null, "requests without any are left alone");
});

test("backends can set only other cookies", () => {
  const filter = privateCookies(cookies);
  const set = ["auth_token=x; Path=/", "a=auth_token", "auth_token.login.q=1", "auth_token", "AUTH_TOKEN=1"];
  const head = (made: "backend" | "gateway") => {
    return { made, status: 200, reason: "", fields: set.flatMap((line) => ["set-cookie", line]), length: 0 };
  };
  const [theirs, ours] = [head("backend"), head("gateway")];
  for (const reply of [theirs, ours]) filter.onReply!(contextOf(), reply);
  assert.deepEqual(theirs.fields, ["set-cookie", "a=auth_token", "set-cookie", "AUTH_TOKEN=1"]);
  assert.equal(ours.fields.length, 2 * set.length);
});

test("a reply that sets a session is private, whatever the backend allows to caches", () => {
  const notes = new CookieNotes();
  const ctx = contextOf();
  notes.note(ctx, ["auth_token=x"]);
  const fields = ["Cache-Control", "public, max-age=60", "Expires", "never", "ETag", "x"];
  notes.addTo(ctx, { made: "backend", status: 200, reason: "", fields, length: 0 });
  assert.deepEqual(fields, ["ETag", "x", "Cache-Control", "private, no-store", "Set-Cookie", "auth_token=x"]);
  const plain = ["Cache-Control", "public"];
  notes.addTo(ctx, { made: "backend", status: 200, reason: "", fields: plain, length: 0 });
  assert.deepEqual(plain, ["Cache-Control", "public"]);
});

test("a session was used recently if its own idle cookie says so", () => {
  const { idle } = cookies;
  const sent = (id: string, at: number) => {
    const [, name = "", value = ""] = /^([^=]+)=([^;]+)/.exec(idle!.line(id, at))!;
    return { name, value };
  };
  const recent = sent(session.id, T0);
  assert.equal(idle!.check(session.id, [recent], T0 + 6_000), "recent");
  assert.equal(idle!.check(session.id, [recent], T0 + 6_001), "due");
  assert.equal(idle!.check(session.id, [recent], T0 + 60_000), "over");
  assert.equal(idle!.check(session.id, [sent(session.id, T0), sent(session.id, T0 + 50_000)], T0 + 60_000), "due");
  for (const wrong of [[], [sent("other", T0)], [{ name: "auth_token.seen", value: "x" }]])
    assert.equal(idle!.check(session.id, wrong, T0), "over");
  const lines = cookies.write(session, "text", [], T0)!;
  assert.deepEqual(
    lines.map((line) => line.split("=")[0]),
    ["auth_token", "auth_token.seen"],
  );
  assert.deepEqual(
    cookies.clear([recent]).map((line) => line.split("=")[0]),
    ["auth_token.seen"],
  );
});
