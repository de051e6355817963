// Reads tool calls of a streamed choice; servers number and name their deltas in different ways.

import { isObject, type JsonObject, numberOr, parseJson, textOr } from "../json/values.ts";
import { badResponse } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { StreamSink } from "../message/stream-sink.ts";
import { newCallId } from "../tools/ids.ts";
import { type CallProof, readCallProof } from "./reasoning-fields.ts";

/** Most calls of one choice. */
const MAX_CALLS = 1024;

/** A call in progress. */
interface Call {
  /** Its number for the sink; -1: it has not begun, because its name has not come. */
  number: number;
  /** As the server has it; "" none. */
  id: string;
  arguments: string;
  /** Whether {@link arguments} end with a brace: only then can they be complete. */
  braced: boolean;
  freeform: boolean;
  ended: boolean;
  signature: Signature | null;
}

/** Reads the deltas of one choice. */
export class CallReader {
  readonly #sink: StreamSink;
  readonly #choice: number;
  readonly #calls: Call[] = [];
  /** The last call of each index. */
  readonly #byIndex = new Map<number, Call>();
  #begun = 0;
  /** Proofs that came apart from the calls. */
  readonly proofs: CallProof[] = [];

  constructor(sink: StreamSink, choice: number) {
    this.#sink = sink;
    this.#choice = choice;
  }

  /** Whether a tool is called. */
  get called(): boolean {
    return this.#begun > 0;
  }

  /** A member of `tool_calls`. */
  add(delta: JsonObject): void {
    const custom = isObject(delta.custom) ? delta.custom : null;
    const called = custom ?? (isObject(delta.function) ? delta.function : {});
    const id = textOr(delta.id) ?? "";
    const name = textOr(called.name) ?? "";
    const call = this.#callOf(numberOr(delta.index), id, name);
    call.id ||= id;
    call.freeform ||= delta.type === "custom" || custom !== null;
    call.signature ??= readCallProof(delta);
    const piece = custom === null ? called.arguments : custom.input;
    this.#go(call, name, isObject(piece) ? JSON.stringify(piece) : (textOr(piece) ?? ""));
  }

  /** The deprecated `function_call`, of which there is one. */
  addFunction(delta: JsonObject): void {
    const call = this.#calls[0] ?? this.#open(null);
    this.#go(call, textOr(delta.name) ?? "", textOr(delta.arguments) ?? "");
  }

  /** Nothing more comes. @throws LlmError of `badResponse`: a call has no name */
  end(): void {
    for (const call of this.#calls) {
      if (call.number !== -1) this.#end(call);
      else if (call.id !== "" || call.arguments !== "") throw badResponse("a tool call without a name");
    }
  }

  #callOf(index: number | null, id: string, name: string): Call {
    let call = index === null ? this.#calls.at(-1) : this.#byIndex.get(index);
    if (index === null && id !== "") call = this.#calls.find((each) => each.id === id) ?? call;
    return call === undefined || isOther(call, id, name) ? this.#open(index) : call;
  }

  #open(index: number | null): Call {
    if (this.#calls.length === MAX_CALLS) throw badResponse(`more than ${MAX_CALLS} tool calls`);
    // What is complete ends now, so that writers of formats without interleaving can go on.
    for (const call of this.#calls) if (!call.ended && !call.freeform && isComplete(call)) this.#end(call);
    const none = { number: -1, id: "", arguments: "", braced: false };
    const call: Call = { ...none, freeform: false, ended: false, signature: null };
    this.#calls.push(call);
    if (index !== null) this.#byIndex.set(index, call);
    return call;
  }

  #go(call: Call, name: string, piece: string): void {
    if (call.ended) return;
    call.arguments += piece;
    const seen = piece.trimEnd();
    if (seen !== "") call.braced = seen.endsWith("}");
    if (call.number !== -1) {
      if (piece !== "") this.#sink.toolArguments(this.#choice, call.number, piece);
    } else if (name !== "") {
      call.number = this.#begun++;
      this.#sink.toolStart(this.#choice, call.number, call.id || newCallId(), name, call.freeform);
      if (call.arguments !== "") this.#sink.toolArguments(this.#choice, call.number, call.arguments);
    }
  }

  #end(call: Call): void {
    if (call.ended) return;
    call.ended = true;
    const proof =
      this.proofs.find(({ id }) => id !== null && id === call.id) ?? (call.number === 0 ? this.proofs[0] : null);
    this.#sink.toolEnd(this.#choice, call.number, call.signature ?? proof?.signature ?? null);
  }
}

/**
 * Whether a delta of the same index begins another call: it has a name, and another id, or none to compare while the call
 * before is complete. Servers repeat names and ids, and some make a new id for every delta, but without the name.
 */
function isOther(call: Call, id: string, name: string): boolean {
  if (name === "") return false;
  if (id !== "" && call.id !== "") return id !== call.id;
  return isComplete(call);
}

function isComplete({ number, arguments: args, braced }: Call): boolean {
  if (number === -1 || !braced) return false;
  return parseJson(args) !== undefined;
}
