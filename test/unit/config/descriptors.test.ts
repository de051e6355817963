// Descriptor sets and .proto sources that are missing: said where they are named, and no reason not to start.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "../../support/load.ts";

const TEXT = `gateway:
  router:
    rules:
      - path: /*
        serviceName: up
        grpc:
          protoDescriptor: no/such.desc
          protoFiles: [no/a.proto, test/golden]
          dynamicDescriptors: { directories: [no/folder] }
  registry: { static: { services: [{ name: up, type: grpc, instances: [{ address: 127.0.0.1, port: 1 }] }] } }
  backend: { grpc: { descriptors: { descriptorFiles: no/all.desc } } }
`;
const WAITS = "; rules that need it answer 503";

test("what is missing is a warning at its line, with key and cause", () => {
  assert.deepEqual(load(TEXT).warnings, [
    `t.yaml:11:54: backend.grpc.descriptors.descriptorFiles[0]: "no/all.desc": no such file${WAITS}`,
    `t.yaml:7:28: router.rules[0].grpc.protoDescriptor: "no/such.desc": no such file${WAITS}`,
    `t.yaml:9:47: router.rules[0].grpc.dynamicDescriptors.directories[0]: "no/folder": no such directory${WAITS}`,
    `t.yaml:8:24: router.rules[0].grpc.protoFiles[0]: "no/a.proto": no such file${WAITS}`,
    `t.yaml:8:36: router.rules[0].grpc.protoFiles[1]: "test/golden": this is a directory${WAITS}`,
  ]);
});
test("what an environment variable names is said of the variable", () => {
  const { warnings } = load(TEXT, { GATEWAY_BACKEND_GRPC_DESCRIPTORS_DESCRIPTORFILES: "no/env.desc" });
  const message = `backend.grpc.descriptors.descriptorFiles[0]: "no/env.desc": no such file${WAITS}`;
  assert.equal(warnings[0], `environment variable GATEWAY_BACKEND_GRPC_DESCRIPTORS_DESCRIPTORFILES: ${message}`);
});
