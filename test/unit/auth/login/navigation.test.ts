// Which requests a browser shows as a page, and which come from pages of ours.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isFromOwnSite, isNavigation } from "../../../../src/auth/login/navigation.ts";
import { contextOf } from "../../../support/context.ts";

const HTML = ["Accept", "text/html,application/xhtml+xml,*/*;q=0.8"];

test("page loads can be redirected to a login", () => {
  assert.ok(isNavigation(contextOf({ fields: HTML })));
  assert.ok(isNavigation(contextOf({ fields: ["Sec-Fetch-Mode", "navigate"] })));
});

test("requests of scripts, forms, WebSockets and other programs cannot", () => {
  const others = [
    contextOf({ fields: ["Accept", "*/*"] }),
    contextOf({ fields: ["Accept", "application/json"] }),
    contextOf(),
    contextOf({ fields: [...HTML, "Sec-Fetch-Mode", "cors"] }),
    contextOf({ fields: [...HTML, "Sec-Fetch-Mode", "no-cors"] }),
    contextOf({ fields: [...HTML, "X-Requested-With", "XMLHttpRequest"] }),
    contextOf({ fields: ["Sec-Fetch-Mode", "navigate", "Sec-Purpose", "prefetch"] }),
    contextOf({ fields: ["Sec-Fetch-Mode", "navigate"], method: "POST" }),
    contextOf({ fields: HTML, method: "HEAD" }),
    contextOf({ fields: ["Sec-Fetch-Mode", "websocket", "Accept", "text/html"], upgrade: true }),
    contextOf({ fields: HTML, upgrade: true }),
    contextOf({ fields: [...HTML, "Content-Type", "application/grpc"] }),
  ];
  for (const ctx of others) assert.ok(!isNavigation(ctx), ctx.fields.join());
});

test("a request is from the own site if its browser says so", () => {
  const from = (...fields: string[]) => isFromOwnSite(contextOf({ fields, authority: "App.example:8443" }));
  for (const site of ["same-origin", "same-site", "none"]) assert.equal(from("Sec-Fetch-Site", site), true);
  assert.equal(from("Sec-Fetch-Site", "cross-site", "Referer", "https://app.example:8443/"), false);
  assert.equal(from("Origin", "https://app.example:8443"), true);
  assert.equal(from("Referer", "http://app.example:8443/page"), true);
  for (const origin of ["https://evil.example", "https://app.example", "null", "https://app.example:8443.evil.example"])
    assert.equal(from("Origin", origin), false, origin);
  assert.equal(from("Origin", "null", "Referer", "https://app.example:8443/"), false);
  assert.equal(from(), null);
});
