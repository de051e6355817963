// Reads `tools` and `tool_choice` of a client's request.
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { qualifiedName } from "./tool-names.ts";

/**
 * The tools the client has. Those that a provider would run are noted as native.
 * @param place of the list in the request
 * @throws LlmError `invalid`
 */
export function readTools(list: readonly unknown[], place: string, losses: Losses): Tool[] {
  const tools: Tool[] = [];
  for (let index = 0; index < list.length; index++) {
    readTool(list[index], null, () => `${place}[${index}]`, tools, losses);
  }
  return tools;
}

interface Group {
  readonly name: string;
  readonly description: string;
}

function readTool(value: unknown, group: Group | null, place: () => string, tools: Tool[], losses: Losses): void {
  if (!isObject(value)) throw invalid(place(), "must be an object");
  switch (value.type) {
    case "function":
      noteFields(value, losses);
      tools.push({ ...named(value, group, place), ...functionFacts(value, place), grammar: null, freeform: false });
      return;
    case "custom":
      noteFields(value, losses);
      tools.push({
        ...named(value, group, place),
        schema: null,
        strict: null,
        grammar: grammarOf(value),
        freeform: true,
      });
      return;
    case "namespace":
      if (group === null) return readNamespace(value, place, tools, losses);
  }
  if (typeof value.type !== "string") throw invalid(`${place()}.type`, "must be a text");
  losses.native("tool", value.type);
}

function readNamespace(value: JsonObject, place: () => string, tools: Tool[], losses: Losses): void {
  const group = { name: nameOf(value, place), description: textOr(value.description) ?? "" };
  const { tools: list } = value;
  if (!Array.isArray(list)) throw invalid(`${place()}.tools`, "must be a list");
  for (let index = 0; index < list.length; index++) {
    readTool(list[index], group, () => `${place()}.tools[${index}]`, tools, losses);
  }
}

function nameOf(value: JsonObject, place: () => string): string {
  const name = textOr(value.name) ?? "";
  if (name === "") throw invalid(`${place()}.name`, "must be a text");
  return name;
}

function named(value: JsonObject, group: Group | null, place: () => string) {
  const name = nameOf(value, place);
  return {
    name: qualifiedName(group?.name ?? null, name),
    description: textOr(value.description) ?? "",
    namespace: group === null ? null : { ...group, tool: name },
    cache: null,
  };
}

function functionFacts({ parameters = null, strict = null }: JsonObject, place: () => string) {
  if (parameters !== null && !isObject(parameters)) throw invalid(`${place()}.parameters`, "must be an object");
  if (strict !== null && typeof strict !== "boolean") throw invalid(`${place()}.strict`, "must be true or false");
  return { schema: parameters, strict };
}

/** As Chat Completions writes it, which has one more level. */
function grammarOf({ format }: JsonObject): JsonObject | null {
  if (!isObject(format) || format.type !== "grammar") return null;
  return { type: "grammar", grammar: { definition: format.definition, syntax: format.syntax } };
}

/** Fields of tools that only this format has. */
function noteFields(
  { async, allowed_callers: callers, defer_loading: deferred, output_schema: output }: JsonObject,
  losses: Losses,
): void {
  if (async === true) losses.native("tools[].async");
  if (Array.isArray(callers) && !callers.includes("direct")) losses.native("tools[].allowed_callers");
  if (deferred === true) losses.drop("tools[].defer_loading");
  if (isObject(output)) losses.drop("tools[].output_schema");
}

/**
 * Which tools may or must be called; null: not said.
 * @throws LlmError `invalid`
 */
export function readToolChoice(value: unknown, tools: readonly Tool[], losses: Losses): ToolChoice | null {
  if (value === undefined || value === null) return null;
  if (value === "auto" || value === "none" || value === "required") return { mode: value, allowed: null };
  if (!isObject(value)) throw invalid("tool_choice", "must be auto, none, required or an object");
  switch (value.type) {
    case "function":
    case "custom":
      return { mode: "required", allowed: [declared(value, tools, "tool_choice")] };
    case "allowed_tools":
      return readAllowed(value, tools, losses);
    default:
      if (typeof value.type !== "string") throw invalid("tool_choice.type", "must be a text");
      losses.native("tool_choice", value.type);
      return null;
  }
}

function readAllowed({ mode, tools: list }: JsonObject, tools: readonly Tool[], losses: Losses): ToolChoice {
  if (mode !== "auto" && mode !== "required") throw invalid("tool_choice.mode", "must be auto or required");
  if (!Array.isArray(list)) throw invalid("tool_choice.tools", "must be a list");
  const allowed: string[] = [];
  list.forEach((one: unknown, index) => {
    if (isObject(one) && typeof one.type === "string" && one.type !== "function" && one.type !== "custom") {
      losses.native("tool_choice", one.type);
    } else {
      allowed.push(declared(one, tools, `tool_choice.tools[${index}]`));
    }
  });
  return { mode, allowed };
}

/** Name in the common form of the tool that a choice names: of one in a namespace the name there will do. */
function declared(value: unknown, tools: readonly Tool[], place: string): string {
  const name = isObject(value) ? textOr(value.name) : null;
  if (name === null) throw invalid(`${place}.name`, "must be a text");
  const wanted = qualifiedName(isObject(value) ? textOr(value.namespace) : null, name);
  const found = tools.find((tool) => tool.name === wanted) ?? tools.find(({ namespace }) => namespace?.tool === name);
  if (found === undefined) throw invalid(`${place}.name`, "names no tool of the request");
  return found.name;
}
