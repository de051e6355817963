// The conversation in a client's request.

import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { CacheMark, TextPart, Turn } from "../message/request.ts";
import { BlockReader } from "./read-blocks.ts";
import { cacheMark, list, malformed, member, Place, text } from "./read-fields.ts";
import { textPart } from "./read-media.ts";

/** A line that agents put before their system prompt: it is not for the model, and differs between equal prompts. */
const BILLING = /^x-anthropic-billing-header:[^\n]*\n?/;

/** `system`. @throws LlmError `invalid` */
export function readSystem(value: unknown): TextPart[] {
  return systemTexts(value)
    .map((part) => (BILLING.test(part.text) ? { ...part, text: part.text.replace(BILLING, "") } : part))
    .filter((part) => part.text !== "");
}

function systemTexts(value: unknown): TextPart[] {
  if (value === undefined || value === null) return [];
  if (typeof value === "string") return [textPart(value, null)];
  if (!Array.isArray(value)) throw invalid("system", "must be a text or a list of blocks");
  return value.map((entry, index) => {
    const place = new Place(null, "system", index);
    const block = member(entry, place);
    return textPart(text(block, "text", place), cacheMark(block, place));
  });
}

/** `messages`. @throws LlmError `invalid` */
export function readTurns(messages: unknown, losses: Losses): Turn[] {
  if (!Array.isArray(messages)) throw invalid("messages", "must be a list");
  return messages.map((value, index) => readTurn(value, new Place(null, "messages", index), losses));
}

function readTurn(value: unknown, place: Place, losses: Losses): Turn {
  const message = member(value, place);
  const { role, content } = message;
  if (role !== "user" && role !== "assistant" && role !== "system") {
    throw malformed(place, "role", "must be user, assistant or system");
  }
  if (typeof content === "string") return { role, parts: [textPart(content, null)] };
  const blocks = new BlockReader(losses);
  for (const [index, block] of list(message, "content", place, "a text or a list of blocks").entries()) {
    blocks.read(block, new Place(place, "content", index));
  }
  return { role, parts: blocks.parts };
}

/** Turns whose last part has the mark that the whole request was given. @param cache null: none was given */
export function markLast(turns: readonly Turn[], cache: CacheMark | null): readonly Turn[] {
  const turn = turns.at(-1);
  const last = turn?.parts.at(-1);
  if (cache === null || turn === undefined || last === undefined || !("cache" in last)) return turns;
  const parts = [...turn.parts.slice(0, -1), { ...last, cache: last.cache ?? cache }];
  return [...turns.slice(0, -1), { ...turn, parts }];
}
