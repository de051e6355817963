// Writes `tools` and `tool_choice` for a provider.

import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Tool, ToolChoice } from "../message/request.ts";
import { asFunction } from "../tools/freeform.ts";
import type { ChatContext } from "./write-context.ts";

/** `tools` and what goes with them; empty: there are none. @throws LlmError of `unsupported` */
export function writeTools({ tools, toolChoice, parallelTools }: ChatRequest, context: ChatContext): JsonObject {
  const { facts, dialect } = context.to;
  if (tools.length === 0) return {};
  if (!facts.tools) throw unsupported("A tool", "tools");
  // Servers that do not know `allowed_tools` are told of no other tools.
  const listed =
    !dialect.genuine && toolChoice?.allowed ? tools.filter(({ name }) => isAllowed(name, toolChoice)) : tools;
  return {
    tools: listed.map((tool) => writeTool(tool, context)),
    ...(toolChoice === null ? null : { tool_choice: writeChoice(toolChoice, tools, context) }),
    ...(parallelTools === null ? null : { parallel_tool_calls: parallelTools }),
  };
}

function isAllowed(name: string, { mode, allowed }: ToolChoice): boolean {
  return mode === "none" || allowed === null || allowed.includes(name);
}

function writeTool(tool: Tool, context: ChatContext): JsonObject {
  const name = context.names.out(tool.name);
  if (tool.freeform && context.to.dialect.genuine) {
    const { description, grammar } = tool;
    const custom = { name, ...(description === "" ? null : { description }), ...(grammar && { format: grammar }) };
    return context.marked({ type: "custom", custom }, tool.cache);
  }
  const { description, schema, strict } = asFunction(tool);
  const declared = {
    name,
    ...(description === "" ? null : { description }),
    parameters: schema ?? { type: "object", properties: {} },
    ...(strict === null ? null : { strict }),
  };
  return context.marked({ type: "function", function: declared }, tool.cache);
}

function writeChoice({ mode, allowed }: ToolChoice, tools: readonly Tool[], context: ChatContext): unknown {
  if (allowed === null || mode === "none") return mode;
  const only = allowed.length === 1 && mode === "required" ? allowed[0]! : null;
  if (only !== null) return chosen(only, tools, context);
  if (!context.to.dialect.genuine) return mode;
  return { type: "allowed_tools", allowed_tools: { mode, tools: allowed.map((name) => chosen(name, tools, context)) } };
}

function chosen(name: string, tools: readonly Tool[], { names, to }: ChatContext): JsonObject {
  const custom = to.dialect.genuine && tools.some((tool) => tool.name === name && tool.freeform);
  const kind = custom ? "custom" : "function";
  return { type: kind, [kind]: { name: names.out(name) } };
}
