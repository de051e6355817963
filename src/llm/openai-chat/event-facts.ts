// What a chunk says that passes through untranslated.
import type { EventFacts } from "../format.ts";
import { isObject, type JsonObject, listOr } from "../json/values.ts";
import { faultIn } from "./read-stream.ts";
import { usageOf } from "./usage.ts";

/** Fields of a delta that are no content. */
const QUIET: ReadonlySet<string> = new Set(["role"]);

/** `[DONE]`, or what is no chunk. What completes an answer is its finish, as many servers send nothing behind it. */
const NOTHING: EventFacts = { content: false, usage: null, usageOnly: false, terminal: false, fault: null };

/** @param data null: it is no JSON object */
export function eventFacts(name: string, data: JsonObject | null): EventFacts {
  if (data === null) return NOTHING;
  const choices = listOr(data.choices).filter(isObject);
  const usage = usageOf(data);
  const terminal = choices.some(({ finish_reason: reason }) => Boolean(reason));
  return {
    content: terminal || choices.some(({ delta }) => isObject(delta) && hasContent(delta)),
    usage,
    usageOnly: usage !== null && choices.length === 0,
    terminal,
    fault: faultIn(name, data),
  };
}

function hasContent(delta: JsonObject): boolean {
  for (const key in delta) {
    const value = delta[key];
    if (QUIET.has(key) || value === null || value === "") continue;
    if (!Array.isArray(value) || value.length > 0) return true;
  }
  return false;
}
