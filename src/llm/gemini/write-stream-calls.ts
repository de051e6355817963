// The calls of a streamed answer: their pieces are collected, because Gemini's API has calls whole and in order.
import type { Signature } from "../message/request.ts";
import { callPart, malformedCall } from "./write-response-parts.ts";

interface Call {
  readonly id: string;
  readonly name: string;
  readonly freeform: boolean;
  arguments: string;
  signature: Signature | null;
  ended: boolean;
}

/** Collects the calls of one answer. */
export class StreamedCalls {
  readonly #calls: Call[] = [];
  /** Calls that were given out, or cannot be. */
  #done = 0;
  /** The end of an answer with a call whose arguments are no JSON object; null: there is none. */
  malformed: object | null = null;

  start(tool: number, id: string, name: string, freeform: boolean): void {
    this.#calls[tool] = { id, name, freeform, arguments: "", signature: null, ended: false };
  }

  add(tool: number, piece: string): void {
    const call = this.#calls[tool];
    if (call !== undefined) call.arguments += piece;
  }

  end(tool: number, signature: Signature | null): void {
    const call = this.#calls[tool];
    if (call === undefined) return;
    call.signature = signature;
    call.ended = true;
  }

  /**
   * The parts of calls that are complete, in their order.
   * @param all nothing more comes: also those that were not ended
   */
  take(all: boolean): readonly object[] {
    const parts: object[] = [];
    for (; this.#done < this.#calls.length; this.#done++) {
      const call = this.#calls[this.#done];
      if (call === undefined) continue;
      if (!call.ended && !all) break;
      const part = callPart(call);
      if (part === null) this.malformed = malformedCall(call.name, call.arguments);
      else parts.push(part);
      call.arguments = "";
    }
    return parts;
  }
}
