// What an event says that passes through untranslated.
import type { EventFacts } from "../format.ts";
import { isObject, type JsonObject, listOr, objectOr } from "../json/values.ts";
import { badResponse, type Fault } from "../message/fault.ts";
import { readError } from "./errors.ts";
import { badFinish, finishOf, isBlocked, reasonOf } from "./finish.ts";
import { usageOf } from "./usage.ts";

/** @param data null: it is no JSON object */
export function eventFacts(data: JsonObject | null): EventFacts {
  if (data === null) return factsOf({ fault: badResponse("an event without a JSON object").fault });
  if (isObject(data.error)) return factsOf({ fault: readError(200, data, []) });
  const candidates = listOr(data.candidates).filter(isObject);
  const reasons = candidates.flatMap((candidate) => reasonOf(candidate) ?? []);
  const failed = reasons.find((reason) => finishOf(reason, false) === null);
  const content = candidates.some(hasContent);
  return factsOf({
    content,
    usage: usageOf(data),
    terminal: reasons.length > 0 || (candidates.length === 0 && isBlocked(data.promptFeedback)),
    // Behind content the client has to make of it what it can; before it another candidate may do better.
    fault: failed === undefined || content ? null : badFinish(failed).fault,
  });
}

function factsOf(known: Partial<EventFacts> & { readonly fault: Fault | null }): EventFacts {
  return { content: false, usage: null, usageOnly: false, terminal: false, ...known };
}

function hasContent(candidate: JsonObject): boolean {
  return listOr(objectOr(candidate.content)?.parts).some((part) => isObject(part) && part.text !== "");
}
