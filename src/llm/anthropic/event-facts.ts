// What an event says that passes through untranslated.
import type { EventFacts } from "../format.ts";
import { type JsonObject, objectOr, textOr } from "../json/values.ts";
import { faultOfError } from "./errors.ts";
import { usageOf } from "./usage.ts";

const NOTHING: EventFacts = { content: false, usage: null, usageOnly: false, terminal: false, fault: null };
const CONTENT: EventFacts = { ...NOTHING, content: true };
const TERMINAL: EventFacts = { ...NOTHING, terminal: true };

/** Blocks that hold nothing when they begin. */
const EMPTY: ReadonlySet<unknown> = new Set(["text", "thinking"]);

/** @param name of the event @param data null: it is no JSON object */
export function eventFacts(name: string, data: JsonObject | null): EventFacts {
  switch (textOr(data?.type) ?? name) {
    case "content_block_delta":
      return CONTENT;
    case "content_block_start":
      return EMPTY.has(objectOr(data?.content_block)?.type) ? NOTHING : CONTENT;
    case "message_start":
      return { ...NOTHING, usage: usageOf(objectOr(data?.message)?.usage) };
    case "message_delta":
      return { ...CONTENT, usage: usageOf(data?.usage) };
    case "message_stop":
      return TERMINAL;
    case "error":
      return { ...NOTHING, fault: faultOfError(data, 0, -1) };
    default:
      return NOTHING;
  }
}
