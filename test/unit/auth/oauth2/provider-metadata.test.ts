// Metadata of a provider: what is configured, what is published, and what holds while it cannot be fetched.
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, type TestContext, test } from "node:test";
import { ProviderDirectory } from "../../../../src/auth/oauth2/provider-metadata.ts";
import type { MetadataSettings } from "../../../../src/auth/oauth2/settings.ts";
import { FakeClock } from "../../../support/fake-clock.ts";
import { eventually } from "../../../support/setup.ts";

const NEVER = new AbortController().signal;
const NO_URLS = {
  authorizationEndpoint: "",
  tokenEndpoint: "",
  userInfoEndpoint: "",
  introspectionEndpoint: "",
  endSessionEndpoint: "",
  jwksUri: "",
};
const ISSUER = "https://id.example";

/** A provider that publishes what a test says. */
async function setUp(t: TestContext, more: Partial<MetadataSettings> = {}) {
  const published = {
    document: { issuer: ISSUER, jwks_uri: `${ISSUER}/keys`, token_endpoint: `${ISSUER}/token` } as unknown,
    answer: null as ((response: ServerResponse) => void) | null,
    asked: 0,
  };
  const server = createServer((_, response) => {
    published.asked++;
    if (published.answer !== null) return published.answer(response);
    response.end(JSON.stringify(published.document));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const clock = new FakeClock();
  const told: string[] = [];
  const directory = new ProviderDirectory(
    {
      issuer: ISSUER,
      discoveryUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/d`,
      documentIssuers: [ISSUER],
      endpoints: NO_URLS,
      access: { ca: "", proxy: "" },
      ...more,
    },
    clock,
    { failed: ({ message }) => told.push(message), recovered: () => told.push("recovered") },
  );
  t.after(() => directory.close());
  return { directory, published, clock, told };
}

describe("metadata", () => {
  test("are fetched once, on demand", async (t) => {
    const { directory, published, told } = await setUp(t);
    assert.equal(published.asked, 0);
    const all = await Promise.all([1, 2, 3].map(() => directory.get(NEVER)));
    assert.deepEqual([all[0]!.jwksUri, all[2]!.tokenEndpoint], [`${ISSUER}/keys`, `${ISSUER}/token`]);
    assert.deepEqual([all[0]!.introspectionEndpoint, all[0]!.document.issuer], ["", ISSUER]);
    await directory.get(NEVER);
    assert.deepEqual([published.asked, told], [1, ["recovered"]]);
  });
  test("are not fetched if they are configured", async (t) => {
    const endpoints = { ...NO_URLS, jwksUri: `${ISSUER}/own` };
    const { directory, published } = await setUp(t, { endpoints });
    assert.equal(await directory.endpoint("jwksUri", NEVER), `${ISSUER}/own`);
    assert.equal(published.asked, 0);
    assert.equal((await directory.get(NEVER)).jwksUri, `${ISSUER}/own`);
    assert.equal(await directory.endpoint("tokenEndpoint", NEVER), `${ISSUER}/token`);
  });
  test("are the configured ones without discovery", async (t) => {
    const { directory, published } = await setUp(t, { discoveryUrl: "" });
    const { issuer, tokenEndpoint, document } = await directory.get(NEVER);
    assert.deepEqual([issuer, tokenEndpoint, document, published.asked], [ISSUER, "", {}, 0]);
  });
  test("are fetched again after an hour, and the old ones remain in use meanwhile and after failures", async (t) => {
    const { directory, published, clock, told } = await setUp(t);
    await directory.get(NEVER);
    published.answer = (response) => response.writeHead(500).end();
    clock.advance(3_600_000);
    assert.equal((await directory.get(NEVER)).jwksUri, `${ISSUER}/keys`);
    await eventually("it has failed", () => told.length === 2);
    assert.equal((await directory.get(NEVER)).jwksUri, `${ISSUER}/keys`);
    assert.equal(published.asked, 2); // the pause after a failure
    published.answer = null;
    published.document = { issuer: ISSUER, jwks_uri: `${ISSUER}/new` };
    clock.advance(1_000);
    await directory.get(NEVER);
    await eventually("it is there again", () => told.length === 3);
    assert.equal((await directory.get(NEVER)).jwksUri, `${ISSUER}/new`);
    assert.deepEqual(told, ["recovered", "the answer has status 500", "recovered"]);
  });
  test("are fetched again after a failure of an endpoint", async (t) => {
    const { directory, published } = await setUp(t);
    await directory.get(NEVER);
    directory.expire();
    await directory.get(NEVER);
    await eventually("it is asked again", () => published.asked === 2);
  });
  test("that could not be fetched fail at once between tries", async (t) => {
    const { directory, published, clock, told } = await setUp(t);
    published.answer = (response) => response.destroy();
    await assert.rejects(directory.get(NEVER), /ECONNRESET/);
    await assert.rejects(directory.get(NEVER), /ECONNRESET/);
    assert.deepEqual([published.asked, told], [1, ["ECONNRESET"]]);
    published.answer = null;
    clock.advance(1_000);
    assert.equal((await directory.get(NEVER)).issuer, ISSUER);
  });
  test("are not awaited by aborted calls, and returned to the others", async (t) => {
    const { directory, published } = await setUp(t);
    const held = new Promise<ServerResponse>((resolve) => {
      published.answer = resolve;
    });
    const gone = new AbortController();
    const left = directory.get(gone.signal);
    const stays = directory.get(NEVER);
    const response = await held;
    gone.abort();
    await assert.rejects(left, /aborted/);
    response.end(JSON.stringify(published.document));
    assert.equal((await stays).issuer, ISSUER);
  });
  test("are closed with their last user", async (t) => {
    const { directory, published, told } = await setUp(t);
    published.answer = () => directory.close();
    await assert.rejects(directory.get(NEVER));
    assert.deepEqual(told, []);
  });
  const hostile: readonly (readonly [document: unknown, why: RegExp])[] = [
    [{ issuer: "https://evil.example" }, /has another issuer/],
    [{ issuer: `${ISSUER}/` }, /has another issuer/],
    [{}, /has no issuer/],
    [{ issuer: [ISSUER] }, /has no issuer/],
    [[ISSUER], /not a JSON object/],
    [null, /not a JSON object/],
    [{ issuer: ISSUER, jwks_uri: "http://id.example/keys" }, /invalid or insecure URL in jwks_uri/],
    [{ issuer: ISSUER, jwks_uri: "file:///etc/passwd" }, /invalid or insecure URL in jwks_uri/],
    [{ issuer: ISSUER, token_endpoint: { a: 1 } }, /invalid or insecure URL in token_endpoint/],
    [{ issuer: ISSUER, userinfo_endpoint: "https://u:p@id.example" }, /invalid or insecure URL in userinfo_endpoint/],
  ];
  for (const [document, why] of hostile) {
    test(`are rejected:${JSON.stringify(document)}`, async (t) => {
      const { directory, published } = await setUp(t);
      published.document = document;
      await assert.rejects(directory.get(NEVER), why);
    });
  }
});
