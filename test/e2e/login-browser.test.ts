// A real browser goes through a whole login: it is led to the provider and back, its scripts are let in, and a logout ends it all.
import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { test } from "node:test";
import { openPage } from "../support/browser.ts";
import { startGateway } from "../support/gateway.ts";
import { startLogin } from "../support/login.ts";
import { soon } from "../support/setup.ts";

const LIMIT = { timeout: 90_000 };

/** Asks the application for something, and then follows a link to the logout. */
const PAGE = `<!doctype html><a href="/auth/logout">out</a><script>
fetch("/api?from=script").then((answer) => answer.text()).then(() => document.querySelector("a").click());
</script>`;

interface Seen {
  readonly url: string;
  readonly subject: string;
  readonly cookie: string;
}

test("a browser logs in, works and logs out", LIMIT, async (t) => {
  const seen: Seen[] = [];
  let last: () => void = () => undefined;
  const done = new Promise<void>((resolve) => {
    last = resolve;
  });
  const answer = ({ url = "", headers }: IncomingMessage, response: ServerResponse) => {
    if (url !== "/favicon.ico")
      seen.push({ url, subject: String(headers["x-auth-subject"]), cookie: headers.cookie ?? "" });
    response.writeHead(200, { "Content-Type": "text/html" }).end(url.startsWith("/page") ? PAGE : "x");
    if (url === "/open/bye") last();
  };
  const world = await startLogin({}, answer);
  t.after(() => world.close());
  const gateway = await startGateway(world.text({ session: { afterLogout: "/open/bye" } }));
  t.after(() => gateway.kill());
  const browser = openPage(world.at("/page?x=1"));
  t.after(() => browser.close());
  await soon(done, "the end of the logout");
  assert.deepEqual(
    seen.map(({ url, subject }) => [url, subject]),
    [
      ["/page?x=1", "ann"],
      ["/api?from=script", "ann"],
      ["/open/bye", "undefined"],
    ],
  );
  for (const { cookie } of seen) assert.doesNotMatch(cookie, /auth_token/);
  const paths = world.oidc.asked.map((what) => what.replace(/^\/auth\/.+/, "/auth/…"));
  for (const path of ["/auth", "/auth/…", "/token authorization_code", "/session/end", "/session/end/confirm"])
    assert.ok(paths.includes(path), `${path} is not among ${paths.join()}`);
});
