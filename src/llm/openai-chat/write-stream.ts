// Writes a streamed answer for a client of Chat Completions.
import type { ReplyIdentity, StreamWriter } from "../format.ts";
import type { Fault } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { FinishReason } from "../message/response.ts";
import { mergeUsage, type Usage } from "../message/usage.ts";
import { errorEvents } from "./errors.ts";
import { WORDS } from "./finish.ts";
import { writeCallProof, writeDetails } from "./reasoning-fields.ts";
import { writeUsage } from "./usage.ts";

/** What is written of one choice. */
interface Choice {
  /** Whether its role was written. */
  opened: boolean;
  /** JSON of log probabilities for the next chunk. */
  logprobs: string;
  /** The thought in progress, which its proof repeats. */
  thought: string;
  summary: boolean;
  /** Details written. */
  details: number;
  /** Calls in progress: whether they are freeform, and have arguments. */
  readonly calls: { freeform: boolean; filled: boolean }[];
}

/** Writes one chunk per call, and the usage only for clients that have asked for it. */
export class ChatStreamWriter implements StreamWriter {
  /** Every chunk up to its choices, and behind them. */
  readonly #head: string;
  readonly #tail: string;
  readonly #choices: Choice[] = [];
  readonly #asked: { readonly usage: boolean; readonly functions: boolean; readonly thoughts: boolean };
  #usage: Usage | null = null;
  #out = "";
  hasContent = false;

  constructor({ id, model, createdAt, request }: ReplyIdentity) {
    const common = JSON.stringify({ id, object: "chat.completion.chunk", created: createdAt, model });
    this.#head = `data: ${common.slice(0, -1)},"choices":[`;
    this.#tail = request.streamUsage ? '],"usage":null}\n\n' : "]}\n\n";
    this.#asked = {
      usage: request.streamUsage,
      functions: request.functions === true,
      thoughts: request.reasoning?.visible !== false,
    };
  }

  take(): string {
    const out = this.#out;
    this.#out = "";
    return out;
  }

  /** Nothing to write yet: the role goes with the first content, which shows whether there is text. */
  start(): void {}

  text(choice: number, text: string): void {
    this.#write(choice, `"content":${JSON.stringify(text)}`, true);
  }

  refusal(choice: number, text: string): void {
    this.#write(choice, `"refusal":${JSON.stringify(text)}`);
  }

  reasoning(choice: number, text: string, summary: boolean): void {
    if (!this.#asked.thoughts) return;
    const state = this.#choice(choice);
    state.thought += text;
    state.summary = summary;
    this.#write(choice, `"reasoning_content":${JSON.stringify(text)}`);
  }

  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    if (!this.#asked.thoughts) return;
    const state = this.#choice(choice);
    const { thought: text, summary } = state;
    state.thought = "";
    const details = writeDetails({ kind: "reasoning", text, summary, signature, redacted, id }, state.details);
    if (details.length === 0) return;
    state.details += details.length;
    this.#write(choice, `"reasoning_details":${JSON.stringify(details)}`);
  }

  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    this.#choice(choice).calls[tool] = { freeform, filled: false };
    if (this.#asked.functions) this.#function(choice, tool, `"name":${JSON.stringify(name)},"arguments":""`);
    else {
      const empty = freeform ? '"input":""' : '"arguments":""';
      const kind = freeform ? "custom" : "function";
      const begun = `"id":${JSON.stringify(id)},"type":"${kind}","${kind}":{"name":${JSON.stringify(name)},${empty}}`;
      this.#tool(choice, tool, begun);
    }
  }

  toolArguments(choice: number, tool: number, piece: string): void {
    const call = this.#choice(choice).calls[tool];
    if (call === undefined) return;
    call.filled = true;
    const json = JSON.stringify(piece);
    if (this.#asked.functions) this.#function(choice, tool, `"arguments":${json}`);
    else this.#tool(choice, tool, call.freeform ? `"custom":{"input":${json}}` : `"function":{"arguments":${json}}`);
  }

  toolEnd(choice: number, tool: number, signature: Signature | null): void {
    const call = this.#choice(choice).calls[tool];
    if (call === undefined || call.freeform) return;
    // Clients parse the arguments, and an empty text is no JSON.
    if (!call.filled) this.toolArguments(choice, tool, "{}");
    if (signature?.family !== "gemini" || this.#asked.functions) return;
    const proof = JSON.stringify(writeCallProof(signature)).slice(1, -1);
    this.#tool(choice, tool, `"type":"function","function":{"arguments":""},${proof}`);
  }

  logprobs(choice: number, logprobs: unknown): void {
    this.#choice(choice).logprobs = JSON.stringify(logprobs ?? null);
  }

  usage(usage: Usage): void {
    this.#usage = mergeUsage(this.#usage, usage);
  }

  finish(choice: number, reason: FinishReason): void {
    const word = this.#asked.functions && reason === "toolCalls" ? "function_call" : WORDS[reason];
    const role = this.#choice(choice).opened ? "" : '"content":""';
    this.#write(choice, role, true, `"${word}"`);
  }

  end(): void {
    if (this.#asked.usage && this.#usage !== null) {
      this.#out += `${this.#head}],"usage":${JSON.stringify(writeUsage(this.#usage))}}\n\n`;
    }
    this.#out += "data: [DONE]\n\n";
  }

  fault(fault: Fault): void {
    this.hasContent = true;
    this.#out += errorEvents(fault);
  }

  #choice(index: number): Choice {
    while (this.#choices.length <= index) {
      this.#choices.push({ opened: false, logprobs: "null", thought: "", summary: false, details: 0, calls: [] });
    }
    return this.#choices[index]!;
  }

  #tool(choice: number, tool: number, members: string): void {
    this.#write(choice, `"tool_calls":[{"index":${tool},${members}}]`);
  }

  /** Clients that declare functions know one call only. */
  #function(choice: number, tool: number, members: string): void {
    if (tool === 0) this.#write(choice, `"function_call":{${members}}`);
  }

  /** One chunk. @param members of the delta @param hasText whether they hold a text, if they are the first */
  #write(choice: number, members: string, hasText = false, finish = "null"): void {
    const state = this.#choice(choice);
    let delta = members;
    if (!state.opened) {
      state.opened = true;
      delta = `"role":"assistant",${hasText ? "" : '"content":null,'}${members}`;
    }
    this.hasContent = true;
    this.#out += `${this.#head}{"index":${choice},"delta":{${delta}},"logprobs":${state.logprobs},"finish_reason":${finish}}${this.#tail}`;
    state.logprobs = "null";
  }
}
