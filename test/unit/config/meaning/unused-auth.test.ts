// A configuration of authentication that no rule uses is warned about: it looks protected, and is open.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../../support/load.ts";

const KEY = "hashedKey: e601bfc86b9850d828e43ff3541c68cfa690fe7bf01ce7f51c34aae5448ce6a2";

function unused(auth: string, rule = "", first = ""): boolean {
  const { warnings, errors } = load(`gateway:
  auth: { ${auth} }
  router: { rules: [ { path: /a, serviceName: web${first} }, { path: /b, serviceName: web${rule} } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: 127.0.0.1 } ] } ] } }
`);
  assert.deepEqual(errors, []);
  return warnings.some((line) => /^t\.yaml:2:\d+: auth\.apikey: no rule requires authentication/.test(line));
}

test("authentication that no rule requires is warned about", () => {
  const apikey = `apikey: { keys: { a: { ${KEY} } } }`;
  assert.equal(unused(apikey), true);
  assert.equal(unused(apikey, ", authRequired: false"), true);
});

test("nothing is said where a rule uses it, or where the file says that this is meant", () => {
  const apikey = `apikey: { keys: { a: { ${KEY} } } }`;
  for (const rule of [", authRequired: true", ", authRequired: optional", ", authType: apikey"])
    assert.equal(unused(apikey, rule), false, rule);
  for (const required of ["false", "true", "optional"])
    assert.equal(unused(`required: ${required}, ${apikey}`), false, required);
  assert.equal(unused("mtls: true"), false);
  assert.equal(unused(apikey, ", metadata: { skipAuth: true }", ", authRequired: false"), false);
});
