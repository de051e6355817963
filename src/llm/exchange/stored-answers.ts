// What a request refers to at the provider that made it, and what an answer makes there.
import { type Owner, unknownOwner } from "../credentials/owners.ts";
import type { FormatName } from "../format.ts";
import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import { faultOf, LlmError } from "../message/fault.ts";
import type { Part } from "../message/request.ts";
import type { Call } from "./call.ts";

/** Something kept by a provider. @param param where the request names it */
type Reference = readonly [param: string, id: string];

/** Formats whose answers are kept by their providers. */
const STATEFUL: ReadonlySet<FormatName> = new Set<FormatName>(["openai-responses"]);
/** One of these is in every request that refers to a file. */
const FILE_MARKS = ['"file_id"', '"fileUri"', '"vector_store_ids"'].map((mark) => Buffer.from(mark));

/**
 * Who has what a request refers to; null: it refers to nothing, or there is only one who can have it.
 * @throws LlmError it is not known who, another client has made it, or several accounts have parts of it
 */
export function ownerOf(call: Call): Owner | null {
  const { setup, credentials, principal } = call;
  // Clients that are not told apart, and a single account: there is nobody else who could have it.
  if (principal === "" && setup.accounts === 1) return null;
  let found: Owner | null = null;
  for (const [param, id] of referencesOf(call)) {
    const owner = setup.owners.get(principal, id, param);
    if (owner === null && !credentials.any) throw unknownOwner(param, id);
    if (owner !== null && found !== null && owner.fingerprint !== found.fingerprint) throw severalOwners(param);
    found ??= owner;
  }
  return found;
}

/** Notes who has made an answer. @param object that has its id */
export function noteMade(call: Call, object: JsonObject | null, owner: Owner): void {
  const { format, path } = call.request;
  // Gemini's models make batches and operations by other methods than those of chat.
  if (object === null || (!STATEFUL.has(format.name) && (path?.verb ?? null) === null)) return;
  const id = textOr(object.id) ?? textOr(object.name);
  if (id !== null) call.setup.owners.set(call.principal, id, owner);
}

/** To be thrown: no account has all that a request refers to. */
export function severalOwners(param: string): LlmError {
  return new LlmError(faultOf("invalid", "objects in one request must have been made with the same key", param));
}

function referencesOf(call: Call): readonly Reference[] {
  const { format, json, bytes } = call.request;
  const stored = STATEFUL.has(format.name) ? storedIn(json) : cachedIn(json);
  return FILE_MARKS.some((mark) => bytes.includes(mark)) ? [...stored, ...filesIn(call)] : stored;
}

function storedIn({ previous_response_id: previous, conversation }: JsonObject): Reference[] {
  const found: Reference[] = [];
  if (typeof previous === "string") found.push(["previous_response_id", previous]);
  const named = isObject(conversation) ? conversation.id : conversation;
  if (typeof named === "string") found.push(["conversation", named]);
  return found;
}

/** Gemini. */
function cachedIn({ cachedContent, cached_content: other = cachedContent }: JsonObject): Reference[] {
  return typeof other === "string" ? [["cachedContent", other]] : [];
}

/** Files in messages, and stores that tools search. */
function filesIn({ common, request: { json } }: Call): Reference[] {
  const found: Reference[] = [];
  for (const { parts } of common.turns) for (const part of parts) addFiles(part, found);
  for (const tool of listOr(json.tools)) {
    const stores = isObject(tool) ? listOr(tool.vector_store_ids) : [];
    for (const id of stores) if (typeof id === "string") found.push(["vector_store_ids", id]);
  }
  return found;
}

function addFiles(part: Part, found: Reference[]): void {
  if (part.kind === "toolResult") for (const inner of part.parts) addFiles(inner, found);
  else if ("source" in part && part.source.kind === "file") found.push(["file_id", part.source.id]);
}
