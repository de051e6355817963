// Reads `tools` and `toolConfig` of a request.
import { optionalList, optionalObject, optionalText } from "../json/fields.ts";
import { isObject, type JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Tool, ToolChoice } from "../message/request.ts";
import { camelFields } from "./camel-case.ts";
import { fromOpenApi } from "./open-api-schema.ts";

/** Fields of a declaration without a counterpart: they describe the result, or how a live session waits for it. */
const HINTS = ["response", "responseJsonSchema"];

/** Functions are tools; whatever else is declared runs at Google. @throws LlmError `invalid` */
export function readTools(tools: readonly unknown[], losses: Losses): readonly Tool[] {
  return tools.flatMap((each, index) => {
    if (!isObject(each)) throw invalid(`tools[${index}]`, "must be an object");
    const tool = camelFields(each);
    for (const key of Object.keys(tool)) {
      if (key !== "functionDeclarations" && (tool[key] ?? null) !== null) losses.native(`tool ${key}`);
    }
    const at = `tools[${index}].functionDeclarations`;
    const functions = optionalList(tool, "functionDeclarations", at);
    return functions.map((declaration, place) => readDeclaration(declaration, `${at}[${place}]`, losses));
  });
}

function readDeclaration(written: unknown, at: string, losses: Losses): Tool {
  if (!isObject(written)) throw invalid(at, "must be an object");
  const declaration = camelFields(written);
  const name = optionalText(declaration, "name", `${at}.name`) ?? "";
  if (name === "") throw invalid(`${at}.name`, "is missing");
  for (const key of HINTS) if ((declaration[key] ?? null) !== null) losses.drop(`functionDeclarations.${key}`);
  if (declaration.behavior === "NON_BLOCKING") losses.native("functionDeclarations.behavior");
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
export function readToolChoice(written: JsonObject, losses: Losses): ToolChoice | null {
  const config = camelFields(written);
  for (const key of Object.keys(config)) {
    if (key !== "functionCallingConfig" && (config[key] ?? null) !== null) losses.native(`toolConfig.${key}`);
  }
  const at = "toolConfig.functionCallingConfig";
  const calling = camelFields(optionalObject(config, "functionCallingConfig", at) ?? {});
  if (calling.streamFunctionCallArguments === true) losses.drop(`${at}.streamFunctionCallArguments`);
  const names = optionalList(calling, "allowedFunctionNames", `${at}.allowedFunctionNames`);
  const allowed = names.filter((name) => typeof name === "string");
  if (allowed.length < names.length) throw invalid(`${at}.allowedFunctionNames`, "must be a list of texts");
  const mode = readMode(optionalText(calling, "mode", `${at}.mode`), losses);
  if (mode === null) return allowed.length === 0 ? null : { mode: "auto", allowed };
  return { mode, allowed: allowed.length === 0 ? null : allowed };
}

function readMode(written: string | null, losses: Losses): ToolChoice["mode"] | null {
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
      losses.drop("toolConfig.functionCallingConfig.mode VALIDATED");
      return "auto";
    default:
      throw invalid("toolConfig.functionCallingConfig.mode", "must be AUTO, ANY, NONE or VALIDATED");
  }
}
