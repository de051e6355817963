// The gateway's own answers to the gRPC health protocol, asked by a real client with the protocol's messages.
import assert from "node:assert/strict";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { Client, credentials, status } from "@grpc/grpc-js";
import { type GrpcGateway, grpcGateway } from "../support/grpc.ts";

const METHOD = "/grpc.health.v1.Health/";
const WITHIN = 5000;

/** `HealthCheckRequest{service}`. */
function question(service: string): Buffer {
  const text = Buffer.from(service);
  return text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a, text.length]), text]);
}

/** `HealthCheckResponse.status`. */
function answered(bytes: Buffer): number {
  assert.equal(bytes[0], 0x08);
  return bytes[1]!;
}

const asIs = (bytes: Buffer) => bytes;

describe("grpc.health.v1.Health", () => {
  let gateway: GrpcGateway;
  let client: Client;
  before(async () => {
    const rules = [{ id: "calls", path: "/p.Service/*", serviceName: "up", protocol: "grpc" }];
    const services = { up: 1, out: [{ address: "127.0.0.1", port: 1, health: "unhealthy" }] };
    gateway = await grpcGateway({ rules, services });
    client = new Client(`127.0.0.1:${gateway.grpcPort}`, credentials.createInsecure());
  });
  after(async () => {
    client?.close();
    await gateway?.kill();
  });

  const check = (bytes: Buffer) =>
    new Promise<number>((resolve, reject) => {
      const options = { deadline: Date.now() + WITHIN };
      client.makeUnaryRequest(`${METHOD}Check`, asIs, asIs, bytes, options, (error, reply) =>
        error === null ? resolve(answered(reply!)) : reject(error),
      );
    });

  test("says SERVING for the gateway and for a service with a healthy instance", async () => {
    assert.deepEqual([await check(question("")), await check(question("up"))], [1, 1]);
  });
  test("says NOT_SERVING for a service whose instances are out", async () => {
    assert.equal(await check(question("out")), 2);
  });
  test("does not know other services", async () => {
    await assert.rejects(check(question("other")), { code: status.NOT_FOUND });
  });
  test("refuses what is no question", async () => {
    for (const bytes of [Buffer.from([0xff]), Buffer.from([0x0a, 5, 0x61]), Buffer.alloc(2000, 0x61)]) {
      await assert.rejects(check(bytes), { code: status.INVALID_ARGUMENT });
    }
  });
  test("watches: says the status at once, and ends when the client leaves or the gateway stops", async () => {
    const watch = (service: string) =>
      client.makeServerStreamRequest(`${METHOD}Watch`, asIs, asIs, question(service), {});
    const [left, kept, unknown] = [watch(""), watch(""), watch("other")];
    const first = async (call: typeof left) => answered((await once(call, "data"))[0] as Buffer);
    assert.deepEqual(await Promise.all([first(left), first(kept), first(unknown)]), [1, 1, 3]);
    const ended = once(kept, "error");
    for (const call of [left, unknown]) {
      call.on("error", () => undefined);
      call.cancel();
    }
    assert.equal(await gateway.stop(), 0);
    assert.equal(((await ended)[0] as { code: number }).code, status.UNAVAILABLE);
  });
});
