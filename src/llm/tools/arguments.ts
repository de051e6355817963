// Arguments of tool calls, which models write as text.
import { type JsonObject, parseObject } from "../json/values.ts";

/** The arguments; null: the model has written what is no JSON object. No text means no arguments. */
export function parseArguments(text: string): JsonObject | null {
  return text.trim() === "" ? {} : parseObject(text);
}

/** The arguments for an API that takes objects only: what is none, such as text that a length limit has cut, is kept as `_raw`. */
export function argumentsOrRaw(text: string): JsonObject {
  return parseArguments(text) ?? { _raw: text };
}
