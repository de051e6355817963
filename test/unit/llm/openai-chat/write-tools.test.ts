// Tools for OpenAI, OpenRouter and compatible servers, and the choice among them.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { JsonObject } from "../../../../src/llm/json/values.ts";
import type { ChatRequest } from "../../../../src/llm/message/request.ts";
import type { Dialect } from "../../../../src/llm/models/model.ts";
import { tool } from "../../../support/llm/common-form.ts";
import { COMPATIBLE, OPENROUTER, write } from "./provider-requests.ts";

const patch = tool("patch", {
  description: "P",
  freeform: true,
  grammar: { type: "grammar", grammar: { syntax: "lark", definition: "x" } },
});
const tools = [tool("f", { description: "F", schema: { type: "object" }, strict: true }), tool("g"), patch];
const declared = [
  { type: "function", function: { name: "f", description: "F", parameters: { type: "object" }, strict: true } },
  { type: "function", function: { name: "g", parameters: { type: "object", properties: {} } } },
];

describe("tools for providers", () => {
  test("of both kinds for OpenAI", () => {
    const { body, toolNames } = write({ tools, parallelTools: false });
    assert.deepEqual(body.tools, [
      ...declared,
      { type: "custom", custom: { name: "patch", description: "P", format: patch.grammar } },
    ]);
    assert.equal(body.parallel_tool_calls, false);
    assert.equal(toolNames, null);
  });

  test("freeform ones as functions elsewhere, and put back", () => {
    const { body, toolNames } = write({ tools }, {}, COMPATIBLE);
    const [, , made] = body.tools as readonly { readonly function: JsonObject }[];
    assert.match(String(made!.function.description), /lark grammar/);
    assert.equal(toolNames!.wrapped("patch"), true);
  });

  test("names that are too long are changed alike in tools and choice", () => {
    const long = "mcp__".padEnd(90, "x");
    const { body, toolNames } = write({
      tools: [tool(long), tool(`${long}y`)],
      toolChoice: { mode: "required", allowed: [long] },
    });
    const names = (body.tools as readonly { readonly function: { readonly name: string } }[]).map(
      (each) => each.function.name,
    );
    for (const name of names) assert.match(name, /^[a-zA-Z0-9_-]{1,64}$/);
    assert.deepEqual(body.tool_choice, { type: "function", function: { name: names[0] } });
    assert.deepEqual(
      names.map((name) => toolNames!.back(name)),
      [long, `${long}y`],
    );
  });

  test("marks of caches for OpenRouter, a warning elsewhere", () => {
    const marked = [tool("f", { cache: { ttlSeconds: 3600 } })];
    const [written] = write({ tools: marked }, {}, OPENROUTER).body.tools as readonly JsonObject[];
    assert.deepEqual(written!.cache_control, { type: "ephemeral", ttl: "1h" });
    assert.deepEqual(write({ tools: marked }).warnings, ["cache_control"]);
  });

  const fg = [tool("f"), tool("g")];
  const CHOICES: readonly (readonly [ChatRequest["toolChoice"], Partial<Dialect>, unknown, readonly string[]])[] = [
    [{ mode: "auto", allowed: null }, {}, "auto", ["f", "g"]],
    [{ mode: "none", allowed: null }, {}, "none", ["f", "g"]],
    [{ mode: "required", allowed: null }, {}, "required", ["f", "g"]],
    [{ mode: "required", allowed: ["f"] }, COMPATIBLE, { type: "function", function: { name: "f" } }, ["f"]],
    [
      { mode: "auto", allowed: ["f"] },
      {},
      {
        type: "allowed_tools",
        allowed_tools: { mode: "auto", tools: [{ type: "function", function: { name: "f" } }] },
      },
      ["f", "g"],
    ],
    [{ mode: "auto", allowed: ["f"] }, COMPATIBLE, "auto", ["f"]],
  ];
  for (const [toolChoice, dialect, written, listed] of CHOICES) {
    test(`the choice ${JSON.stringify(toolChoice)} is ${JSON.stringify(written)}`, () => {
      const { body } = write({ tools: fg, toolChoice }, {}, dialect);
      assert.deepEqual(body.tool_choice, written);
      assert.deepEqual(
        (body.tools as readonly { readonly function: JsonObject }[]).map((each) => each.function.name),
        listed,
      );
    });
  }

  test("the choice of a freeform tool", () => {
    const toolChoice = { mode: "required", allowed: ["patch"] } as const;
    assert.deepEqual(write({ tools, toolChoice }).body.tool_choice, { type: "custom", custom: { name: "patch" } });
    assert.deepEqual(write({ tools, toolChoice }, {}, COMPATIBLE).body.tool_choice, {
      type: "function",
      function: { name: "patch" },
    });
  });
});
