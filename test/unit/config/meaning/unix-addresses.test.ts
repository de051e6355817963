// Instances on UNIX sockets, as a configuration writes them: one spelling, no ports, paths that fit.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { printConfiguration } from "../../../../src/config/show/print.ts";
import { load, loadFine } from "../../../support/load.ts";

const text = (...instances: readonly string[]) => `gateway:
  router: { rules: [ { path: /*, serviceName: web } ] }
  registry: { static: { services: [ { name: web, instances: [ ${instances.join(", ")} ] } ] } }
`;
const endpoint = (instance: string) => loadFine(text(instance)).services[0]!.endpoints[0]!;
const errors = (...instances: readonly string[]) => load(text(...instances)).errors.join("\n");

describe("the address of a UNIX socket", () => {
  for (const [written, address] of [
    ["unix:/run/app.sock", "unix:/run/app.sock"],
    ["unix:///run/app.sock", "unix:/run/app.sock"],
    ["unix:run/app.sock", "unix:run/app.sock"],
    [`unix:/${"a".repeat(106)}`, `unix:/${"a".repeat(106)}`],
  ] as const) {
    test(`${written.slice(0, 30)} has no port, and is the id`, () => {
      const { id, address: read, port, grpcPort, scheme } = endpoint(`{ address: "${written}" }`);
      assert.deepEqual([id, read, port, grpcPort, scheme], [`web-${address}`, address, 0, 0, "http"]);
    });
  }
  for (const [written, cure] of [
    [`unix:/${"a".repeat(107)}`, /; the path of a socket has 1 to 107 bytes$/],
    [`unix:/${"ä".repeat(54)}`, /; the path of a socket has 1 to 107 bytes$/],
    ["unix:", /; the path of a socket has 1 to 107 bytes$/],
    ["/run/app.sock", /; write unix:\/run\/app.sock$/],
  ] as const) {
    test(`${written.slice(0, 20)} is refused with what to write`, () => {
      assert.match(errors(`{ address: "${written}" }`), cure);
    });
  }
});

describe("what a UNIX socket cannot have", () => {
  for (const [key, more] of [
    ["port", "port: 80"],
    ["health.port", "health: { port: 81 }"],
    ["metadata.grpcPort", "metadata: { grpcPort: 82 }"],
  ] as const) {
    test(key, () => {
      const found = errors(`{ address: "unix:/run/app.sock", ${more} }`);
      assert.match(found, new RegExp(`: ${key}: the UNIX socket unix:/run/app.sock has no port; remove it$`));
    });
  }
  test("a second instance of the same path", () => {
    const found = errors('{ address: "unix:/run/app.sock" }', '{ address: "unix:///run/app.sock" }');
    assert.match(found, /duplicate instance "web-unix:\/run\/app.sock"/);
  });
});

test("what is printed of it can be loaded again", () => {
  const config = loadFine(text('{ address: "unix:/run/app.sock", scheme: h2c }'));
  const again = loadFine(printConfiguration(config));
  assert.deepEqual(again.services[0]!.endpoints, config.services[0]!.endpoints);
});
