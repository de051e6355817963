// Legacy text completions, which are only passed to providers that have them.
import type { EventFacts, WireFormat } from "../format.ts";
import { isObject, listOr } from "../json/values.ts";
import type { Formats } from "./setup.ts";

const MADE = new WeakMap<Formats, WireFormat>();

/** As chat, but for where the text of an event is. */
export function completionsFormat(formats: Formats): WireFormat {
  let made = MADE.get(formats);
  if (made === undefined) {
    const chat = formats["openai-chat"];
    made = { ...chat, provider: { ...chat.provider, eventFacts } };
    MADE.set(formats, made);
  }
  return made;

  function eventFacts(name: string, data: Parameters<WireFormat["provider"]["eventFacts"]>[1]): EventFacts {
    const facts = formats["openai-chat"].provider.eventFacts(name, data);
    const content = listOr(data?.choices).some((choice) => isObject(choice) && typeof choice.text === "string");
    return content ? { ...facts, content } : facts;
  }
}
