// Descriptors asked from a running server.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { credentials, Server, ServerCredentials, status, type UntypedHandleCall } from "@grpc/grpc-js";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { createPool } from "../../../../../src/translators/grpc-json/descriptors/pool.ts";
import { reflect } from "../../../../../src/translators/grpc-json/descriptors/reflection.ts";
import { readAnswer, writeQuestion } from "../../../../../src/translators/grpc-json/descriptors/reflection-messages.ts";
import { librarySet } from "../../../../support/library.ts";

const insecure = credentials.createInsecure();

async function listen(add: (server: Server) => void): Promise<{ server: Server; address: string }> {
  const server = new Server();
  add(server);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  return { server, address: `127.0.0.1:${port}` };
}

/** Only the service of one version, so that the other is not implemented. */
function only(version: string) {
  return (server: Server): void => {
    const all = new ReflectionService(loadFileDescriptorSetFromBuffer(Buffer.from(librarySet())));
    all.addToServer({
      addService: (service, implementation) => {
        const path = Object.values(service)[0]!.path;
        if (path.includes(`.${version}.`)) server.addService(service, implementation);
      },
    });
  };
}

describe("reflection", () => {
  for (const version of ["v1", "v1alpha"]) {
    describe(version, () => {
      let running: { server: Server; address: string };
      before(async () => {
        running = await listen(only(version));
      });
      after(() => running.server.forceShutdown());

      test("gives all files of all services, imports included", async () => {
        const bytes = await reflect({ address: running.address, credentials: insecure, deadlineMs: 5000 });
        const names = fromBinary(FileDescriptorSetSchema, bytes).file.map(({ name }) => name);
        assert.ok(
          names.some((name) => name.endsWith("common.proto")),
          names.join(),
        );
        const pool = createPool([{ name: "reflection", bytes }]);
        assert.ok(pool.target("test.library.v1.Library/Echo"));
      });
    });
  }

  test("that nobody offers is said to be missing", async () => {
    const { server, address } = await listen(() => undefined);
    try {
      await assert.rejects(reflect({ address, credentials: insecure, deadlineMs: 5000 }), {
        name: "DescriptorError",
        message: `${address}: the server offers no reflection`,
      });
    } finally {
      server.forceShutdown();
    }
  });
  test("of a server that is not there fails in time", async () => {
    const begun = performance.now();
    await assert.rejects(
      reflect({ address: "127.0.0.1:1", credentials: insecure, deadlineMs: 300 }),
      /reflection failed/,
    );
    assert.ok(performance.now() - begun < 5000);
  });

  const silent =
    (answer: UntypedHandleCall) =>
    (server: Server): void => {
      const definition = {
        path: "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        requestStream: true,
        responseStream: true,
        requestSerialize: (bytes: Buffer) => bytes,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (bytes: Buffer) => bytes,
        responseDeserialize: (bytes: Buffer) => bytes,
      };
      server.addService({ Info: definition }, { Info: answer });
    };
  type Stream = {
    on(event: "data", to: () => void): void;
    write(bytes: Buffer): void;
    end(): void;
    destroy(error: Error): void;
  };
  const cases: [name: string, answer: (call: Stream) => void, message: RegExp][] = [
    ["says nothing", () => undefined, /reflection failed/],
    ["ends at once", (call) => call.end(), /reflection failed/],
    ["answers with no message", (call) => call.on("data", () => call.write(Buffer.from([0xff]))), /reflection failed/],
    [
      "refuses",
      (call) => call.on("data", () => call.write(Buffer.from([0x3a, 4, 0x12, 2, 0x6e, 0x6f]))),
      /failed: no$/,
    ],
    [
      "fails",
      (call) => call.destroy(Object.assign(new Error("x"), { code: status.PERMISSION_DENIED })),
      /reflection failed/,
    ],
  ];
  for (const [name, answer, message] of cases) {
    test(`of a server that ${name} fails`, async () => {
      const { server, address } = await listen(silent(answer as unknown as UntypedHandleCall));
      try {
        await assert.rejects(reflect({ address, credentials: insecure, deadlineMs: 500 }), {
          name: "DescriptorError",
          message,
        });
      } finally {
        server.forceShutdown();
      }
    });
  }
  test("can be given up", async () => {
    const { server, address } = await listen(silent((() => undefined) as unknown as UntypedHandleCall));
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 50);
    try {
      await assert.rejects(
        reflect({ address, credentials: insecure, deadlineMs: 60_000, signal: abort.signal }),
        /reflection failed/,
      );
    } finally {
      server.forceShutdown();
    }
  });
});

describe("reflection messages", () => {
  test("are written by number", () => {
    assert.deepEqual(writeQuestion({ kind: "symbol", name: "a" }), Buffer.from([0x22, 1, 0x61]));
    assert.deepEqual(writeQuestion({ kind: "file", name: "a" }), Buffer.from([0x1a, 1, 0x61]));
    assert.deepEqual(writeQuestion({ kind: "services" }), Buffer.from([0x3a, 1, 0x2a]));
  });
  test("are read past fields that are not needed", () => {
    const bytes = Buffer.from([0x0a, 1, 0x61, 0x32, 5, 0x0a, 3, 0x0a, 1, 0x62, 0x50, 1]);
    assert.deepEqual(readAnswer(bytes), { files: [], services: ["b"], error: "" });
  });
});
