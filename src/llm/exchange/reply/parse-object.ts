// Reads JSON of providers, which may be anything.
import { isObject, type JsonObject } from "../../json/values.ts";

/** The object that the text is; null: it is none. */
export function parseObject(text: string | Buffer): JsonObject | null {
  try {
    const value: unknown = JSON.parse(typeof text === "string" ? text : text.toString());
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
