// The answer of one attempt in whatever order its events come: the gateway is told of one end, and of nothing behind it.
import assert from "node:assert/strict";
import { afterEach, describe, mock, test } from "node:test";
import type { RequestContext } from "../../../../src/core/context.ts";
import type { Receiver, SendFailure } from "../../../../src/core/edges.ts";
import type { Call } from "../../../../src/llm/exchange/call.ts";
import type { Choice } from "../../../../src/llm/exchange/candidates/choice.ts";
import type { AskedTarget } from "../../../../src/llm/exchange/reply/reply-part.ts";
import { ReplyReceiver } from "../../../../src/llm/exchange/reply/reply-receiver.ts";
import { openaiChat } from "../../../../src/llm/openai-chat/format.ts";

afterEach(() => mock.timers.reset());

const PART = 'data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n';
const STOP = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n';
const RESET: SendFailure = { code: "upstream_reset", progress: "responding", detail: "" };

/** A receiver between a provider that a test plays and a gateway that notes what it is told. */
function between(settings: { ttftTimeoutMs?: number; idleTimeoutMs?: number; hasSuccessor?: boolean } = {}) {
  const told: string[] = [];
  const done: (() => void)[] = [];
  const ctx = {
    status: 0,
    attempts: 1,
    requestId: "r",
    startedAt: 0,
    onDone: (cleanup: () => void) => done.push(cleanup),
    defects: { defect: () => told.push("defect") },
  };
  const call = {
    ctx: ctx as unknown as RequestContext,
    request: { format: openaiChat, stream: true, streamUsage: true, model: "m" },
    setup: { settings: { responseHeaders: false } },
    hasContent: false,
    upstreamIds: [],
    contentBegins: () => (call.hasContent = true),
    counted: () => undefined,
    used: () => undefined,
    renamedTo: () => null,
  };
  const provider = { settings: { id: "p", ttftTimeoutMs: 0, idleTimeoutMs: 1000, ...settings } };
  const credential = { hideIn: (text: string) => text, isIn: () => false, origin: "operator", fingerprint: "" };
  const choice = { candidate: { provider }, credential, request: { format: openaiChat, native: true } };
  const target: AskedTarget = {
    call: call as unknown as Call,
    choice: choice as unknown as Choice,
    hasSuccessor: settings.hasSuccessor ?? false,
    faulted: () => settings.hasSuccessor ?? false,
    answers: () => undefined,
  };
  const to: Receiver = {
    interim: () => undefined,
    head: (status) => {
      ctx.status = status;
      told.push(`head ${status}`);
    },
    data: (_chunk, _release, last) => {
      told.push(last ? "last" : "data");
      return true;
    },
    end: () => told.push("end"),
    enough: () => told.push("enough"),
    flush: () => undefined,
    failed: ({ code, progress }) => told.push(`failed ${code} ${progress}`),
  };
  const receiver = new ReplyReceiver(target, to);
  const leave = () => {
    for (const cleanup of done) cleanup();
  };
  return { receiver, told, leave };
}

const EVENTS = ["content-type", "text/event-stream"];
const ENDS = /^(last|end|enough|defect|failed .*)$/;

describe("an answer", () => {
  test("is told to end once, in whatever order a provider sends, ends, fails and falls silent", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const steps: readonly ((receiver: ReplyReceiver) => void)[] = [
      (r) => r.data(Buffer.from(PART), null, false),
      (r) => r.data(Buffer.from(STOP), null, false),
      (r) => r.data(Buffer.from(PART.slice(0, 9)), null, false),
      (r) => r.data(Buffer.from('data: {"error":{"code":500}}\n\n'), null, false),
      (r) => r.data(Buffer.from("data: ["), null, true),
      (r) => r.end(),
      (r) => r.failed(RESET),
      () => mock.timers.tick(1500),
    ];
    const heads: readonly (readonly [status: number, fields: string[]])[] = [
      [200, EVENTS],
      [200, ["content-type", "application/json"]],
      [200, ["content-type", "text/html"]],
      [429, ["content-type", "application/json"]],
    ];
    const orders = steps.flatMap((a) => steps.flatMap((b) => steps.flatMap((c) => steps.map((d) => [a, b, c, d]))));
    for (const hasSuccessor of [false, true]) {
      for (const [status, fields] of heads) {
        for (const order of orders) {
          const { receiver, told, leave } = between({ hasSuccessor });
          receiver.head(status, "", [...fields]);
          for (const step of order) step(receiver);
          mock.timers.tick(20_000);
          const ends = told.filter((event) => ENDS.test(event));
          const what = `${status} ${fields} ${order.map((step) => steps.indexOf(step))}: ${told}`;
          assert.equal(ends.length, 1, what);
          assert.equal(told.at(-1), ends[0], what);
          assert.ok(!told.includes("defect"), what);
          leave();
        }
      }
    }
  });

  test("gives what was lent back, also when nobody takes it any more", () => {
    const { receiver } = between();
    receiver.head(200, "", [...EVENTS]);
    receiver.failed(RESET);
    let released = 0;
    receiver.data(Buffer.from(PART), () => released++, false);
    assert.equal(released, 1);
  });

  test("that begins with keep-alives does not put off the next candidate", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { receiver, told, leave } = between({ ttftTimeoutMs: 500, hasSuccessor: true });
    receiver.head(200, "", [...EVENTS]);
    for (let i = 0; i < 4; i++) {
      receiver.data(Buffer.from(": on\n\n"), null, false);
      mock.timers.tick(200);
    }
    assert.deepEqual(told, ["failed upstream_timeout declined"]);
    leave();
  });

  test("that is late and has no successor may still come, but not be silent for ever", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { receiver, told, leave } = between({ ttftTimeoutMs: 500 });
    receiver.head(200, "", [...EVENTS]);
    mock.timers.tick(900);
    assert.deepEqual(told, []);
    mock.timers.tick(1000);
    assert.deepEqual(told, ["failed upstream_timeout declined"]);
    leave();
  });

  test("leaves no timer behind once its client has left", () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const { receiver, told, leave } = between();
    receiver.head(200, "", [...EVENTS]);
    leave();
    receiver.data(Buffer.from(PART), null, false);
    mock.timers.tick(10_000);
    assert.deepEqual(told, []);
  });
});
