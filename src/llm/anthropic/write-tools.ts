// Writes `tools` and `tool_choice` for a provider.

import type { JsonObject } from "../json/values.ts";
import { unsupported } from "../message/fault.ts";
import type { ChatRequest, Tool, ToolChoice } from "../message/request.ts";
import type { ModelFacts } from "../models/model.ts";
import { asFunction } from "../tools/freeform.ts";
import type { ToolNames } from "../tools/ids.ts";
import type { Block } from "./block.ts";
import { cacheControl } from "./cache-marks.ts";
import { argumentSchema, isLoosened, strictSchema } from "./write-schema.ts";
import type { Message } from "./write-turns.ts";

/** `tools`. @throws LlmError of `unsupported` */
export function writeTools(request: ChatRequest, names: ToolNames, facts: ModelFacts, warnings: string[]): Block[] {
  if (request.tools.length > 0 && !facts.tools) throw unsupported("calling tools", "tools");
  const { mode, allowed = null } = request.toolChoice ?? {};
  const all = allowed === null || (mode === "required" && allowed.length === 1); // one name is put as a choice
  return request.tools
    .filter(({ name }) => all || allowed.includes(name))
    .map((tool) => writeTool(asFunction(tool), names, facts, warnings));
}

function writeTool(tool: Tool, names: ToolNames, facts: ModelFacts, warnings: string[]): Block {
  const { name, description, schema, strict, cache } = tool;
  const block: Block = { name: names.out(name) };
  if (description !== "") block.description = description;
  const input = argumentSchema(schema, name);
  const strictly = strict === true && facts.schema ? strictSchema(input) : null;
  if (strict === true && strictly === null) warnings.push("tools.strict");
  if (schema !== null && isLoosened(schema)) warnings.push("tools.parameters");
  block.input_schema = strictly ?? input;
  if (strictly !== null) block.strict = true;
  if (cache !== null) block.cache_control = cacheControl(cache);
  return block;
}

/** Tools that earlier turns called and that are no longer there: the provider wants them declared. */
export function pastTools(messages: readonly Message[]): Block[] {
  const names = new Set<unknown>();
  for (const { content } of messages) for (const { type, name } of content) if (type === "tool_use") names.add(name);
  return [...names].map((name) => ({ name, input_schema: { type: "object" } }));
}

/** `tool_choice`; null: as the provider decides. */
export function writeToolChoice(
  { toolChoice, parallelTools, tools }: ChatRequest,
  names: ToolNames,
): JsonObject | null {
  if (tools.length === 0) return null;
  const single = parallelTools === null ? null : { disable_parallel_tool_use: !parallelTools };
  if (toolChoice === null) return single === null ? null : { type: "auto", ...single };
  if (toolChoice.mode === "none") return { type: "none" };
  return { ...calls(toolChoice, names), ...single };
}

function calls({ mode, allowed }: ToolChoice, names: ToolNames): JsonObject {
  if (mode === "auto") return { type: "auto" };
  return allowed?.length === 1 ? { type: "tool", name: names.out(allowed[0]!) } : { type: "any" };
}
