// Who decides about a request, what is refused in which words, and what a backend is told.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type AuthDemand, type AuthShared, authenticate } from "../../../src/auth/authenticate.ts";
import { ADMITTED, AMBIGUOUS, type Authenticator, type AuthResult, invalid } from "../../../src/auth/authenticator.ts";
import { FailedCredentials } from "../../../src/auth/failures.ts";
import { mtls } from "../../../src/auth/mtls.ts";
import type { RequestContext } from "../../../src/core/context.ts";
import { type AuthMethod, type Identity, identityOf } from "../../../src/core/identity.ts";
import type { Refusal, Reply } from "../../../src/core/reply.ts";
import type { ReplyHead } from "../../../src/core/reply-head.ts";
import { getField } from "../../../src/wire/fields.ts";
import { ForwardedPeer } from "../../../src/wire/forwarded.ts";
import { contextOf, SECURED } from "../../support/context.ts";

/** A method whose credential stands in a header of its own name: `good…`, `bad`, `down`, `late`, `both`. */
function method(name: AuthMethod, more: Partial<Identity> = {}): Authenticator {
  const resultOf = (credential: string): AuthResult => {
    if (credential.startsWith("good")) return identityOf({ subject: credential, method: name, ...more });
    return credential === "down" ? { code: "auth_unavailable", why: "down" } : invalid("unknown");
  };
  return {
    method: name,
    challenge: `${name} realm="t"`,
    credentialOf(ctx) {
      const value = getField(ctx.fields, name) ?? null;
      return value === "both" ? AMBIGUOUS : value;
    },
    identify: (credential) => (credential === "late" ? Promise.resolve(resultOf("good-late")) : resultOf(credential)),
    strip: (ctx) => ctx.edited().drop(name),
  };
}

interface Outcome {
  readonly ctx: RequestContext;
  readonly verdict: (Refusal & Partial<Reply>) | undefined;
}

const refused: string[] = [];
const sharedWith = (failures = new FailedCredentials({ max: 0, windowMs: 1000 }, () => 0)): AuthShared => ({
  failures,
  now: () => 1000,
  refused: (name, code) => refused.push(`${name} ${code}`),
});

async function run(
  demand: Partial<AuthDemand>,
  fields: readonly string[],
  more: Parameters<typeof contextOf>[0] = {},
  shared = sharedWith(),
): Promise<Outcome> {
  refused.length = 0;
  const whole: AuthDemand = { optional: false, methods: [method("apikey")], scopes: [], skips: null, ...demand };
  const ctx = contextOf({ fields, clientIp: "192.0.2.1", ...more });
  const verdict = (await authenticate(whole, shared).onRequest!(ctx)) as Outcome["verdict"];
  return { ctx, verdict };
}

describe("the first method whose credential is present", () => {
  const methods = [method("apikey"), method("basic")];
  test("decides, without a second try", async () => {
    assert.equal((await run({ methods }, ["apikey", "good", "basic", "bad"])).ctx.identity?.method, "apikey");
    const failed = await run({ methods }, ["apikey", "bad", "basic", "good"]);
    assert.equal(failed.verdict?.code, "invalid_credentials");
    assert.equal(failed.ctx.identity, null);
    assert.equal((await run({ methods }, ["basic", "good"])).ctx.identity?.method, "basic");
  });
  test("is noted as the gateway's own, so that no other part takes it for its", async () => {
    assert.equal((await run({ methods }, ["basic", "good"])).ctx.credential, "good");
    assert.equal((await run({ methods, optional: true }, [])).ctx.credential, null);
  });
  test("may take its time", async () => {
    assert.equal((await run({}, ["apikey", "late"])).ctx.identity?.subject, "good-late");
  });
  test("is rejected if it has several credentials, as are several Authorization fields of any kind", async () => {
    assert.equal((await run({ methods }, ["apikey", "both"])).verdict?.code, "ambiguous_credentials");
    const twice = ["Authorization", "Bearer a", "authorization", "Bearer a"];
    assert.equal((await run({ methods, optional: true }, twice)).verdict?.code, "ambiguous_credentials");
    assert.deepEqual(refused, ["none ambiguous_credentials"]);
  });
});

describe("a refusal", () => {
  test("contains the challenges of all methods, and no reason that would help to guess", async () => {
    const methods = [method("apikey"), method("basic")];
    const challenges = ["WWW-Authenticate", 'apikey realm="t"', "WWW-Authenticate", 'basic realm="t"'];
    const { verdict, ctx } = await run({ methods }, []);
    assert.deepEqual(verdict, { code: "missing_credentials", fields: challenges });
    assert.deepEqual(refused, ["none missing_credentials"]);
    assert.equal(ctx.detail, "no credential");
    const other = await run({ methods }, ["Authorization", "Bearer a"]);
    assert.deepEqual(other.verdict, verdict);
    assert.equal(other.ctx.detail, "no credential; Authorization is not in a form that the rule accepts");
    const silent = await run({ methods: [...methods, { ...method("forward"), challenge: "" }] }, []);
    assert.deepEqual(silent.verdict, verdict);
    const bad = await run({ methods }, ["apikey", "bad"]);
    assert.deepEqual(bad.verdict, { code: "invalid_credentials", fields: challenges });
    assert.equal(bad.ctx.detail, "apikey: unknown");
  });
  test("is 503 if the source is down, even if authentication is optional", async () => {
    assert.deepEqual((await run({ optional: true }, ["apikey", "down"])).verdict, { code: "auth_unavailable" });
  });
  test("says that a credential has expired, at the millisecond", async () => {
    const ending = (expiresAt: number) => run({ methods: [method("apikey", { expiresAt })] }, ["apikey", "good"]);
    assert.equal((await ending(1000)).verdict?.code, "expired_credentials");
    assert.equal((await ending(1001)).verdict, undefined);
  });
  test("for a missing scope names it in the log, but not to the client", async () => {
    const methods = [method("apikey", { scopes: ["read"] })];
    const { verdict, ctx } = await run({ methods, scopes: ["read", "write"] }, ["apikey", "good"]);
    assert.deepEqual(verdict, { code: "insufficient_scope" });
    assert.equal(ctx.detail, 'apikey: scope "write" is missing');
    assert.equal(ctx.identity?.subject, "good");
    assert.equal((await run({ methods, scopes: ["read"] }, ["apikey", "good"])).verdict, undefined);
  });
});

describe("a method that answers itself", () => {
  const redirect: Reply = { status: 302, fields: ["Location", "/login"], body: "" };
  const inviting = (more: Partial<Authenticator> = {}): Authenticator => ({
    ...method("basic"),
    invite: (ctx) => (ctx.method === "GET" ? redirect : null),
    ...more,
  });
  test("replies to requests without a valid credential, or leaves them to the refusal", async () => {
    const methods = [method("apikey"), inviting()];
    assert.deepEqual((await run({ methods }, [])).verdict, redirect);
    assert.deepEqual((await run({ methods }, ["basic", "bad"])).verdict, redirect);
    assert.equal((await run({ methods }, ["apikey", "bad"])).verdict?.code, "invalid_credentials");
    assert.equal((await run({ methods }, [], { method: "POST" })).verdict?.code, "missing_credentials");
    assert.equal((await run({ methods, optional: true }, [])).verdict, undefined);
  });
  test("may answer, or permit an anonymous request, which has no scopes", async () => {
    const answering = [inviting({ identify: () => ({ answer: redirect }) })];
    assert.deepEqual((await run({ methods: answering }, ["basic", "good"])).verdict, redirect);
    assert.deepEqual(refused, []);
    const denying = [inviting({ identify: () => ({ answer: redirect, code: "missing_credentials" }) })];
    assert.deepEqual((await run({ methods: denying }, ["basic", "good"])).verdict, redirect);
    assert.deepEqual(refused, ["basic missing_credentials"]);
    const admitting = [inviting({ identify: () => ADMITTED })];
    const admitted = await run({ methods: admitting }, ["basic", "good"]);
    assert.deepEqual([admitted.verdict, admitted.ctx.identity], [undefined, null]);
    assert.ok(admitted.ctx.edited().drops("basic"));
    assert.equal(
      (await run({ methods: admitting, scopes: ["a"] }, ["basic", "x"])).verdict?.code,
      "insufficient_scope",
    );
  });
  test("has its own challenge for a rejected credential", async () => {
    const methods = [
      method("apikey"),
      inviting({ invite: () => null, rejection: (error) => `Bearer error="${error}"` }),
    ];
    const bad = await run({ methods }, ["basic", "bad"]);
    assert.deepEqual(bad.verdict?.fields, ["WWW-Authenticate", 'Bearer error="invalid_token"']);
    const narrow = await run({ methods, scopes: ["a"] }, ["basic", "good"]);
    assert.deepEqual(narrow.verdict?.fields, ["WWW-Authenticate", 'Bearer error="insufficient_scope"']);
  });
});

describe("a client", () => {
  test("gets its subject in the reply, which each method can modify", async () => {
    const seen: number[] = [];
    const methods = [
      { ...method("apikey"), onReply: (_: RequestContext, { status }: ReplyHead) => void seen.push(status) },
    ];
    const filter = authenticate({ optional: true, methods, scopes: [], skips: null }, sharedWith());
    const toldTo = async (fields: readonly string[]) => {
      const ctx = contextOf({ fields, clientIp: "192.0.2.1" });
      await filter.onRequest!(ctx);
      const reply: ReplyHead = { made: "backend", status: 200, reason: "", fields: [], length: 0 };
      filter.onReply!(ctx, reply);
      return reply.fields;
    };
    assert.deepEqual(await toldTo(["apikey", "good"]), ["X-Auth-Subject", "good", "X-Auth-Type", "user"]);
    assert.deepEqual(await toldTo([]), []);
    assert.deepEqual(seen, [200, 200]);
  });
});

describe("optional authentication", () => {
  test("permits anonymous requests, and rejects invalid credentials", async () => {
    const nobody = await run({ optional: true, scopes: ["read"] }, []);
    assert.deepEqual([nobody.verdict, nobody.ctx.identity, nobody.ctx.edit], [undefined, null, null]);
    assert.equal((await run({ optional: true }, ["apikey", "bad"])).verdict?.code, "invalid_credentials");
  });
});

describe("an accepted client", () => {
  test("has its own tier, or that of the route", async () => {
    const low = [method("apikey", { tier: "low" })];
    assert.equal((await run({ methods: low }, ["apikey", "good"], { tier: "high" })).ctx.tier, "low");
    assert.equal((await run({}, ["apikey", "good"], { tier: "high" })).ctx.tier, "high");
  });
  test("is described to backends, without any credential of the route, verified or not", async () => {
    const methods = [method("apikey"), method("basic")];
    const { ctx } = await run({ methods }, ["apikey", "good", "basic", "whatever"]);
    assert.deepEqual(ctx.edit!.fields.slice(0, 2), ["X-Auth-Subject", "good"]);
    assert.ok(ctx.edit!.drops("apikey") && ctx.edit!.drops("basic"));
  });
});

describe("the certificate of the connection", () => {
  const certified = identityOf({ subject: "device-7", method: "mtls", type: "service" });
  const peer = new ForwardedPeer("192.0.2.1", "https", { ...SECURED, identity: certified });
  const given = { peer, identity: certified };
  test("is a credential if mtls is a method, with the scopes of its subject", async () => {
    const methods = [mtls({ scopes: { "device-7": ["read"] } }, () => [])];
    const { ctx, verdict } = await run({ methods, scopes: ["read"] }, [], given);
    assert.deepEqual([verdict, ctx.identity?.subject, ctx.identity?.scopes], [undefined, "device-7", ["read"]]);
    assert.equal((await run({ methods, scopes: ["read"] }, [])).verdict?.code, "missing_credentials");
  });
  test("is not an identity otherwise", async () => {
    const { ctx } = await run({ optional: true }, [], given);
    assert.equal(ctx.identity, null);
  });
});

describe("failures", () => {
  test("of an address are counted until all its credentials are rejected", async () => {
    let now = 0;
    const shared = sharedWith(new FailedCredentials({ max: 2, windowMs: 5000 }, () => now));
    const code = async (fields: readonly string[], clientIp = "192.0.2.1") =>
      (await run({ optional: true }, fields, { clientIp }, shared)).verdict?.code;
    assert.equal(await code(["apikey", "bad"]), "invalid_credentials");
    assert.equal(await code(["apikey", "good"]), undefined);
    assert.equal(await code(["apikey", "down"]), "auth_unavailable");
    assert.equal(await code(["apikey", "bad"]), "invalid_credentials");
    now = 1500;
    const { verdict } = await run({}, ["apikey", "good"], {}, shared);
    assert.deepEqual(verdict, { code: "too_many_failures", fields: ["Retry-After", "4"] });
    assert.equal(await code([]), undefined, "who brings nothing guesses nothing");
    assert.equal(await code(["apikey", "good"], "192.0.2.2"), undefined);
    now = 5000;
    assert.equal(await code(["apikey", "good"]), undefined);
  });
  test("of an address also discard checks in progress, so that it cannot guess in parallel", async () => {
    const shared = sharedWith(new FailedCredentials({ max: 1, windowMs: 5000 }, () => 0));
    const late = run({}, ["apikey", "late"], {}, shared);
    await run({}, ["apikey", "bad"], {}, shared);
    const { verdict, ctx } = await late;
    assert.deepEqual([verdict?.code, ctx.identity], ["too_many_failures", null]);
  });
});

describe("exempt paths", () => {
  const skips = (path: string) => path === "/health" || path.startsWith("/health/");
  const outcome = async (path: string) => {
    const { verdict } = await run({ skips }, [], { target: path });
    return verdict?.code ?? "passes";
  };
  test("need no credential, and keep the identity of the connection", async () => {
    assert.equal(await outcome("/health/live"), "passes");
    assert.equal(await outcome("/other"), "missing_credentials");
  });
  test("are rejected if path parameters decide", async () => {
    assert.equal(await outcome("/health;x=/live"), "invalid_path");
    assert.equal(await outcome("/health/..;/admin"), "invalid_path");
    assert.equal(await outcome("/health/..%3Bx/admin"), "invalid_path");
    assert.equal(await outcome("/health/..;/..;/..;/admin"), "invalid_path");
    assert.equal(await outcome("/health/live;v=1"), "passes");
    assert.equal(await outcome("/admin;v=1"), "missing_credentials");
  });
  test("are rejected if double decoding or folding yields another path", async () => {
    const dots = [
      "..%2F",
      "..%5C",
      "%252e%252e/",
      "%252e%252e%252f",
      "%EF%BC%8E%EF%BC%8E/",
      "%E2%80%A5/",
      ".%09./",
      "..%EF%BC%8F",
    ];
    for (const up of dots) assert.equal(await outcome(`/health/${up}admin`), "invalid_path", up);
  });
  test("are UTF-8", async () => {
    for (const up of ["%C0%AE%C0%AE/", "%E0%80%AE/", "%FF"])
      assert.equal(await outcome(`/health/${up}admin`), "missing_credentials", up);
  });
  test("may contain everything that is unambiguous", async () => {
    for (const rest of [
      "a%20b",
      "caf%C3%A9.png",
      "50%E2%82%AC",
      "%E4%BE%8B/x",
      "%3Fx=%23",
      "live;v=%20",
      "100%25",
      "a%2Fb",
    ])
      assert.equal(await outcome(`/health/${rest}`), "passes", rest);
  });
});
