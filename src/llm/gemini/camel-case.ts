// Google's APIs take every field in two spellings: `maxOutputTokens` and `max_output_tokens`.
import type { JsonObject } from "../json/values.ts";

const BREAK = /(?<=[a-z0-9])_([a-z])/g;

/**
 * The fields of a message in camel case; those that are there in both spellings as camel case has them. Not for maps, whose
 * keys are data.
 */
export function camelFields(message: JsonObject): JsonObject {
  if (!Object.keys(message).some((key) => key.includes("_"))) return message;
  const camel: Record<string, unknown> = {};
  for (const key of Object.keys(message)) {
    const name = key.replace(BREAK, (_, letter: string) => letter.toUpperCase());
    if (name === key || !Object.hasOwn(message, name)) camel[name] = message[key];
  }
  return camel;
}
