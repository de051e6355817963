// Passwords and keys in URLs are not shown; the rest of them is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withoutQueryValues, withoutUrlSecrets } from "../../../../src/config/text/url-secrets.ts";

for (const [text, shown] of [
  ["https://id.example/keys", "https://id.example/keys"],
  ["https://id.example/keys?key=abc&v=1", "https://id.example/keys?key=***&v=***"],
  ["https://id.example/?abc", "https://id.example/?***"],
  ["https://id.example/?key=&a", "https://id.example/?key=&***"],
  ["https://id.example/?key=a=b#c", "https://id.example/?key=***"],
  ["redis://:pass@host:6379/0", "redis://***@host:6379/0"],
  ["http://a:p@ss/w?rd@host/x", "http://***@host/x"],
  ["http://user@host", "http://***@host"],
  ['a "https://x/?k=v" and http://b:c@d/ end', 'a "https://x/?k=***" and http://***@d/ end'],
  ["mail a@b.example, what? no=url", "mail a@b.example, what? no=url"],
  ["https://login.example/{tenantid}/v2.0", "https://login.example/{tenantid}/v2.0"],
] as const) {
  test(`"${text}" is shown as "${shown}"`, () => assert.equal(withoutUrlSecrets(text), shown));
}

test("of a path the values of its query are not shown", () => {
  assert.equal(withoutQueryValues("/x?at=abc&b=c"), "/x?at=***&b=***");
  assert.equal(withoutQueryValues("/x"), "/x");
});
