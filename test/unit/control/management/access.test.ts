// Who may use the management API: credentials, and pages of other origins.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CredentialCheck } from "../../../../src/control/management/credentials.ts";
import { isForeign } from "../../../../src/control/management/same-origin.ts";

const basic = (login: string) => `Basic ${Buffer.from(login).toString("base64")}`;

describe("a token", () => {
  const keeper = new CredentialCheck({ token: "s3cret", users: [] });
  for (const shown of ["Bearer s3cret", "bearer s3cret", "Bearer  s3cret", "s3cret"]) {
    test(`lets in as "${shown}"`, () => assert.equal(keeper.identify(shown, null), "token"));
  }
  for (const shown of ["", "Bearer", "Bearer ", "Bearer s3cre", "Bearer s3cret1", "Bearer S3CRET", "Basic s3cret"]) {
    test(`does not let in as "${shown}"`, () => assert.equal(keeper.identify(shown, null), null));
  }
  test("may stand in the query, unless a field says otherwise", () => {
    assert.equal(keeper.identify(undefined, "s3cret"), "token");
    assert.equal(keeper.identify(undefined, "wrong"), null);
    assert.equal(keeper.identify("wrong", "s3cret"), null);
    assert.equal(keeper.identify(undefined, null), null);
  });
  test("is asked for as a bearer token", () => {
    assert.equal(keeper.challenge, 'Bearer realm="Management API"');
    assert.equal(keeper.refusal, "Invalid token");
  });
});

describe("users", () => {
  const keeper = new CredentialCheck({ token: null, users: ["ada:pw:with:colons", "bob:ünï"] });
  test("are let in by their own password, and named", () => {
    assert.equal(keeper.identify(basic("ada:pw:with:colons"), null), "ada");
    assert.equal(keeper.identify(basic("bob:ünï"), null), "bob");
  });
  for (const login of ["ada:pw", "bob:pw:with:colons", "ada", ":", "", "eve:x"]) {
    test(`"${login}" is nobody`, () => assert.equal(keeper.identify(basic(login), null), null));
  }
  test("have no token", () => {
    for (const shown of ["", "null", "ada:pw:with:colons"]) assert.equal(keeper.identify(shown, shown), null);
  });
  test("are asked for by the realm clients know", () => {
    assert.equal(keeper.challenge, 'Basic realm="Management API"');
  });
});

test("without any credential nobody is let in", () => {
  const keeper = new CredentialCheck({ token: null, users: [] });
  for (const shown of [undefined, "", "Bearer ", basic(":"), basic("")]) {
    assert.equal(keeper.identify(shown, ""), null);
  }
});

describe("a page of another origin is refused", () => {
  const rows: readonly (readonly [string, Record<string, string>, string | null, boolean])[] = [
    ["a tool", { host: "127.0.0.1:9090" }, null, false],
    ["a page of the API's own origin", { host: "ops:9090", origin: "http://ops:9090" }, null, false],
    ["another port", { host: "ops:9090", origin: "http://ops:8080" }, null, true],
    ["a sandboxed page", { host: "ops:9090", origin: "null" }, null, true],
    ["a link from elsewhere", { host: "ops:9090", "sec-fetch-site": "cross-site" }, null, true],
    ["an address typed by a person", { host: "ops:9090", "sec-fetch-site": "none" }, null, false],
    ["any name where credentials are asked for", { host: "evil.example" }, null, false],
    ["a name pointed at this machine", { host: "evil.example:9090" }, "127.0.0.1", true],
    ["the address itself", { host: "127.0.0.1:9090" }, "127.0.0.1", false],
    ["the address itself, IPv6", { host: "[::1]:9090" }, "::1", false],
    ["localhost", { host: "LocalHost:9090" }, "127.0.0.1", false],
    ["no name at all", { host: "" }, "127.0.0.1", true],
  ];
  for (const [name, headers, boundTo, refused] of rows) {
    test(`${name}: ${refused}`, () => assert.equal(isForeign(headers, boundTo), refused));
  }
});
