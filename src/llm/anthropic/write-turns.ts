// Writes `messages` and `system` for a provider: user and assistant take turns, and results of tools come first.
import type { TextPart, Turn } from "../message/request.ts";
import type { Block } from "./block.ts";
import { cacheControl } from "./cache-marks.ts";
import { type BlockWriter, textBlock } from "./write-blocks.ts";

/** A message of the provider's API. */
export interface Message {
  readonly role: "user" | "assistant";
  readonly content: readonly Block[];
}

/** `system`. */
export function writeSystem(parts: readonly TextPart[]): Block[] {
  return parts.flatMap(({ text, cache }) => {
    const block = textBlock(text);
    if (block !== null && cache !== null) block.cache_control = cacheControl(cache);
    return block === null ? [] : [block];
  });
}

/**
 * `messages`. Instructions in the middle of the conversation are put as words of the user.
 * @param warnings gets `messages[0]` if a turn of the user had to be put first
 * @throws LlmError of `unsupported`
 */
export function writeMessages(turns: readonly Turn[], blocks: BlockWriter, warnings: string[]): Message[] {
  const messages: Message[] = [];
  let open: Content | null = null;
  for (const { role, parts } of turns) {
    const speaker = role === "assistant" ? "assistant" : "user";
    for (const part of parts) {
      const block = blocks.block(part);
      if (block === null) continue;
      if (open?.role !== speaker) {
        if (open !== null) messages.push(open.message());
        open = new Content(speaker);
      }
      open.add(block);
    }
  }
  if (open !== null) messages.push(open.message());
  if (messages[0]?.role !== "user") {
    messages.unshift({ role: "user", content: [{ type: "text", text: "Continue." }] });
    warnings.push("messages[0]");
  }
  trimEnd(messages.at(-1)!);
  return messages;
}

/** Whether the answer continues a loop of tools in a turn that the model began without a thought. */
export function loopsWithoutThought(messages: readonly Message[]): boolean {
  const last = messages.findLast(({ role }) => role === "assistant");
  const answered = messages.at(-1)!.content[0]?.type === "tool_result";
  const first = last?.content[0]?.type;
  return answered && first !== "thinking" && first !== "redacted_thinking";
}

/** What one speaker says in a row. */
class Content {
  readonly role: Message["role"];
  readonly #results: Block[] = [];
  readonly #others: Block[] = [];

  constructor(role: Message["role"]) {
    this.role = role;
  }

  add(block: Block): void {
    (block.type === "tool_result" ? this.#results : this.#others).push(block);
  }

  message(): Message {
    return { role: this.role, content: [...this.#results, ...this.#others] };
  }
}

/** The provider refuses an answer begun with blanks at its end. */
function trimEnd({ role, content }: Message): void {
  const last = content.at(-1);
  if (role === "assistant" && typeof last?.text === "string") last.text = last.text.trimEnd();
}
