// Which origins, methods and headers a CORS policy allows.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CorsPolicy, type CorsSettings } from "../../../src/shaping/cors-policy.ts";

function policyOf(settings: Partial<CorsSettings>): CorsPolicy {
  return new CorsPolicy({
    allowedOrigins: ["*"],
    allowedMethods: ["GET", "POST"],
    allowedHeaders: ["*"],
    exposedHeaders: [],
    allowCredentials: false,
    allowPrivateNetwork: false,
    maxAgeS: 0,
    optionsPassthrough: false,
    optionsSuccessStatus: 204,
    ...settings,
  });
}

describe("origins", () => {
  test("listed exactly are allowed in any case of letters, and named as they came", () => {
    const policy = policyOf({ allowedOrigins: ["https://Shop.test", "http://localhost:3000"] });
    assert.equal(policy.allowedOrigin("https://shop.TEST"), "https://shop.TEST");
    assert.equal(policy.allowedOrigin("http://localhost:3000"), "http://localhost:3000");
    for (const other of [
      "http://shop.test",
      "https://shop.test:8443",
      "https://shop.test.evil.net",
      "http://localhost",
      "null",
      "",
    ]) {
      assert.equal(policy.allowedOrigin(other), null, other);
    }
  });

  test("below a name are allowed by a star in its place, with the same scheme and port", () => {
    const policy = policyOf({ allowedOrigins: ["https://*.example.org", "https://*.test:8443"] });
    for (const good of ["https://a.example.org", "https://a.b.example.org", "https://x.test:8443"]) {
      assert.equal(policy.allowedOrigin(good), good);
    }
    const evil = [
      "https://example.org",
      "https://.example.org",
      "https://evilexample.org",
      "https://a.example.org.evil.net",
      "https://evil.net/.example.org",
      "https://evil.net#.example.org",
      "https://a@b.example.org",
      "http://a.example.org",
      "https://a.example.org:8443",
      "https://x.test",
    ];
    for (const origin of evil) assert.equal(policy.allowedOrigin(origin), null, origin);
  });

  test("are all allowed by a star, which then is the answer", () => {
    const policy = policyOf({});
    assert.equal(policy.allowedOrigin("https://any.test"), "*");
    assert.equal(policy.allowedOrigin("null"), "*");
    assert.equal(policy.varies, false);
    assert.equal(policyOf({ allowedOrigins: ["https://a.test"] }).varies, true);
  });

  test("show credentials only where they are listed themselves, and never as null", () => {
    const policy = policyOf({ allowedOrigins: ["*", "https://a.test", "null"], allowCredentials: true });
    assert.deepEqual(
      ["https://a.test", "https://b.test", "null"].map((o) => [policy.allowedOrigin(o), policy.mayShowCredentials(o)]),
      [
        ["https://a.test", true],
        ["*", false],
        ["null", false],
      ],
    );
    assert.equal(policy.varies, true);
    assert.equal(policyOf({ allowedOrigins: ["https://a.test"] }).mayShowCredentials("https://a.test"), false);
  });
});

test("methods are one token, in the case they are listed in; a star allows any", () => {
  const some = policyOf({ allowedMethods: ["GET", "PATCH"] });
  for (const [method, allowed] of [
    ["GET", true],
    ["PATCH", true],
    ["patch", false],
    ["PUT", false],
    ["GET, PUT", false],
    ["", false],
  ] as const) {
    assert.equal(some.allowsMethod(method), allowed, method);
  }
  const any = policyOf({ allowedMethods: ["*"] });
  assert.deepEqual(
    ["PURGE", "GET POST", "G\tT"].map((m) => any.allowsMethod(m)),
    [true, false, false],
  );
});

describe("requested headers", () => {
  test("must all be allowed, in any case of letters", () => {
    const policy = policyOf({ allowedHeaders: ["X-Token", "content-type"] });
    assert.deepEqual(policy.allowedHeaders("x-token, Content-Type"), ["x-token", "content-type"]);
    assert.deepEqual(policy.allowedHeaders(" ,, "), []);
    for (const list of ["x-other", "x-token, x-other", "x token", "x-token\r\nevil: 1", "x-töken"]) {
      assert.equal(policy.allowedHeaders(list), null, list);
    }
  });

  test("may be any with a star, but must be names; a list of thirty thousand is read in one pass", () => {
    const policy = policyOf({});
    assert.deepEqual(policy.allowedHeaders("authorization"), ["authorization"]);
    assert.equal(policy.allowedHeaders("a b"), null);
    assert.equal(policy.allowedHeaders("a,".repeat(30_000))!.length, 30_000);
  });
});
