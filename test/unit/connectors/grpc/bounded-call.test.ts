// A call with bounds: what fits passes untouched, what does not fails the call once and silences the rest.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BoundedCall } from "../../../../src/connectors/grpc/bounded-call.ts";
import type { BodyReceiver, Receiver, RequestBody, SendFailure } from "../../../../src/core/edges.ts";

const message = (length: number) =>
  Buffer.concat([Buffer.from([0, 0, 0, length >> 8, length & 255]), Buffer.alloc(length)]);

function setUp(maxSendBytes: number, maxReceiveBytes: number) {
  const told: string[] = [];
  const failures: SendFailure[] = [];
  const receiver = {
    interim: () => told.push("interim"),
    head: () => told.push("head"),
    data: (chunk: Buffer) => {
      told.push(`data ${chunk.length}`);
      return false;
    },
    end: () => told.push("end"),
    flush: () => told.push("flush"),
    failed: (failure: SendFailure) => {
      told.push("failed");
      failures.push(failure);
    },
  } as unknown as Receiver;
  let source!: BodyReceiver;
  const body: RequestBody = {
    length: -1,
    complete: false,
    bytes: 3,
    limit: (bytes) => told.push(`limit ${bytes}`),
    start: (to) => {
      source = to;
    },
    resume: () => told.push("resume"),
  };
  const call = new BoundedCall(body, receiver, { maxSendBytes, maxReceiveBytes });
  call.call = { resume: () => undefined, abort: () => told.push("abort") };
  const sent: string[] = [];
  call.start({
    data: (chunk) => {
      sent.push(`data ${chunk.length}`);
      return false;
    },
    end: () => sent.push("end"),
  });
  return { call, told, failures, sent, source };
}

describe("a bounded call", () => {
  test("passes what fits, and the word that somebody is full", () => {
    const { call, told, sent, source } = setUp(10, 20);
    assert.equal(source.data(message(10)), false);
    source.end([]);
    call.interim(103, []);
    call.head(200, "", ["content-type", "application/grpc"], -1);
    call.flush();
    assert.equal(call.data(message(20), null, false), false);
    call.end([]);
    assert.deepEqual(sent, ["data 15", "end"]);
    assert.deepEqual(told, ["interim", "head", "flush", "data 25", "end"]);
    assert.deepEqual([call.length, call.complete, call.bytes], [-1, false, 3]);
    call.limit(7);
    call.resume();
    assert.deepEqual(told.slice(-2), ["limit 7", "resume"]);
  });
  test("a message of the client that is too large ends the call, once", () => {
    const { call, told, failures, sent, source } = setUp(10, 20);
    assert.equal(source.data(message(11)), true);
    source.data(message(11));
    source.end([]);
    call.data(message(1), null, false);
    call.end([]);
    call.failed({ code: "upstream_reset", progress: "sent", detail: "" });
    assert.deepEqual(sent, []);
    assert.deepEqual(told, ["abort", "failed"]);
    assert.deepEqual([failures[0]!.code, failures[0]!.progress], ["message_too_large", "sent"]);
  });
  test("a message of the backend that is too large ends the call, once", () => {
    const { call, told, failures, sent, source } = setUp(10, 20);
    call.head(200, "", ["content-type", "application/grpc"], -1);
    call.data(message(5), null, false);
    call.data(message(21), null, false);
    call.data(message(5), null, true);
    call.end([]);
    source.data(message(1));
    assert.deepEqual(sent, []);
    assert.deepEqual(told, ["head", "data 10", "abort", "failed"]);
    assert.equal(failures[0]!.progress, "responding");
  });
  test("a failure passes", () => {
    const { call, told } = setUp(10, 20);
    call.failed({ code: "upstream_reset", progress: "sent", detail: "" });
    assert.deepEqual(told, ["failed"]);
  });
  test("0 is no bound, for each direction by itself", () => {
    const one = setUp(0, 20);
    assert.equal(one.source.data(message(60_000)), false);
    const two = setUp(10, 0);
    assert.equal(two.call.data(message(60_000), null, false), false);
    assert.deepEqual([...one.told, ...two.told], ["data 60005"]);
  });
});
