// Reads `tools` and `tool_choice` of a client's request.

import { optionalList } from "../json/fields.ts";
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid, type LlmError } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { cacheMark } from "./read-parts.ts";

/** Reads `tools`, or the deprecated `functions`. @throws LlmError `invalid` */
export function readTools(body: JsonObject, losses: Losses): readonly Tool[] {
  const tools: Tool[] = [];
  for (const [index, tool] of optionalList(body, "tools").entries()) {
    if (!isObject(tool)) throw invalid(`tools[${index}]`, "must be an object");
    if (tool.type === "function") tools.push(readTool(tool.function, tool, "function", index));
    else if (tool.type === "custom") tools.push(readTool(tool.custom, tool, "custom", index));
    else if (typeof tool.type === "string") losses.native(`tool ${tool.type}`);
    else throw invalid(`tools[${index}].type`, "must be function or custom");
  }
  for (const [index, old] of optionalList(body, "functions").entries()) {
    tools.push(readTool(old, {}, "old", index));
  }
  return tools;
}

type Kind = "function" | "custom" | "old";

function readTool(declared: unknown, tool: JsonObject, kind: Kind, index: number): Tool {
  if (!isObject(declared)) throw malformed(kind, index, "", "must be an object");
  const { name, description = null, strict = null } = declared;
  const schema = (kind === "custom" ? null : declared.parameters) ?? null;
  const grammar = (kind === "custom" ? declared.format : null) ?? null;
  if (typeof name !== "string" || name === "") throw malformed(kind, index, ".name", "must be a text");
  if (description !== null && typeof description !== "string") {
    throw malformed(kind, index, ".description", "must be a text");
  }
  if (schema !== null && !isObject(schema)) throw malformed(kind, index, ".parameters", "must be an object");
  if (grammar !== null && !isObject(grammar)) throw malformed(kind, index, ".format", "must be an object");
  if (strict !== null && typeof strict !== "boolean") throw malformed(kind, index, ".strict", "must be true or false");
  return {
    name,
    description: description ?? "",
    schema,
    strict,
    grammar,
    freeform: kind === "custom",
    namespace: null,
    cache: cacheMark(tool) ?? cacheMark(declared),
  };
}

function malformed(kind: Kind, index: number, key: string, what: string): LlmError {
  return invalid(`${kind === "old" ? `functions[${index}]` : `tools[${index}].${kind}`}${key}`, what);
}

/** Reads `tool_choice`, or the deprecated `function_call`; null: not said. @throws LlmError `invalid` */
export function readToolChoice(body: JsonObject, losses: Losses): ToolChoice | null {
  const choice = body.tool_choice ?? null;
  if (choice !== null) return readChoice(choice, losses);
  const old = body.function_call ?? null;
  if (old === null) return null;
  return readChoice(isObject(old) ? { type: "function", function: old } : old, losses);
}

function readChoice(choice: unknown, losses: Losses): ToolChoice | null {
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice, allowed: null };
  // So says Mistral.
  if (choice === "any") return { mode: "required", allowed: null };
  if (!isObject(choice)) throw invalid("tool_choice", "must be auto, none, required, or an object");
  if (choice.type === "allowed_tools") return readAllowed(choice.allowed_tools);
  const tool = choice.type === "custom" ? choice.custom : choice.function;
  if (choice.type !== "custom" && choice.type !== "function") {
    losses.native(`tool_choice ${textOr(choice.type) ?? ""}`);
    return null;
  }
  return { mode: "required", allowed: [chosenName(tool, `tool_choice.${choice.type}.name`)] };
}

function readAllowed(value: unknown): ToolChoice {
  const { mode, tools } = isObject(value) ? value : {};
  if (mode !== "auto" && mode !== "required")
    throw invalid("tool_choice.allowed_tools.mode", "must be auto or required");
  if (!Array.isArray(tools)) throw invalid("tool_choice.allowed_tools.tools", "must be a list");
  const allowed = tools.map((tool: unknown, index) => {
    const named = isObject(tool) ? (tool.function ?? tool.custom ?? tool) : tool;
    return chosenName(named, `tool_choice.allowed_tools.tools[${index}]`);
  });
  return { mode, allowed };
}

function chosenName(tool: unknown, place: string): string {
  const name = isObject(tool) ? textOr(tool.name) : null;
  if (name === null) throw invalid(place, "must name a tool");
  return name;
}
