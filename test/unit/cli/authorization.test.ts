// What `explain` says about permissions.
import assert from "node:assert/strict";
import { test } from "node:test";
import { explainAuthorization } from "../../../src/cli/authorization.ts";
import { UsageError } from "../../../src/cli/flags.ts";
import { policiesOf } from "../../../src/cli/policies.ts";
import type { Config } from "../../../src/config/config.ts";
import { dryRun, indexRules } from "../../../src/snapshot/check/dry-run.ts";
import { loadFine } from "../../support/load.ts";

function configOf(more = ""): Config {
  return loadFine(`gateway:
  auth: { mtls: true, apikey: { keys: { ci: { hashedKey: "${"a".repeat(64)}", subject: build } } } }
  authz:
    rbac:
      skipPaths: [ /files/public ]
      policies:
        - name: shop
          roles:
            reader: { permissions: [ "orders:*:read" ], description: support }
            writer: { permissions: [ "orders:*", "/files/*:read" ], inherits: [ reader ] }
          bindings:
            user:ann: [ reader ]
            group:ops: [ writer ]
            role:ops: [ writer ]
            scope:ops: [ writer ]
            apikey:ci: [ writer ]
            claim:team=web: [ writer ]
            oauth2:corp:bob: [ writer ]
            service:job: [ reader ]
            service:build: [ reader ]
${more}
  router:
    rules:
      - { id: orders, path: "/orders/{id}", serviceName: _internal, requiredPermissions: [ "orders:{id}:{action}", "audit:{subject}" ], requireAllPermissions: false }
      - { id: files, path: /files/*, serviceName: _internal }
      - { id: open, path: /open, serviceName: _internal, metadata: { skipAuth: true, skipAuthz: true } }
`);
}

/** @param request `METHOD /path` */
function explained(request: string, who: readonly string[], config = configOf()) {
  const [method, url] = request.split(" ") as [string, string];
  const asked = { listener: "http", method, url, fields: [] };
  const { lines, denied } = explainAuthorization(config, dryRun(indexRules(config.rules), asked), asked, who);
  return { lines: lines.map((line) => line.trim()), denied };
}

test("the permission of a request is shown with what the request contains", () => {
  assert.deepEqual(explained("DELETE /orders/7", []).lines, ["permission      orders:7:delete or audit:{subject}"]);
  assert.deepEqual(explained("GET /files/a:b", []).lines, ["permission      /files/a%3Ab:read"]);
  assert.deepEqual(explained("GET /files/public/x", []).lines, ["permission      none, by authz.rbac.skipPaths"]);
  assert.deepEqual(explained("GET /open", []).lines, []);
  assert.deepEqual(explained("GET /none", ["ann"]), { lines: [], denied: false });
});

test("the decision for a client names the role and the grant", () => {
  assert.deepEqual(explained("GET /orders/7", ["user:ann"]), {
    denied: false,
    lines: [
      "permission      orders:7:read or audit:ann",
      "as user:ann: allowed",
      'orders:7:read: granted by role "reader" (support) of policy "shop": orders:*:read',
      "audit:ann: not granted by any role of this client",
    ],
  });
  const denied = explained("PUT /orders/7", ["ann", "group:other"]);
  assert.deepEqual([denied.denied, denied.lines[1]], [true, "as ann, group:other: 403 permission_denied"]);
  assert.equal(explained("GET /open", ["ann"]).lines[0], "as ann: this rule requires no permission");
  assert.equal(explained("GET /files/a;/b", ["group:ops"]).lines[1], "as group:ops: allowed");
  const { lines, denied: rejected } = explained("GET /open/..;/files/x", []);
  assert.deepEqual([lines.length, rejected], [0, false]);
  assert.deepEqual(explained("GET /files/..;/open", ["group:ops"]), {
    denied: true,
    lines: ["rejected        400 invalid_path, the path can be interpreted as one of a route with other requirements"],
  });
});

test("every kind of principal can be given", () => {
  for (const who of ["group:ops", "role:ops", "scope:ops", "apikey:ci", "claim:team=web", "oauth2:corp:bob"])
    assert.equal(explained("PUT /orders/7", [who]).denied, false, who);
  assert.equal(explained("GET /orders/7", ["service:job"]).denied, false);
  assert.match(explained("GET /orders/7", ["apikey:ci"]).lines[2]!, /granted by role "reader"/);
  assert.match(explained("GET /orders/7", ["apikey:name:ci"]).lines[2]!, /granted by role "reader"/);
  assert.equal(explained("GET /orders/7", ["user:job"]).denied, true);
  assert.throws(() => explained("GET /orders/7", ["grop:x"]), UsageError);
  assert.throws(() => explained("GET /orders/7", ["claim:x"]), UsageError);
});

test("permissive mode and defaultAllow are mentioned", () => {
  const permissive = explained("PUT /orders/7", ["ann"], configOf("      enforcementMode: permissive"));
  assert.deepEqual(
    [permissive.denied, permissive.lines[1]],
    [false, "as ann: allowed in permissive mode, otherwise 403 permission_denied"],
  );
  const unspoken = explained("PUT /files/x", ["ann"], configOf("      defaultAllow: true"));
  assert.equal(unspoken.lines[2], "/files/x:update: no role grants it, and defaultAllow is set");
  const byEmail = explained("GET /orders/7", ["ann"], configOf("      subjectKey: nick"));
  assert.equal(byEmail.denied, false);
});

test("the rule itself says what it requires", () => {
  const config = configOf("      enforcementMode: permissive");
  const texts = config.rules.map(
    (rule) => policiesOf(config, rule, undefined).find(([name]) => name === "authorization")?.[1],
  );
  assert.deepEqual(texts, [
    "orders:{id}:{action} or audit:{subject}, permissive",
    "{path}:{action}, permissive, except authz.rbac.skipPaths",
    undefined,
  ]);
});
