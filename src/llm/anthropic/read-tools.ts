// The tools of a client's request, and which of them may be called.
import { optionalFlag, optionalList, optionalObject, optionalText } from "../json/fields.ts";
import type { JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { cacheMark, flagOrNull, member, object, Place, text, textOrNull } from "./read-fields.ts";

/** `tools`. Those that the provider defines, or runs itself, are told apart by their type. @throws LlmError `invalid` */
export function readTools(body: JsonObject, losses: Losses): Tool[] {
  return optionalList(body, "tools").flatMap((value, index) => {
    const place = new Place(null, "tools", index);
    const tool = member(value, place);
    const type = textOrNull(tool, "type", place);
    if (type === null || type === "custom") return readTool(tool, place, losses);
    losses.native(`tool ${type}`);
    return [];
  });
}

function readTool(tool: JsonObject, place: Place, losses: Losses): Tool {
  const callers = tool.allowed_callers;
  if (Array.isArray(callers) && !callers.includes("direct")) losses.native("tools.allowed_callers");
  if (tool.defer_loading === true) losses.drop("tools.defer_loading");
  if (Array.isArray(tool.input_examples)) losses.drop("tools.input_examples");
  return {
    name: text(tool, "name", place),
    description: textOrNull(tool, "description", place) ?? "",
    schema: object(tool, "input_schema", place),
    strict: flagOrNull(tool, "strict", place),
    grammar: null,
    freeform: false,
    namespace: null,
    cache: cacheMark(tool, place),
  };
}

const MODES: ReadonlyMap<string, ToolChoice["mode"]> = new Map([
  ["auto", "auto"],
  ["any", "required"],
  ["none", "none"],
]);

/** `tool_choice`. @throws LlmError `invalid` */
export function readToolChoice(body: JsonObject): {
  readonly toolChoice: ToolChoice | null;
  readonly parallelTools: boolean | null;
} {
  const choice = optionalObject(body, "tool_choice");
  if (choice === null) return { toolChoice: null, parallelTools: null };
  const single = optionalFlag(choice, "disable_parallel_tool_use", "tool_choice.disable_parallel_tool_use");
  return { toolChoice: choiceOf(choice), parallelTools: single === null ? null : !single };
}

function choiceOf(choice: JsonObject): ToolChoice {
  const type = optionalText(choice, "type", "tool_choice.type") ?? "";
  const name = optionalText(choice, "name", "tool_choice.name");
  if (type === "tool" && name !== null) return { mode: "required", allowed: [name] };
  if (type === "tool") throw invalid("tool_choice.name", "is required");
  const mode = MODES.get(type);
  if (mode === undefined) throw invalid("tool_choice.type", "must be auto, any, tool or none");
  return { mode, allowed: null };
}
