// Descriptor sets and .proto sources that are missing: said where they are named.
import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test } from "node:test";
import { load } from "../../../support/load.ts";

const text = (grpc: string) => `gateway:
  router:
    rules:
      - path: /*
        serviceName: up
        grpc: ${grpc}
  registry: { static: { services: [{ name: up, type: grpc, instances: [{ address: 127.0.0.1, port: 1 }] }] } }
  backend: { grpc: { descriptors: { descriptorFiles: no/all.desc } } }
`;
const WAITS = "; rules that need it answer 503";
const tried = (path: string) => ` (${resolve(path)})`;
const LATER = text("{ dynamicDescriptors: { directories: [no/folder] } }");

test("what may appear later is a warning at its line, with key and cause", () => {
  assert.deepEqual(load(LATER).warnings, [
    `t.yaml:8:54: backend.grpc.descriptors.descriptorFiles[0]: "no/all.desc": no such file${tried("no/all.desc")}${WAITS}`,
    `t.yaml:6:53: router.rules[0].grpc.dynamicDescriptors.directories[0]: "no/folder": no such directory${tried("no/folder")}${WAITS}`,
  ]);
});
test("what a rule brings itself must be there: an error at its line, with key and cause", () => {
  assert.deepEqual(load(text("{ protoDescriptor: no/such.desc, protoFiles: [no/a.proto, test/golden] }")).errors, [
    `t.yaml:6:34: router.rules[0].grpc.protoDescriptor: "no/such.desc": no such file${tried("no/such.desc")}`,
    `t.yaml:6:61: router.rules[0].grpc.protoFiles[0]: "no/a.proto": no such file${tried("no/a.proto")}`,
    `t.yaml:6:73: router.rules[0].grpc.protoFiles[1]: "test/golden": this is a directory${tried("test/golden")}`,
  ]);
});
test("what an environment variable names is said of the variable", () => {
  const { warnings } = load(LATER, { GATEWAY_BACKEND_GRPC_DESCRIPTORS_DESCRIPTORFILES: "no/env.desc" });
  const message = `backend.grpc.descriptors.descriptorFiles[0]: "no/env.desc": no such file${tried("no/env.desc")}${WAITS}`;
  assert.equal(warnings[0], `environment variable GATEWAY_BACKEND_GRPC_DESCRIPTORS_DESCRIPTORFILES: ${message}`);
});
