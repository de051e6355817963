// Reads `tools` and `toolConfig` of a request.
import { optionalList, optionalObject, optionalText } from "../json/fields.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";
import type { Notes } from "./notes.ts";
import { fromOpenApi } from "./open-api-schema.ts";

/** Fields of a declaration without a counterpart: they describe the result, or how a live session waits for it. */
const HINTS = ["response", "responseJsonSchema"];

/** Functions are tools; whatever else is declared runs at Google. @throws LlmError `invalid` */
export function readTools(tools: readonly unknown[], notes: Notes): readonly Tool[] {
  return tools.flatMap((each, index) => {
    if (!isObject(each)) throw invalid(`tools[${index}]`, "must be an object");
    const tool = camelFields(each);
    for (const key of Object.keys(tool)) {
      if (key !== "functionDeclarations" && (tool[key] ?? null) !== null) notes.nativeOnly.add(`tool ${key}`);
    }
    const at = `tools[${index}].functionDeclarations`;
    const functions = optionalList(tool, "functionDeclarations", at);
    return functions.map((declaration, place) => readDeclaration(declaration, `${at}[${place}]`, notes));
  });
}

function readDeclaration(written: unknown, at: string, notes: Notes): Tool {
  if (!isObject(written)) throw invalid(at, "must be an object");
  const declaration = camelFields(written);
  const name = optionalText(declaration, "name", `${at}.name`) ?? "";
  if (name === "") throw invalid(`${at}.name`, "is missing");
  for (const key of HINTS) if ((declaration[key] ?? null) !== null) notes.droppable.add(`functionDeclarations.${key}`);
  if (declaration.behavior === "NON_BLOCKING") notes.nativeOnly.add("functionDeclarations.behavior");
  return {
    name,
    description: optionalText(declaration, "description", `${at}.description`) ?? "",
    schema: readParameters(declaration, at),
    strict: null,
    grammar: null,
    freeform: false,
    namespace: null,
    cache: null,
  };
}

function readParameters(declaration: JsonObject, at: string): JsonObject | null {
  const own = optionalObject(declaration, "parameters", `${at}.parameters`);
  const json = optionalObject(declaration, "parametersJsonSchema", `${at}.parametersJsonSchema`);
  if (own === null) return json;
  if (json !== null) throw invalid(`${at}.parameters`, "cannot be combined with parametersJsonSchema");
  return fromOpenApi(own, `${at}.parameters`);
}

/** @returns null: it is not said @throws LlmError `invalid` */
export function readToolChoice(written: JsonObject, notes: Notes): ToolChoice | null {
  const config = camelFields(written);
  for (const key of Object.keys(config)) {
    if (key !== "functionCallingConfig" && (config[key] ?? null) !== null) notes.nativeOnly.add(`toolConfig.${key}`);
  }
  const at = "toolConfig.functionCallingConfig";
  const calling = camelFields(optionalObject(config, "functionCallingConfig", at) ?? {});
  if (calling.streamFunctionCallArguments === true) notes.droppable.add(`${at}.streamFunctionCallArguments`);
  const names = optionalList(calling, "allowedFunctionNames", `${at}.allowedFunctionNames`);
  const allowed = names.filter((name) => typeof name === "string");
  if (allowed.length < names.length) throw invalid(`${at}.allowedFunctionNames`, "must be a list of texts");
  const mode = readMode(optionalText(calling, "mode", `${at}.mode`), notes);
  if (mode === null) return allowed.length === 0 ? null : { mode: "auto", allowed };
  return { mode, allowed: allowed.length === 0 ? null : allowed };
}

function readMode(written: string | null, notes: Notes): ToolChoice["mode"] | null {
  switch ((written ?? "MODE_UNSPECIFIED").toUpperCase()) {
    case "MODE_UNSPECIFIED":
      return null;
    case "AUTO":
      return "auto";
    case "ANY":
      return "required";
    case "NONE":
      return "none";
    case "VALIDATED":
      notes.droppable.add("toolConfig.functionCallingConfig.mode VALIDATED");
      return "auto";
    default:
      throw invalid("toolConfig.functionCallingConfig.mode", "must be AUTO, ANY, NONE or VALIDATED");
  }
}
