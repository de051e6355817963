// Published keys belong to the configurations that name them, and end with the last of these.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { LeaseTable } from "../../../../src/core/lease.ts";
import { tokenMethod } from "../../../../src/snapshot/routes/tokens.ts";
import { type PublishedKeys, publishKeys } from "../../../support/jwks.ts";
import { loadFine, withMore } from "../../../support/load.ts";
import { buildOf } from "../../../support/runtime.ts";
import { eventually } from "../../../support/setup.ts";
import { signingKey } from "../../../support/tokens.ts";

function compile(leases: LeaseTable, { url }: PublishedKeys, cache: string) {
  const jwt = { issuer: "https://id.example", audience: "api", jwksEndpoint: url, jwksCacheDuration: cache };
  const holder = leases.holder();
  const build = buildOf(loadFine(withMore(`  auth: ${JSON.stringify({ jwt })}\n`)), holder);
  tokenMethod({ methods: ["jwt"], jwt: "", oauth2: null }, build);
  return holder;
}

test("configurations that name the same keys share them, and the last one gives them back", async (t) => {
  const published = await publishKeys([signingKey("RS256", "k")]);
  t.after(() => published.close());
  const leases = new LeaseTable();
  const first = compile(leases, published, "1h");
  const second = compile(leases, published, "1h");
  assert.equal(leases.size, 1);
  const other = compile(leases, published, "2h");
  assert.equal(leases.size, 2);
  await eventually("both are fetched", () => published.asked === 2);
  for (const holder of [first, second, other]) holder.release();
  assert.equal(leases.size, 0);
});

test("a fetch under way ends with the last configuration that names the keys", async (t) => {
  const published = await publishKeys([]);
  t.after(() => published.close());
  const left = new Promise((resolve) => {
    published.answer = (response) => void once(response, "close").then(resolve);
  });
  const holder = compile(new LeaseTable(), published, "1h");
  await eventually("it is asked", () => published.asked === 1);
  holder.release();
  await left;
});
