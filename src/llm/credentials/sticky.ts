// The identity of a conversation: what all of its requests have in common, so that they reach the same prompt cache.
import { hash } from "node:crypto";
import { getField } from "../../wire/fields.ts";
import { isObject, type JsonObject, listOr, objectOr, textOr } from "../json/values.ts";

/** Fields in which agents name their session, the most specific first. */
const SESSION_FIELDS = [
  "x-claude-code-session-id",
  "session_id",
  "session-id",
  "x-session-id",
  "conversation_id",
] as const;

/** Instructions, by the names that formats give them; a billing header within changes from request to request. */
const SYSTEM_KEYS = ["system", "instructions", "systemInstruction", "system_instruction"] as const;
const TURN_KEYS = ["messages", "input", "contents"] as const;
const BILLING_HEADER = "x-anthropic-billing-header";

/** Agents move these through a conversation. */
const MOVING_KEYS: ReadonlySet<string> = new Set(["cache_control", "prompt_cache_breakpoint"]);

/** Text that is hashed of instructions, tools and the first turn each, in UTF-16 units: long ones differ early, too. */
const MOST = 8192;
const DEEPEST = 16;

/**
 * A short hash that tells conversations apart; null: the request has nothing of one, such as a request for embeddings of no text.
 * @param body of the client, whatever its format; null: it is no JSON
 * @param principal whose conversation it is: those of different clients are different; "" unknown
 */
export function conversationOf(fields: readonly string[], body: JsonObject | null, principal: string): string | null {
  const named = sessionIn(fields) ?? (body === null ? null : (nameIn(body) ?? beginningOf(body)));
  return named === null ? null : hash("sha256", `${principal}\n${named}`, "hex").slice(0, 16);
}

function sessionIn(fields: readonly string[]): string | null {
  for (const name of SESSION_FIELDS) {
    const value = getField(fields, name);
    if (value !== undefined && value !== "") return `session ${value}`;
  }
  return null;
}

function nameIn(body: JsonObject): string | null {
  const key = textOr(body.prompt_cache_key);
  if (key !== null && key !== "") return `cache ${key}`;
  const user = textOr(objectOr(body.metadata)?.user_id);
  return user !== null && user !== "" ? `user ${user}` : null;
}

/** Instructions, names of tools, and all up to the first turn of the user; null: there is none of these. */
function beginningOf(body: JsonObject): string | null {
  const parts: string[] = [];
  for (const key of SYSTEM_KEYS) if (key in body) parts.push(textIn(body[key]));
  parts.push(textIn(listOr(body.tools).map(nameOfTool)));
  for (const key of TURN_KEYS) if (key in body) parts.push(textIn(firstTurns(body[key])));
  return parts.every((part) => part === "") ? null : parts.join("\n");
}

function nameOfTool(tool: unknown): unknown {
  if (!isObject(tool)) return tool;
  return tool.name ?? objectOr(tool.function)?.name ?? tool.functionDeclarations ?? tool.type;
}

function firstTurns(turns: unknown): unknown {
  if (!Array.isArray(turns)) return turns;
  const first = turns.findIndex((turn) => !isObject(turn) || turn.role === "user" || turn.role === undefined);
  return first === -1 ? turns : turns.slice(0, first + 1);
}

/** The texts in a value, in order, up to a length. */
function textIn(value: unknown): string {
  const found: string[] = [];
  collect(value, { found, left: MOST }, 0);
  return found.join("\n");
}

interface Collected {
  readonly found: string[];
  left: number;
}

function collect(value: unknown, into: Collected, depth: number): void {
  if (into.left <= 0 || depth > DEEPEST) return;
  if (typeof value === "string") {
    if (value.startsWith(BILLING_HEADER)) return;
    const piece = value.length > into.left ? `${value.slice(0, into.left)} ${value.length}` : value;
    into.found.push(piece);
    into.left -= piece.length + 1;
    return;
  }
  if (Array.isArray(value)) {
    for (const item of value) collect(item, into, depth + 1);
  } else if (isObject(value)) {
    for (const key in value) if (!MOVING_KEYS.has(key)) collect(value[key], into, depth + 1);
  }
}
