// What a request refers to at the provider that made it, and what an answer makes there (Responses).
import type { Owner } from "../credentials/owners.ts";
import { unknownOwner } from "../credentials/owners.ts";
import type { FormatName } from "../format.ts";
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import type { Call } from "./call.ts";

/** Formats whose answers are kept by their providers. */
const STATEFUL: ReadonlySet<FormatName> = new Set<FormatName>(["openai-responses"]);

/**
 * Who has what a request refers to; null: it refers to nothing, or there is only one who can have it.
 * @throws LlmError `notFound`: it is not known who
 */
export function ownerOf({ request: { format, json }, setup, credentials, principal }: Call): Owner | null {
  if (!STATEFUL.has(format.name)) return null;
  for (const [param, id] of references(json)) {
    const owner = setup.owners.get(principal, id, param);
    if (owner !== null) return owner;
    // Clients that are not told apart, and a single account: there is nobody else who could have it.
    const isSingle = principal === "" && setup.accounts === 1;
    if (!isSingle && !credentials.any) throw unknownOwner(param, id);
  }
  return null;
}

/** Notes who has made an answer. @param object that has its id */
export function noteMade(call: Call, object: JsonObject | null, owner: Owner): void {
  if (object === null || !STATEFUL.has(call.request.format.name)) return;
  const id = textOr(object.id);
  if (id !== null) call.setup.owners.set(call.principal, id, owner);
}

function references({ previous_response_id: previous, conversation }: JsonObject): [param: string, id: string][] {
  const found: [string, string][] = [];
  if (typeof previous === "string") found.push(["previous_response_id", previous]);
  const named = isObject(conversation) ? conversation.id : conversation;
  if (typeof named === "string") found.push(["conversation", named]);
  return found;
}
