// Host names and addresses: one meaning for every spelling, in instances, listeners and rules, and nothing that cannot work.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { authorityOf, hostName, plainHost } from "../../../../src/wire/authority.ts";
import { load, loadFine, withMore, withRules } from "../../../support/load.ts";

const withAddress = (address: string) => `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ { address: ${JSON.stringify(address)}, port: 80 } ] } ] } }
`;

describe("the address of an instance", () => {
  for (const [written, address] of [
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["[2001:DB8:0::1]", "2001:db8::1"],
    ["::ffff:127.0.0.1", "127.0.0.1"],
    ["[::FFFF:7f00:1]", "127.0.0.1"],
    ["fe80::0:1%eth0", "fe80::1%eth0"],
    ["[fe80::1%eth0]", "fe80::1%eth0"],
    ["127.0.0.1", "127.0.0.1"],
    ["localhost", "localhost"],
    ["localhost.", "localhost"],
    ["web.shop.svc.cluster.local.", "web.shop.svc.cluster.local."],
  ] as const) {
    test(`${written} is ${address}`, () => {
      const endpoint = loadFine(withAddress(written)).services[0]!.endpoints[0]!;
      assert.deepEqual([endpoint.address, endpoint.id], [address, `web-${address}-80`]);
    });
  }

  for (const [written, cure] of [
    ["[::1]:8080", /; write ::1, and port: 8080 as a separate key$/],
    ["[127.0.0.1]", /; only IPv6 addresses are written in brackets$/],
    ["[localhost]", /brackets$/],
    ["[::1", /brackets$/],
    ["::1]", /$/],
    [":::", /$/],
    ["127.0.0.1.", /$/],
    ["1.2.3", /$/],
    [".", /$/],
    ["a..", /$/],
    ["a b", /$/],
  ] as const) {
    test(`${written} is refused at its line`, () => {
      const { errors } = load(withAddress(written));
      assert.equal(errors.length, 1);
      assert.match(
        errors[0]!,
        new RegExp(
          `^t\\.yaml:3:\\d+: .*address: expected a host name, an IP address or unix:PATH, found .*${cure.source}`,
        ),
      );
    });
  }

  test("two spellings of one address are one instance, written twice", () => {
    const two = withAddress("::1").replace("} ] } ]", "}, { address: '[0::1]', port: 80 } ] } ]");
    assert.match(load(two).errors.join(), /duplicate instance "web-::1-80"/);
  });
});

test("the address of a listener may stand in brackets", () => {
  const { frontend, management } = loadFine(
    withMore(`  frontend: { http: { host: "[::1]" }, grpc: { host: "[0::2]" } }\n  management: { host: localhost. }\n`),
  );
  assert.deepEqual([frontend.http.host, frontend.grpc.host, management.host], ["::1", "::2", "localhost"]);
});

describe("the host of a rule", () => {
  for (const [written, sent] of [
    ["localhost.", "localhost:8080"],
    ["localhost", "LOCALHOST.:8080"],
    ["Shop.Example.", "shop.example"],
    ["::1", "[::1]:8080"],
    ["[0:0::1]", "[::1]"],
    ["[::1]", "[0:0:0:0:0:0:0:1]:80"],
    ["[2001:DB8::1]", "[2001:db8:0::1]"],
    ["::ffff:127.0.0.1", "127.0.0.1:80"],
    ["127.0.0.1", "[::ffff:127.0.0.1]:80"],
  ] as const) {
    test(`${written} is the host of Host: ${sent}`, () => {
      const rule = `{ path: /, serviceName: web, hosts: [ ${JSON.stringify(written)} ] }`;
      assert.deepEqual(loadFine(withRules(rule)).rules[0]!.conditions.hosts, [hostName(sent)]);
    });
  }

  test("spellings of one host are one host", () => {
    const rule = `{ path: /, serviceName: web, hosts: [ "::1", "[::1]", "[0::1]", "a.org", "a.org." ] }`;
    assert.deepEqual(loadFine(withRules(rule)).rules[0]!.conditions.hosts, ["[::1]", "a.org"]);
  });
});

test("what a backend is called has neither the dot of a complete name nor the zone of an address", () => {
  const at = (address: string) => authorityOf({ scheme: "http", address, port: 8080 });
  assert.equal(at("shop.example."), "shop.example:8080");
  assert.equal(at("fe80::1%eth0"), "[fe80::1]:8080");
  assert.equal(at("::1"), "[::1]:8080");
});

test("text that is no host stays as it is", () => {
  for (const text of ["", ".", "[]", "[a]", "a..", "%", "[::1]:80"]) assert.equal(plainHost(text), text);
});
