// `auth.forward`: what it means, and what is refused.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Config } from "../../../../src/config/config.ts";
import { loadConfig } from "../../../../src/config/load.ts";
import type { ConfigError } from "../../../../src/config/text/problem.ts";

type Block = Readonly<Record<string, unknown>>;

const textOf = (forward: unknown, rule: Block = {}, auth: Block = {}): string => {
  const rules = [{ id: "r", path: "/*", serviceName: "_internal", ...rule }];
  return JSON.stringify({ gateway: { auth: { forward, ...auth }, router: { rules } } }, null, 1);
};

const load = (...given: Parameters<typeof textOf>): Config =>
  loadConfig({ file: "t.yaml", text: textOf(...given), env: {} }).config;

/** What is said of a configuration that is refused. */
function why(...given: Parameters<typeof textOf>): string {
  try {
    load(...given);
  } catch (error) {
    return (error as ConfigError).text;
  }
  return "";
}

const URL = "http://127.0.0.1:9091/verify?a=b";
const service = (block: Block = {}) => load({ url: URL, ...block }).auth.forward![""]!;

describe("an authorization service", () => {
  test("is reached at its URL, with limits, and gets relevant fields", () => {
    assert.deepEqual(service(), {
      name: "forward",
      place: { scheme: "http", address: "127.0.0.1", port: 9091 },
      target: "/verify?a=b",
      timeoutMs: 5000,
      maxBodyBytes: 65_536,
      maxConnections: 100,
      ca: "",
      requestHeaders: null,
      responseHeaders: [],
      clientHeaders: [],
      subjectHeader: "",
      scopesHeader: "",
      groupsHeader: "",
      rolesHeader: "",
    });
    assert.deepEqual(service({ url: "https://auth.example.org" }).place, {
      scheme: "https",
      address: "auth.example.org",
      port: 443,
    });
    assert.deepEqual(service({ url: "http://[::1]/" }).place, { scheme: "http", address: "::1", port: 80 });
    assert.deepEqual(service({ requestHeaders: "Cookie" }).requestHeaders, ["cookie"]);
    assert.deepEqual(service({ rolesHeader: "X-Roles", groupsHeader: "X-Groups" }).rolesHeader, "x-roles");
    assert.equal(load({ url: URL, enabled: false }).auth.forward, null);
    assert.equal(load(false).auth.forward, null);
  });
  test("is on this machine or reached by https, unless allowHTTP is set", () => {
    for (const url of ["http://auth:9091/", "http://10.0.0.1/", "http://127.0.0.1.example.org/"]) {
      assert.match(why({ url }), /auth.forward.url: over http.*allowHTTP/, url);
      assert.equal(why({ url, allowHTTP: true }), "");
    }
    assert.match(why({ url: "http://u:secret@127.0.0.1/" }), /must not contain a user or password/);
    assert.doesNotMatch(why({ url: "http://u:secret@127.0.0.1/" }), /secret@/);
    assert.match(why({ url: `${URL}#a` }), /fragment/);
    for (const url of ["", "auth:9091", "ftp://a/"]) assert.match(why({ url }), /needs the http or https URL/);
    assert.match(why(true), /auth.forward.url: needs the http or https URL/);
    assert.match(why({ url: URL, caFile: "x" }), /auth.forward.caFile: has no effect without https/);
    assert.match(why({ url: "https://a/", caFile: "/nonexistent" }), /auth.forward.caFile: "\/nonexistent"/);
    assert.match(why({ url: URL, timeout: 0 }), /auth.forward.timeout/);
  });
  test("cannot set fields that frame messages or belong to the gateway", () => {
    for (const name of ["Host", "Connection", "X-Forwarded-For", "X-Auth-Subject", "Upgrade", "a b", "X_Auth_Type"])
      for (const key of ["requestHeaders", "responseHeaders", "clientHeaders"])
        assert.match(why({ url: URL, [key]: [name] }), new RegExp(`auth.forward.${key}: `), `${key} ${name}`);
    assert.match(
      why({ url: URL, responseHeaders: ["X-Auth-Subject"] }),
      /sets "X-Auth-Subject" itself; use subjectHeader/,
    );
    for (const name of ["Content-Type", "Set-Cookie", "Date"])
      assert.match(why({ url: URL, responseHeaders: [name] }), /cannot be forwarded/, name);
    assert.match(why({ url: URL, clientHeaders: ["Content-Length"] }), /cannot be forwarded/);
    assert.match(why({ url: URL, scopesHeader: "a b" }), /auth.forward.scopesHeader: "a b" is not a valid header name/);
    const passed = ["X-User", "Authorization", "X-Auth-Request-User", "Cookie"];
    assert.deepEqual(
      service({ responseHeaders: passed }).responseHeaders,
      passed.map((name) => name.toLowerCase()),
    );
  });
});

describe("several services", () => {
  const services = { shop: { url: URL, subjectHeader: "X-User" }, "2": { url: URL } };
  test("are selected by rules, which then require authentication", () => {
    const config = load({ url: URL, services }, { authService: "shop" });
    assert.deepEqual(Object.keys(config.auth.forward!).sort(), ["", "2", "shop"]);
    assert.deepEqual([config.auth.forward!.shop!.name, config.rules[0]!.auth!.service], ["shop", "shop"]);
    assert.equal(load({ url: URL, services }, { authRequired: true }).rules[0]!.auth!.service, "");
    assert.deepEqual(Object.keys(load({ services }, { authService: "2" }).auth.forward!), ["2", "shop"]);
  });
  test("must exist, and be used", () => {
    assert.match(why({ services }, { authRequired: true }), /rule "r": name one of 2, shop/);
    assert.match(why({ services }, { authService: "shpo" }), /has no "shpo"; did you mean "shop"/);
    assert.match(why({ services: { forward: { url: URL } } }), /"forward" is not a valid name/);
    assert.match(why({ services: { a: {} } }), /auth.forward.services.a.url: needs the http or https URL/);
    const mtls = { mtls: true };
    assert.match(
      why({ url: URL, services }, { authService: "shop", authType: "mtls" }, mtls),
      /has no effect without the method forward/,
    );
    assert.match(
      why({ url: URL }, { authType: ["forward", "mtls"] }, mtls),
      /forward decides every request; name it last/,
    );
    assert.match(
      why({ url: URL }, { authRequired: false, authService: "shop" }),
      /authService, auth, requiredScopes or requiredPermissions/,
    );
  });
});
