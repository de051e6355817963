// What an event says that passes through untranslated.
import type { EventFacts } from "../format.ts";
import { isObject, type JsonObject, objectOr, textOr } from "../json/values.ts";
import { badResponse, type Fault } from "../message/fault.ts";
import { faultOfError } from "../openai/errors.ts";
import { CANCELLED } from "./read-response.ts";
import { readUsage } from "./usage.ts";

const NOTHING: EventFacts = { content: false, usage: null, terminal: false, fault: null, usageOnly: false };
const CONTENT: EventFacts = { ...NOTHING, content: true };

/** Events without content: they may be told again by another provider. */
const STARTS: ReadonlySet<string> = new Set([
  "response.created",
  "response.in_progress",
  "response.queued",
  "response.content_part.added",
  "response.reasoning_summary_part.added",
  "keepalive",
]);
/** Items that begin empty. */
const EMPTY: ReadonlySet<unknown> = new Set(["message", "reasoning"]);
const TERMINALS: ReadonlySet<string> = new Set(["response.completed", "response.incomplete"]);
const FAILURES: ReadonlySet<string> = new Set(["response.failed", "response.cancelled", "error"]);

/** What an event says. @param data null: it is no JSON object */
export function eventFacts(name: string, data: JsonObject | null): EventFacts {
  if (data === null) return NOTHING;
  const type = textOr(data.type) ?? name;
  if (STARTS.has(type)) return NOTHING;
  if (TERMINALS.has(type)) return terminal(objectOr(data.response));
  if (FAILURES.has(type)) return { ...NOTHING, ...failure(type, data) };
  if (type === "response.output_item.added") return EMPTY.has(objectOr(data.item)?.type) ? NOTHING : CONTENT;
  if (type.startsWith("response.")) return CONTENT;
  return (data.error ?? null) === null ? NOTHING : { ...NOTHING, fault: faultOfError(data.error) };
}

function terminal(response: JsonObject | null): EventFacts {
  if (response === null) return { ...NOTHING, fault: badResponse("its last event has no response").fault };
  return { ...CONTENT, usage: usageOf(response), terminal: true };
}

function failure(type: string, data: JsonObject): { readonly fault: Fault; readonly usage: EventFacts["usage"] } {
  const response = objectOr(data.response);
  const usage = response === null ? null : usageOf(response);
  if (type === "response.cancelled") return { fault: CANCELLED, usage };
  if (type === "error") return { fault: faultOfError(isObject(data.error) ? data.error : data), usage };
  return { fault: faultOfError(response?.error), usage };
}

/** Usage of a complete answer; null: it reports none. */
export function usageOf(response: JsonObject): EventFacts["usage"] {
  return readUsage(objectOr(response.usage));
}
