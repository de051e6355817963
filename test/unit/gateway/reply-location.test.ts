// Where replies point to: references that name the instance asked become the client's, and no others.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EndpointSpec } from "../../../src/core/endpoint.ts";
import type { TargetRule } from "../../../src/core/route-settings.ts";
import { rewriteLocations } from "../../../src/gateway/reply-location.ts";
import { routeOf } from "../../support/context.ts";
import { endpoint, requestFrom } from "../../support/endpoints.ts";

interface Asked {
  readonly instance?: Partial<EndpointSpec>;
  readonly target?: Partial<TargetRule>;
  /** The client's own, of a trusted peer. */
  readonly fields?: readonly string[];
  readonly authority?: string;
  readonly url?: string;
}

const STRIPPED = { target: { strip: "/api" } };
const MOVED = { target: { strip: "/shop", prefix: "/v2/store" } };
const SECURE = { instance: { scheme: "https", port: 443 } } as const;
const NAMED = { target: { host: { name: "inner.example" } } };

/** What the client of `http://gw.example:81` reads where the backend wrote `reference`. */
function seen(reference: string, asked: Asked = {}, name = "Location"): string {
  const ctx = requestFrom("192.0.2.1", asked.fields, asked.url ?? "/x");
  ctx.authority = asked.authority ?? "gw.example:81";
  ctx.peerTrusted = asked.fields !== undefined;
  ctx.endpoint = endpoint("a", 1, { address: "10.0.0.5", port: 8080, ...asked.instance });
  ctx.route = routeOf({ target: asked.target ?? {} });
  const fields = ["X-Location", reference, name, reference];
  rewriteLocations(ctx, fields);
  assert.deepEqual([fields.length, fields[1], fields[2]], [4, reference, name]);
  return fields[3]!;
}

type Row = readonly [from: string, to: string, asked?: Asked];

const REWRITTEN: readonly Row[] = [
  ["http://10.0.0.5:8080/a?b=http://10.0.0.5:8080/#c", "http://gw.example:81/a?b=http://10.0.0.5:8080/#c"],
  ["HTTP://10.0.0.5:08080/a", "http://gw.example:81/a"],
  ["http://10.0.0.5:8080", "http://gw.example:81/"],
  ["http://10.0.0.5:8080?q", "http://gw.example:81/?q"],
  ["http://web/a", "http://gw.example:81/a", { instance: { address: "WEB.", port: 80 } }],
  ["http://Web:80/a", "http://gw.example:81/a", { instance: { address: "web", port: 80 } }],
  ["https://10.0.0.5/a", "http://gw.example:81/a", SECURE],
  ["http://[::1]:8080/a", "http://gw.example:81/a", { instance: { address: "::1" } }],
  ["http://[0:0::1]:8080/a", "http://gw.example:81/a", { instance: { address: "::1" } }],
  ["http://inner.example:80/a", "http://gw.example:81/a", NAMED],
  ["http://10.0.0.5:8080/a", "http://gw.example:81/a", NAMED],
  [
    "http://10.0.0.5:8080/a",
    "https://www.example/a",
    { fields: ["X-Forwarded-Proto", "https", "X-Forwarded-Host", "www.example"] },
  ],
  ["http://10.0.0.5:8080/x", "https://gw.example:81/x", { fields: ["X-Forwarded-Proto", "https"] }],
  ["/login", "/api/login", STRIPPED],
  ["/", "/api/", STRIPPED],
  ["/apiary", "/api/apiary", STRIPPED],
  ["http://10.0.0.5:8080/login", "http://gw.example:81/api/login", STRIPPED],
  ["http://10.0.0.5:8080", "http://gw.example:81/api", STRIPPED],
  ["/v2/store/cart?x", "/shop/cart?x", MOVED],
  ["/v2/store", "/shop", MOVED],
  ["http://10.0.0.5:8080/v2/store/cart", "http://gw.example:81/shop/cart", MOVED],
  ["http://10.0.0.5:8080/v2/other", "http://gw.example:81/v2/other", MOVED],
  ["/v2?q", "/?q", { target: { prefix: "/v2" } }],
];

const KEPT: readonly Row[] = [
  "https://10.0.0.5:8080/a",
  "http://10.0.0.5/a",
  "http://10.0.0.5:8081/a",
  "http://10.0.0.55:8080/a",
  "http://user@10.0.0.5:8080/a",
  "http://10.0.0.5:8080\\@evil.example/",
  "http://10.0.0.5:8080.evil.example/",
  "http://gw.example/a",
  "//10.0.0.5:8080/a",
  "ftp://10.0.0.5:8080/a",
  "mailto:a@b.example",
  "a/b",
  "../a",
  "?q",
  "#f",
  "",
  "/a",
].map((text) => [text, text] as const);

const KEPT_ELSEWHERE: readonly Row[] = [
  ["https://10.0.0.5/x", "https://10.0.0.5/x", { instance: { port: 80 } }],
  ["http://10.0.0.5/x", "http://10.0.0.5/x", SECURE],
  ["https://inner.example/x", "https://inner.example/x", NAMED],
  ["/api/login", "/api/login", STRIPPED],
  ["/api", "/api", STRIPPED],
  ["//evil.example/", "//evil.example/", STRIPPED],
  ["/\\evil.example/", "/\\evil.example/", STRIPPED],
  ["https://other.example/login", "https://other.example/login", STRIPPED],
  ["/v2/storefront", "/v2/storefront", MOVED],
  ["/v2//evil.example", "/v2//evil.example", { target: { prefix: "/v2" } }],
  ["http://10.0.0.5:8080/a", "http://10.0.0.5:8080/a", { target: { host: "client" } }],
  ["/login", "/login", { target: { host: "client", strip: "/api" } }],
  ["http://10.0.0.5:8080/a", "http://10.0.0.5:8080/a", { authority: "" }],
  // To the client's own URL, by HTTPS: in its terms it would lead back to itself.
  ["https://10.0.0.5/x?q", "https://10.0.0.5/x?q", { ...SECURE, url: "/x?q" }],
];

describe("a reply points the client to", () => {
  for (const [from, to, asked] of [...REWRITTEN, ...KEPT, ...KEPT_ELSEWHERE]) {
    test(`${to} where it says ${from}${asked === undefined ? "" : `, ${JSON.stringify(asked)}`}`, () => {
      assert.equal(seen(from, asked), to);
    });
  }

  test("its content in the client's terms as well", () => {
    assert.equal(seen("http://10.0.0.5:8080/a", {}, "content-location"), "http://gw.example:81/a");
  });
});
