// Writes `tools` and `tool_choice`: for a provider, and in answers, which repeat them.

import { isObject, type JsonObject } from "../json/values.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { asFunction } from "../tools/freeform.ts";
import { CallNames, type Spelling } from "./tool-names.ts";

/** `tools`. */
export function writeTools(tools: readonly Tool[], spelling: Spelling): JsonObject[] {
  const written: JsonObject[] = [];
  const groups = new Map<string, JsonObject[]>();
  for (const tool of tools) {
    if (tool.namespace === null || !spelling.native) {
      written.push(writeTool(tool, spelling.out(tool.name), spelling));
      continue;
    }
    const { name, description, tool: own } = tool.namespace;
    let group = groups.get(name);
    if (group === undefined) {
      group = [];
      groups.set(name, group);
      written.push({ type: "namespace", name, description, tools: group });
    }
    group.push(writeTool(tool, own, spelling));
  }
  return written;
}

function writeTool(tool: Tool, name: string, { native }: Spelling): JsonObject {
  if (tool.freeform && native) {
    const { description, grammar } = tool;
    return {
      type: "custom",
      name,
      ...(description === "" ? null : { description }),
      ...(grammar === null ? null : { format: formatOf(grammar) }),
    };
  }
  const { description, schema, strict } = asFunction(tool);
  return {
    type: "function",
    name,
    ...(description === "" ? null : { description }),
    parameters: schema ?? { type: "object", properties: {} },
    // Absent would mean strict here, unlike in every other API.
    strict: strict ?? false,
  };
}

/** Chat Completions has one level more. */
function formatOf(grammar: JsonObject): JsonObject {
  return isObject(grammar.grammar) ? { type: grammar.type, ...grammar.grammar } : grammar;
}

/** `tool_choice`. */
export function writeToolChoice({ mode, allowed }: ToolChoice, tools: readonly Tool[], spelling: Spelling): unknown {
  if (allowed === null || mode === "none") return mode;
  const names = new CallNames(tools, spelling);
  const chosen = allowed.map((name) => {
    const custom = spelling.native && tools.some((tool) => tool.name === name && tool.freeform);
    return { type: custom ? "custom" : "function", ...names.fields(name) };
  });
  return mode === "required" && chosen.length === 1 ? chosen[0] : { type: "allowed_tools", mode, tools: chosen };
}
