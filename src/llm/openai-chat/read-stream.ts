// Reads a provider's streamed answer.

import type { StreamReader } from "../format.ts";
import { objectsOf } from "../json/event-objects.ts";
import { isObject, type JsonObject, listOr, numberOr, textOr } from "../json/values.ts";
import { badResponse, type Fault, faultOf, LlmError } from "../message/fault.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { faultOfError } from "../openai/errors.ts";
import { ChoiceReader } from "./read-stream-choice.ts";
import { usageOf } from "./usage.ts";

/** Most choices; OpenAI allows as many. */
const MAX_CHOICES = 128;

/** Reads chunks until `[DONE]`, or until the provider closes the stream, which many do without it. */
export class ChatStreamReader implements StreamReader {
  readonly #sink: StreamSink;
  readonly #choices: ChoiceReader[] = [];
  #started = false;
  #ended = false;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  event(name: string, data: string): void {
    if (this.#ended || data === "") return;
    if (data.trim() === "[DONE]") this.close();
    else for (const chunk of objectsOf(data)) if (!this.#ended) this.#chunk(name, chunk);
  }

  close(): void {
    if (this.#ended) return;
    if (this.#choices.length === 0 || !this.#choices.every((choice) => choice.finished)) {
      this.#fail(faultOf("badGateway", "The provider ended the answer before it was complete"));
      return;
    }
    const fault = this.#endChoices();
    if (fault !== null) this.#fail(fault);
    else {
      this.#ended = true;
      this.#sink.end();
    }
  }

  /** @returns the fault of a choice that cannot end; null: all have */
  #endChoices(): Fault | null {
    try {
      for (const choice of this.#choices) choice.end();
      return null;
    } catch (error) {
      if (error instanceof LlmError) return error.fault;
      throw error;
    }
  }

  #fail(fault: Fault): void {
    this.#ended = true;
    this.#sink.fault(fault);
  }

  #chunk(name: string, chunk: JsonObject): void {
    const fault = faultIn(name, chunk);
    if (fault !== null) {
      this.#fail(fault);
      return;
    }
    const choices = listOr(chunk.choices);
    const usage = usageOf(chunk);
    // The first chunk of some servers has neither, nor the model's name.
    if (choices.length > 0 || usage !== null) this.#start(chunk);
    for (const choice of choices) if (isObject(choice)) this.#choiceOf(choice).add(choice);
    if (usage !== null) this.#sink.usage(usage);
  }

  #start({ id, model, created }: JsonObject): void {
    if (this.#started) return;
    this.#started = true;
    this.#sink.start(textOr(id) ?? "", textOr(model) ?? "", numberOr(created) ?? 0);
  }

  #choiceOf(choice: JsonObject): ChoiceReader {
    const index = numberOr(choice.index) ?? 0;
    if (!Number.isInteger(index) || index < 0 || index >= MAX_CHOICES)
      throw badResponse("a choice without a valid index");
    while (this.#choices.length <= index) this.#choices.push(new ChoiceReader(this.#sink, this.#choices.length));
    return this.#choices[index]!;
  }
}

/** The fault that a chunk reports, in any of the places where servers put it; null: none. */
export function faultIn(name: string, chunk: JsonObject): Fault | null {
  if (chunk.error) return faultOfError(chunk.error);
  if (name === "error" || chunk.object === "error") return faultOfError(chunk);
  for (const choice of listOr(chunk.choices)) {
    if (isObject(choice) && choice.error) return faultOfError(choice.error);
  }
  return null;
}
