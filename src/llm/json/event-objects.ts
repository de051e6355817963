// The JSON objects in the `data` of one event of a provider.

import { badResponse } from "../message/fault.ts";
import { isObject, type JsonObject, parseJson } from "./values.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

/**
 * One object as a rule; several where a server has glued them together, or sends them as an array.
 * @throws LlmError of `badResponse`: there is anything else
 */
export function objectsOf(data: string): readonly JsonObject[] {
  const value = parseJson(data);
  if (isObject(value)) return [value];
  const objects = Array.isArray(value) ? value : glued(data).map(parseJson);
  if (objects.length === 0 || !objects.every(isObject)) throw badResponse("an event without a JSON object");
  return objects;
}

/** The texts of objects that follow each other; what stands between or behind them counts as one, too, unless it is blank. */
function glued(data: string): readonly string[] {
  const texts: string[] = [];
  let from = 0;
  let depth = 0;
  for (let at = 0; at < data.length; at++) {
    const unit = data.charCodeAt(at);
    if (unit === QUOTE) at = closingQuote(data, at);
    else if (unit === OPEN) depth++;
    else if (unit === CLOSE && --depth <= 0) {
      texts.push(data.slice(from, at + 1));
      from = at + 1;
      depth = 0;
    }
  }
  if (data.slice(from).trim() !== "") texts.push(data.slice(from));
  return texts;
}

function closingQuote(data: string, open: number): number {
  for (let at = open + 1; at < data.length; at++) {
    const unit = data.charCodeAt(at);
    if (unit === QUOTE) return at;
    if (unit === BACKSLASH) at++;
  }
  return data.length;
}
