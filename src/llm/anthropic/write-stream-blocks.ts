// Content blocks of a streamed answer, one after the other as clients expect, even if calls arrive interleaved.
import { badResponse } from "../message/fault.ts";

/** A block that is not complete, or not written. */
interface Block {
  /** Its `content_block`, as JSON, where it begins. */
  readonly start: string;
  readonly kind: "text" | "thinking" | "tool" | "redacted";
  /** Number of the call; -1: it is none. */
  readonly tool: number;
  /** What is not written yet. */
  pieces: string;
  /** Of a thought; "" none. */
  signature: string;
  begun: boolean;
  ended: boolean;
}

/** Most characters kept because a block before them is not complete. */
const MOST_HELD = 8 * 1024 * 1024;

/** Orders what is streamed. What is added is written by {@link take}. */
export class AnswerBlocks {
  /** Not completely written; the first is the one that clients see. */
  readonly #blocks: Block[] = [];
  /** Index of the first of them. */
  #index = 0;
  /** Characters of blocks that have to wait. */
  #held = 0;

  /** @throws LlmError of `badResponse` if too much has to wait */
  text(text: string): void {
    this.#add(this.#tail("text", '{"type":"text","text":""}'), text);
  }

  /** @throws LlmError of `badResponse` if too much has to wait */
  thinking(text: string): void {
    this.#add(this.#tail("thinking", THINKING), text);
  }

  /** Completes the thought before, or a thought without text. @param signature "" none */
  endThinking(signature: string): void {
    const last = this.#blocks.at(-1);
    const open = last?.kind === "thinking" && !last.ended;
    if (!open && signature === "") return;
    const block = open ? last : this.#push("thinking", THINKING, -1);
    block.signature = signature;
    block.ended = true;
  }

  redacted(data: string): void {
    this.#push("redacted", redactedStart(data), -1).ended = true;
  }

  /** @param start its `content_block` as JSON */
  tool(tool: number, start: string): void {
    this.#push("tool", start, tool);
  }

  /** @throws LlmError of `badResponse` if too much has to wait */
  toolArguments(tool: number, piece: string): void {
    const block = this.#call(tool);
    if (block !== undefined) this.#add(block, piece);
  }

  /** @param proof put before the call if that is not written yet; "" none */
  endTool(tool: number, proof: string): void {
    const block = this.#call(tool);
    if (block === undefined) return;
    block.ended = true;
    if (proof === "" || block.begun) return;
    const before = newBlock("redacted", redactedStart(proof), -1);
    before.ended = true;
    this.#blocks.splice(this.#blocks.indexOf(block), 0, before);
  }

  /** Nothing is added to any block. */
  endAll(): void {
    for (const block of this.#blocks) block.ended = true;
  }

  /** Events of all that can be written. */
  take(): string {
    let events = "";
    for (let block = this.#blocks[0]; block !== undefined; block = this.#blocks[0]) {
      events += this.#write(block);
      if (!block.ended) break;
      this.#blocks.shift();
      this.#index++;
      this.#held -= this.#blocks[0]?.pieces.length ?? 0;
    }
    return events;
  }

  #write(block: Block): string {
    const index = this.#index;
    let events = "";
    if (!block.begun) {
      block.begun = true;
      events = `event: content_block_start\ndata: {"type":"content_block_start","index":${index},"content_block":${block.start}}\n\n`;
    }
    if (block.pieces !== "") events += deltaEvent(index, DELTAS[block.kind], block.pieces);
    block.pieces = "";
    if (!block.ended) return events;
    if (block.signature !== "") events += deltaEvent(index, '"signature_delta","signature"', block.signature);
    return `${events}event: content_block_stop\ndata: {"type":"content_block_stop","index":${index}}\n\n`;
  }

  #add(block: Block, piece: string): void {
    block.pieces += piece;
    if (block === this.#blocks[0]) return;
    this.#held += piece.length;
    if (this.#held > MOST_HELD) throw badResponse("interleaved calls of great length");
  }

  /** The block at the end if it is of this kind and goes on, else a new one. */
  #tail(kind: "text" | "thinking", start: string): Block {
    const last = this.#blocks.at(-1);
    return last?.kind === kind && !last.ended ? last : this.#push(kind, start, -1);
  }

  /** What follows a text or a thought ends it; calls end by themselves. */
  #push(kind: Block["kind"], start: string, tool: number): Block {
    const last = this.#blocks.at(-1);
    if (last !== undefined && last.kind !== "tool") last.ended = true;
    const block = newBlock(kind, start, tool);
    this.#blocks.push(block);
    return block;
  }

  #call(tool: number): Block | undefined {
    return this.#blocks.find((block) => block.tool === tool && !block.ended);
  }
}

const THINKING = '{"type":"thinking","thinking":"","signature":""}';

/** Kind of block → type of its deltas, and the field of the text in them. */
const DELTAS = {
  text: '"text_delta","text"',
  thinking: '"thinking_delta","thinking"',
  tool: '"input_json_delta","partial_json"',
  redacted: "",
} as const;

function deltaEvent(index: number, delta: string, text: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":${index},"delta":{"type":${delta}:${JSON.stringify(text)}}}\n\n`;
}

function redactedStart(data: string): string {
  return `{"type":"redacted_thinking","data":${JSON.stringify(data)}}`;
}

function newBlock(kind: Block["kind"], start: string, tool: number): Block {
  return { start, kind, tool, pieces: "", signature: "", begun: false, ended: false };
}
