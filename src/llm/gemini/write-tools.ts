// Writes the tools of a request, and which of them may be called.

import { inlineRefs } from "../json/schema-refs.ts";
import type { JsonObject } from "../json/values.ts";
import type { ChatRequest, Tool, ToolChoice } from "../message/request.ts";
import { asFunction } from "../tools/freeform.ts";
import type { ToolNames } from "../tools/ids.ts";

/** `tools` and `toolConfig`; nothing where there are no tools. @param warnings gets names of what is left out or changed */
export function writeTools(request: ChatRequest, names: ToolNames, warnings: Set<string>): JsonObject {
  const { tools, toolChoice, parallelTools } = request;
  if (tools.length === 0) return {};
  if (parallelTools === false) warnings.add("parallel_tool_calls");
  const functionDeclarations = tools.map((tool, index) => writeTool(asFunction(tool), index, names, warnings));
  const calling = toolChoice === null ? null : writeChoice(toolChoice, names);
  const config = calling === null ? {} : { toolConfig: { functionCallingConfig: calling } };
  return { tools: [{ functionDeclarations }], ...config };
}

function writeTool(tool: Tool, index: number, names: ToolNames, warnings: Set<string>): JsonObject {
  if (tool.cache !== null) warnings.add("cache_control");
  if (tool.strict === true) warnings.add("tools.strict");
  const { description, schema } = tool;
  return {
    name: names.out(tool.name),
    ...(description === "" ? {} : { description }),
    ...(schema === null ? {} : { parametersJsonSchema: parameters(schema, `tools[${index}]`, warnings) }),
  };
}

function parameters(schema: JsonObject, at: string, warnings: Set<string>): JsonObject {
  const inlined = inlineRefs(schema, at);
  if (inlined.loosened) warnings.add("tools.$ref");
  return inlined.schema;
}

/** Only `ANY` and `VALIDATED`, which is `AUTO` with valid arguments, take names. */
function writeChoice({ mode, allowed }: ToolChoice, names: ToolNames): JsonObject {
  if (mode === "none") return { mode: "NONE" };
  if (allowed === null) return { mode: mode === "required" ? "ANY" : "AUTO" };
  const allowedFunctionNames = allowed.map((name) => names.out(name));
  return { mode: mode === "required" ? "ANY" : "VALIDATED", allowedFunctionNames };
}
