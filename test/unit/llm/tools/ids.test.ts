// Ids of calls and names of tools at other APIs, and the way back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChatRequest, Tool } from "../../../../src/llm/message/request.ts";
import type { ChatResponse } from "../../../../src/llm/message/response.ts";
import type { StreamSink } from "../../../../src/llm/message/stream-sink.ts";
import { CALL_IDS, callId, newCallId, TOOL_NAMES, ToolNames } from "../../../../src/llm/tools/ids.ts";
import { RestoredTools, restoreTools } from "../../../../src/llm/tools/restored-tools.ts";

function tool(name: string, freeform = false): Tool {
  const none = { description: "", schema: null, strict: null, grammar: null, namespace: null, cache: null };
  return { name, freeform, ...none };
}

function requestWith(...tools: readonly Tool[]): ChatRequest {
  return { tools } as unknown as ChatRequest;
}

describe("ids of calls", () => {
  test("an id that is allowed stays as it is", () => {
    assert.equal(callId("toolu_01A-b", CALL_IDS.anthropic), "toolu_01A-b");
    assert.equal(callId("call_1", CALL_IDS.openai), "call_1");
    assert.equal(callId("a1B2c3D4e", CALL_IDS.mistral), "a1B2c3D4e");
  });

  const odd = ["", "functions.read:0", "x".repeat(200), "ünïcode", "call|fc_1", "a b"];
  for (const [name, rule] of Object.entries(CALL_IDS)) {
    test(`any id becomes one that ${name} allows, the same every time and different for different ids`, () => {
      const ids = odd.map((id) => callId(id, rule));
      for (const id of ids) assert.match(id, rule.allowed);
      assert.deepEqual(
        odd.map((id) => callId(id, rule)),
        ids,
      );
      assert.equal(new Set(ids).size, odd.length);
    });
  }

  test("new ids are allowed by every API of OpenAI and Anthropic", () => {
    assert.match(newCallId(), CALL_IDS.openai.allowed);
    assert.match(newCallId(), CALL_IDS.anthropic.allowed);
    assert.notEqual(newCallId(), newCallId());
  });
});

describe("names of tools", () => {
  const long = `mcp__${"server".repeat(20)}__`;

  for (const [name, rule] of Object.entries(TOOL_NAMES)) {
    test(`names ${name} does not allow are changed, stay apart, and come back`, () => {
      const declared = ["read", "read.file", "read:file", "9lives", "lire le fichier", `${long}one`, `${long}two`];
      const names = new ToolNames(requestWith(...declared.map((each) => tool(each))), rule, true);
      const out = declared.map((each) => names.out(each));
      for (const each of out) assert.match(each, rule.allowed);
      assert.equal(new Set(out).size, declared.length);
      assert.deepEqual(
        out.map((each) => names.back(each)),
        declared,
      );
      assert.equal(names.restores, true);
    });
  }

  test("nothing is restored where every name is allowed", () => {
    const names = new ToolNames(requestWith(tool("read"), tool("raw", true)), TOOL_NAMES.openai, true);
    assert.equal(names.restores, false);
    assert.equal(names.back("unknown"), "unknown");
  });

  test("a name only the history has is changed alike and comes back", () => {
    const names = new ToolNames(requestWith(), TOOL_NAMES.openai, true);
    assert.equal(names.back(names.out("old.tool")), "old.tool");
    assert.equal(names.out("old.tool"), new ToolNames(requestWith(), TOOL_NAMES.openai, true).out("old.tool"));
  });

  test("a tool that bears the changed name of another one is refused", () => {
    const short = new ToolNames(requestWith(), TOOL_NAMES.openai, true).out("a.b");
    assert.throws(() => new ToolNames(requestWith(tool("a.b"), tool(short)), TOOL_NAMES.openai, true), /told apart/);
  });
});

describe("tools of answers", () => {
  const declared = requestWith(tool("apply.patch", true), tool("read.file"), tool("plain"));
  const names = new ToolNames(declared, TOOL_NAMES.openai, false);
  const patch = names.out("apply.patch");

  test("only freeform tools that were declared as functions are unwrapped", () => {
    assert.equal(names.wrapped(patch), true);
    assert.equal(names.wrapped("plain"), false);
    assert.equal(new ToolNames(declared, TOOL_NAMES.openai, true).wrapped(patch), false);
  });

  test("a complete answer has the names and kinds the client declared", () => {
    const call = { kind: "toolCall", id: "1", freeform: false, signature: null, cache: null } as const;
    const parts = [
      { ...call, name: patch, arguments: '{"input":"*** a\\n"}' },
      { ...call, name: names.out("read.file"), arguments: "{}" },
    ];
    const response = { choices: [{ parts }] } as unknown as ChatResponse;
    assert.deepEqual(restoreTools(response, names).choices[0]?.parts, [
      { ...call, name: "apply.patch", freeform: true, arguments: "*** a\n" },
      { ...call, name: "read.file", arguments: "{}" },
    ]);
  });

  test("a streamed answer has them too, while calls interleave", () => {
    const seen: string[] = [];
    const note =
      (kind: string) =>
      (...args: readonly unknown[]) =>
        void seen.push([kind, ...args].join(" "));
    const sink = { toolStart: note("start"), toolArguments: note("add"), toolEnd: note("end") };
    const restored = new RestoredTools(sink as unknown as StreamSink, names);
    restored.toolStart(0, 0, "a", patch, false);
    restored.toolStart(0, 1, "b", "plain", false);
    restored.toolArguments(0, 0, '{"inp');
    restored.toolArguments(0, 1, '{"input":');
    restored.toolArguments(0, 0, 'ut":"x\\');
    restored.toolArguments(0, 0, 'ty"}');
    restored.toolEnd(0, 0, null);
    restored.toolArguments(0, 1, "1}");
    restored.toolEnd(0, 1, null);
    assert.deepEqual(seen, [
      "start 0 0 a apply.patch true",
      "start 0 1 b plain false",
      'add 0 1 {"input":',
      "add 0 0 x",
      "add 0 0 \ty",
      "end 0 0 ",
      "add 0 1 1}",
      "end 0 1 ",
    ]);
  });
});
