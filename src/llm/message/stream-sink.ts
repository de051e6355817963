// A streamed answer in the common form: a reader of one format calls these, a writer of another implements them.
import type { Fault } from "./fault.ts";
import type { Signature } from "./request.ts";
import type { FinishReason } from "./response.ts";
import type { Usage } from "./usage.ts";

/**
 * Receives a streamed answer, in this order: start, then content in the order it was generated, finish of each choice, end;
 * usage at any time after start, each report replacing what it names of the one before. `choice` is 0 unless several
 * answers were asked for. `tool` numbers the calls of a choice from 0, in the order they begin; calls may interleave.
 */
export interface StreamSink {
  /** Once, first. @param id as the provider named the answer; "" unnamed @param model as the provider names it; "" unnamed */
  start(id: string, model: string, createdAt: number): void;
  text(choice: number, text: string): void;
  refusal(choice: number, text: string): void;
  /** @param summary whether it is a summary rather than the reasoning itself */
  reasoning(choice: number, text: string, summary: boolean): void;
  /**
   * The reasoning before is complete.
   * @param signature of it; null: unsigned
   * @param redacted there was no text: the signature holds all of it
   * @param id of the item at the provider that made it; null: none
   */
  reasoningEnd(choice: number, signature: Signature | null, redacted: boolean, id: string | null): void;
  toolStart(choice: number, tool: number, id: string, name: string, freeform: boolean): void;
  /** A piece of the arguments: JSON text, or raw input of a freeform tool. */
  toolArguments(choice: number, tool: number, piece: string): void;
  /** The call is complete. @param signature that must be sent back with it; null: none */
  toolEnd(choice: number, tool: number, signature: Signature | null): void;
  /** In the form of Chat Completions; for the text that follows. */
  logprobs(choice: number, logprobs: unknown): void;
  usage(usage: Usage): void;
  finish(choice: number, reason: FinishReason, stopSequence: string | null): void;
  /** The provider has said that the answer is complete. Nothing follows. */
  end(): void;
  /** The provider has reported a fault instead of going on. Nothing follows. */
  fault(fault: Fault): void;
}
