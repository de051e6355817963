// Writes a streamed answer for a client.
import type { ReplyIdentity, StreamWriter } from "../format.ts";
import type { Fault } from "../message/fault.ts";
import { faultOf } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { FinishReason } from "../message/response.ts";
import type { Usage } from "../message/usage.ts";
import { sealCall } from "../reasoning/sealed-thoughts.ts";
import { CALL_IDS, callId } from "../tools/ids.ts";
import { errorEvents } from "./errors.ts";
import { type Stop, writeStop } from "./finish.ts";
import { proofOf } from "./response-thinking.ts";
import { writeMessageUsage, writeUsage } from "./usage.ts";
import { AnswerBlocks } from "./write-stream-blocks.ts";

/** Tokens per character of output, where the provider does not count them. */
const TOKENS_PER_CHARACTER = 0.3;

/** Writes the events of one answer. Only the first choice: clients of this format ask for one. */
export class AnthropicStreamWriter implements StreamWriter {
  readonly #as: ReplyIdentity;
  readonly #blocks = new AnswerBlocks();
  /** Events that are not taken: the first, and one of a fault. Those between are with the blocks. */
  #start = "";
  #out = "";
  #usage: Usage | null = null;
  /** null: the model has not stopped. */
  #stop: Stop | null = null;
  #ended = false;
  #characters = 0;
  #called = false;
  #refused = false;
  /** The thought in progress where the client does not want to see it. */
  readonly #hide: boolean;
  #hidden = "";
  #summary = false;
  hasContent = false;
  /** The answer has begun: `message_start` is written with the first content, or when it is taken. */
  #open = false;
  #started = false;

  constructor(as: ReplyIdentity) {
    this.#as = as;
    this.#hide = as.request.reasoning?.visible === false;
  }

  start(): void {
    this.#open = true;
  }

  text(choice: number, text: string): void {
    if (choice !== 0 || text === "") return;
    this.#content(text.length);
    this.#blocks.text(text);
  }

  refusal(choice: number, text: string): void {
    if (choice === 0) this.#refused = true;
    this.text(choice, text);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    if (choice !== 0 || text === "") return;
    this.#summary = summary;
    if (this.#hide) {
      this.#characters += text.length;
      this.#hidden += text;
      return;
    }
    this.#content(text.length);
    this.#blocks.thinking(text);
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    if (choice !== 0) return;
    const proof = proofOf({ text: this.#hidden, summary: this.#summary, signature, redacted, id }, this.#hide);
    this.#hidden = "";
    this.#summary = false;
    if (proof !== "") this.#content(0);
    if (!redacted) this.#blocks.endThinking(proof);
    else if (proof !== "") this.#blocks.redacted(proof);
  }

  toolStart(choice: number, tool: number, id: string, name: string): void {
    if (choice !== 0) return;
    this.#content(name.length);
    this.#called = true;
    const block = { type: "tool_use", id: callId(id, CALL_IDS.anthropic), name, input: {}, caller: { type: "direct" } };
    this.#blocks.tool(tool, JSON.stringify(block));
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    if (choice !== 0 || piece === "") return;
    this.#content(piece.length);
    this.#blocks.toolArguments(tool, piece);
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    if (choice === 0) this.#blocks.endTool(tool, signature === null ? "" : sealCall(signature, "anthropic"));
  }

  logprobs(): void {
    // The format has none, so that no client of it asks for them.
  }

  usage(usage: Usage): void {
    this.#usage = usage;
  }

  finish(choice: number, reason: FinishReason, stopSequence: string | null): void {
    if (choice !== 0 || this.#stop !== null) return;
    this.#content(0);
    this.#blocks.endAll();
    this.#stop = writeStop(reason, stopSequence, this.#called, this.#refused);
  }

  end(): void {
    if (this.#stop === null) {
      this.fault(faultOf("badGateway", "The provider ended the answer without saying why it stopped"));
      return;
    }
    this.#ended = true;
  }

  fault(fault: Fault): void {
    this.hasContent = true;
    this.#out = errorEvents(fault, null);
  }

  take(): string {
    if (this.#open) this.#writeStart();
    const events = this.#start + this.#blocks.take() + (this.#ended ? this.#messageEnd() : "") + this.#out;
    this.#start = "";
    this.#out = "";
    this.#ended = false;
    return events;
  }

  #content(characters: number): void {
    this.hasContent = true;
    this.#writeStart();
    this.#characters += characters;
  }

  /** Before content, so that what it says does not depend on when events are taken. */
  #writeStart(): void {
    if (this.#started) return;
    this.#started = true;
    const { id, model } = this.#as;
    const usage = this.#usageSoFar();
    const message = {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      stop_details: null,
      container: null,
      // Clients take 0 for a provider that does not count.
      usage: writeMessageUsage({ ...usage, input: Math.max(1, usage.input), output: 0, reasoning: 0 }, null),
    };
    this.#start = event("message_start", { type: "message_start", message });
  }

  #messageEnd(): string {
    const usage = writeUsage(this.#usageSoFar());
    const delta = { type: "message_delta", delta: { ...this.#stop, container: null }, usage };
    return event("message_delta", delta) + event("message_stop", { type: "message_stop" });
  }

  #usageSoFar(): Usage {
    if (this.#usage !== null) return this.#usage;
    const output = Math.ceil(this.#characters * TOKENS_PER_CHARACTER);
    const input = Math.max(1, this.#as.inputEstimate);
    return { input, cacheRead: 0, cacheWrite: 0, cacheWriteLong: 0, output, reasoning: 0 };
  }
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}
