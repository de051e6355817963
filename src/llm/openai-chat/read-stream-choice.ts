// Reads one choice of a streamed answer.
import { isObject, type JsonObject, listOr, objectOr, textOr } from "../json/values.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { readFinish } from "./finish.ts";
import { partThought } from "./read-response.ts";
import { CallReader } from "./read-stream-calls.ts";
import { familyOf, plainThought } from "./reasoning-fields.ts";

/** Reads the deltas of one choice. Its finish is told last, since some servers go on after it. */
export class ChoiceReader {
  readonly #sink: StreamSink;
  readonly #index: number;
  readonly #calls: CallReader;
  /** The chunk's choice that said why it ended; null: none yet. */
  #finish: JsonObject | null = null;
  /** A thought is in progress; whether it is a summary. */
  #thought: "none" | "text" | "summary" = "none";
  /** Whether anything but thoughts has come. */
  #answered = false;

  constructor(sink: StreamSink, index: number) {
    this.#sink = sink;
    this.#index = index;
    this.#calls = new CallReader(sink, index);
  }

  /** Whether the server has said why it ended. */
  get finished(): boolean {
    return this.#finish !== null;
  }

  /** A member of `choices`. @throws LlmError */
  add(choice: JsonObject): void {
    const delta = objectOr(choice.delta);
    if (delta !== null) this.#addDelta(delta, objectOr(choice.logprobs));
    if (this.#finish !== null || !choice.finish_reason) return;
    readFinish(choice, false);
    this.#finish = choice;
  }

  /** Nothing more comes; the choice has {@link finished}. @throws LlmError */
  end(): void {
    this.#endThought();
    this.#calls.end();
    const { reason, stopSequence } = readFinish(this.#finish!, this.#calls.called);
    this.#sink.finish(this.#index, reason, stopSequence);
  }

  #addDelta(delta: JsonObject, logprobs: JsonObject | null): void {
    this.#addThoughts(delta);
    if (logprobs !== null) this.#sink.logprobs(this.#index, logprobs);
    const { content } = delta;
    if (typeof content === "string") this.#addText(content);
    else if (Array.isArray(content)) this.#addParts(content);
    const refusal = textOr(delta.refusal);
    if (refusal) {
      this.#answer();
      this.#sink.refusal(this.#index, refusal);
    }
    for (const call of listOr(delta.tool_calls)) {
      this.#answer();
      if (isObject(call)) this.#calls.add(call);
    }
    if (isObject(delta.function_call)) {
      this.#answer();
      this.#calls.addFunction(delta.function_call);
    }
  }

  #addText(text: string): void {
    if (text === "") return;
    this.#answer();
    this.#sink.text(this.#index, text);
  }

  /** Content in parts, as Mistral streams thoughts. */
  #addParts(parts: readonly unknown[]): void {
    for (const part of parts) {
      if (!isObject(part)) continue;
      this.#think(partThought(part), false);
      this.#addText(textOr(part.text) ?? "");
    }
  }

  #answer(): void {
    this.#endThought();
    this.#answered = true;
  }

  #addThoughts(delta: JsonObject): void {
    const text = plainThought(delta);
    if (!Array.isArray(delta.reasoning_details)) {
      this.#think(text, false);
      return;
    }
    const details = delta.reasoning_details.filter(isObject);
    const spoken = details.filter(({ type }) => type !== "reasoning.encrypted");
    if (spoken.length === 0) this.#think(text, false);
    for (const detail of spoken) this.#addDetail(detail);
    for (const detail of details) if (detail.type === "reasoning.encrypted") this.#addEncrypted(detail);
  }

  #addDetail(detail: JsonObject): void {
    const summary = detail.type === "reasoning.summary";
    this.#think(textOr(summary ? detail.summary : detail.text) ?? "", summary);
    const value = textOr(detail.signature);
    // A proof that comes after its thought has ended cannot be put there any more.
    if (!value || (this.#thought === "none" && this.#answered)) return;
    this.#thought = "none";
    this.#sink.reasoningEnd(this.#index, { family: familyOf(detail.format), value }, false, textOr(detail.id));
  }

  #addEncrypted(detail: JsonObject): void {
    const value = textOr(detail.data);
    if (!value) return;
    const signature = { family: familyOf(detail.format), value };
    const id = textOr(detail.id);
    if (signature.family === "gemini") this.#calls.proofs.push({ id, signature });
    else {
      const summarized = this.#thought === "summary";
      if (!summarized) this.#endThought();
      this.#thought = "none";
      this.#sink.reasoningEnd(this.#index, signature, !summarized, id);
    }
  }

  #think(text: string, summary: boolean): void {
    if (text === "") return;
    const kind = summary ? "summary" : "text";
    if (this.#thought !== kind) this.#endThought();
    this.#thought = kind;
    this.#sink.reasoning(this.#index, text, summary);
  }

  #endThought(): void {
    if (this.#thought === "none") return;
    this.#thought = "none";
    this.#sink.reasoningEnd(this.#index, null, false, null);
  }
}
