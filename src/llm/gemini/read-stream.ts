// Reads a streamed answer of streamGenerateContent.

import type { StreamReader } from "../format.ts";
import { objectsOf } from "../json/event-objects.ts";
import { isObject, type JsonObject, listOr, textOr } from "../json/values.ts";
import { badResponse } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { FinishReason } from "../message/response.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { newCallId } from "../tools/ids.ts";
import { readError } from "./errors.ts";
import { badFinish, finishOf, isBlocked } from "./finish.ts";
import { readLogprobs } from "./logprobs.ts";
import { type AnswerPart, type Candidate, createdAt, readCandidate } from "./read-candidate.ts";
import { usageOf } from "./usage.ts";

/** One of the answers. */
interface Choice {
  /** Calls that were made. */
  calls: number;
  /** A thought has begun. */
  thinking: boolean;
  /** Some models say it in every chunk: the last one counts. null: it goes on. */
  finish: FinishReason | null;
}

/** The stream has no event for its end: it is complete if every candidate has a reason when the connection closes. */
export class GeminiStreamReader implements StreamReader {
  readonly #sink: StreamSink;
  readonly #choices: Choice[] = [];
  #started = false;
  /** `end` or `fault` was called. */
  #over = false;

  constructor(sink: StreamSink) {
    this.#sink = sink;
  }

  event(_name: string, data: string): void {
    if (this.#over || data === "" || data === "[DONE]") return; // which servers that imitate Google may send
    for (const chunk of objectsOf(data)) if (!this.#over) this.#chunk(chunk);
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    const complete = this.#choices.length > 0 && this.#choices.every(({ finish }) => finish !== null);
    if (!complete) return this.#sink.fault(badResponse("the stream ended before the answer was complete").fault);
    for (let index = 0; index < this.#choices.length; index++) {
      const choice = this.#choices[index];
      if (choice === undefined) continue;
      this.#endThought(choice, index, null);
      this.#sink.finish(index, choice.finish!, null);
    }
    this.#sink.end();
  }

  #chunk(chunk: JsonObject): void {
    if (isObject(chunk.error)) {
      this.#over = true;
      return this.#sink.fault(readError(200, chunk, []));
    }
    if (!this.#started) {
      this.#started = true;
      this.#sink.start(textOr(chunk.responseId) ?? "", textOr(chunk.modelVersion) ?? "", createdAt(chunk));
    }
    const candidates = listOr(chunk.candidates);
    for (let place = 0; place < candidates.length; place++) this.#candidate(readCandidate(candidates[place], place));
    if (candidates.length === 0 && isBlocked(chunk.promptFeedback)) this.#choice(0).finish = "contentFilter";
    const usage = usageOf(chunk);
    if (usage !== null) this.#sink.usage(usage);
  }

  #candidate({ index, parts, finishReason, logprobsResult }: Candidate): void {
    const choice = this.#choice(index);
    const logprobs = readLogprobs(logprobsResult);
    if (logprobs !== null) this.#sink.logprobs(index, logprobs);
    for (const part of parts) this.#part(choice, index, part);
    if (finishReason === null) return;
    choice.finish = finishOf(finishReason, choice.calls > 0);
    if (choice.finish === null) throw badFinish(finishReason);
  }

  #part(choice: Choice, index: number, part: AnswerPart): void {
    switch (part.kind) {
      case "thought":
        return this.#thought(choice, index, part.text, part.signature);
      case "text":
        return this.#text(choice, index, part.text, part.signature);
      case "call":
        return this.#call(choice, index, part);
      case "media":
        throw badResponse("a picture in a stream, which is only translated in complete answers");
    }
  }

  #thought(choice: Choice, index: number, text: string, signature: Signature | null): void {
    if (text !== "") {
      this.#sink.reasoning(index, text, true);
      choice.thinking = true;
    }
    if (signature === null) return;
    if (choice.thinking) this.#endThought(choice, index, signature);
    else this.#sink.reasoningEnd(index, signature, true, null);
  }

  /** A signature on a text proves the thought before it, which was not shown. */
  #text(choice: Choice, index: number, text: string, signature: Signature | null): void {
    if (text !== "") {
      this.#endThought(choice, index, null);
      this.#sink.text(index, text);
    }
    if (signature === null) return;
    this.#endThought(choice, index, null);
    this.#sink.reasoningEnd(index, signature, true, null);
  }

  #endThought(choice: Choice, index: number, signature: Signature | null): void {
    if (!choice.thinking) return;
    choice.thinking = false;
    this.#sink.reasoningEnd(index, signature, false, null);
  }

  #call(choice: Choice, index: number, { id, name, args, signature }: Extract<AnswerPart, { kind: "call" }>): void {
    this.#endThought(choice, index, null);
    const tool = choice.calls++;
    this.#sink.toolStart(index, tool, id === "" ? newCallId() : id, name, false);
    this.#sink.toolArguments(index, tool, args);
    this.#sink.toolEnd(index, tool, signature);
    if (choice.finish === "stop") choice.finish = "toolCalls";
  }

  #choice(index: number): Choice {
    let choice = this.#choices[index];
    if (choice === undefined) {
      choice = { calls: 0, thinking: false, finish: null };
      this.#choices[index] = choice;
    }
    return choice;
  }
}
