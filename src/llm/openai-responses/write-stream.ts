// Writes a streamed answer for a client of Responses.
import type { ReplyIdentity, StreamWriter } from "../format.ts";
import { type JsonObject, listOr, objectOr } from "../json/values.ts";
import type { Fault } from "../message/fault.ts";
import type { Signature } from "../message/request.ts";
import type { FinishReason } from "../message/response.ts";
import { mergeUsage, type Usage } from "../message/usage.ts";
import { openAiError } from "../openai/errors.ts";
import { errorMembers } from "./errors.ts";
import { outcomeOf } from "./finish.ts";
import { OWN_THOUGHT, sealCall, sealThought } from "./reasoning-items.ts";
import { asSummary, ItemIds, replyFields } from "./response-object.ts";
import { AS_DECLARED, CallNames } from "./tool-names.ts";
import { writeUsage } from "./usage.ts";
import type { ItemStatus } from "./write-output-items.ts";
import { EventLog } from "./write-stream-events.ts";
import { OpenCall, OpenMessage, OpenThought } from "./write-stream-items.ts";

/** What ends a `response` in an event. */
interface Outcome {
  readonly status: string;
  readonly error: JsonObject | null;
  readonly incomplete_details: JsonObject | null;
}

/** Writes the events of one answer; the format has one choice. */
export class ResponsesStreamWriter implements StreamWriter {
  hasContent = false;
  readonly #as: ReplyIdentity;
  readonly #log = new EventLog();
  readonly #ids: ItemIds;
  readonly #names: CallNames;
  readonly #calls = new Map<number, OpenCall>();
  /** JSON of what every `response` repeats, without its closing brace. */
  #envelope = "";
  #message: OpenMessage | null = null;
  #thought: OpenThought | null = null;
  /** Whether the open thought is a summary, however it is shown. */
  #summary = false;
  /** For the text that follows. */
  #logprobs: readonly unknown[] = [];
  #usage: Usage | null = null;
  #finish: FinishReason = "stop";
  #refusal = false;

  constructor(as: ReplyIdentity) {
    this.#as = as;
    this.#ids = new ItemIds(as.id);
    this.#names = new CallNames(as.request.tools, AS_DECLARED);
  }

  take(): string {
    return this.#log.take();
  }

  start(): void {
    this.#envelope = JSON.stringify(replyFields(this.#as)).slice(0, -1);
    const outcome = { status: "in_progress", error: null, incomplete_details: null };
    this.#report("response.created", outcome);
    this.#report("response.in_progress", outcome);
  }

  text(_choice: number, text: string): void {
    this.#say("text", text);
  }

  refusal(_choice: number, text: string): void {
    this.#refusal = true;
    this.#say("refusal", text);
  }

  reasoning(_choice: number, text: string, summary: boolean): void {
    if (text === "") return;
    this.#closeMessage("completed");
    if (this.#thought === null) {
      this.#summary = summary;
      this.#thought = this.#openThought(summary);
    }
    this.#thought.add(text);
  }

  reasoningEnd(_choice: number, signature: Signature | null, redacted: boolean, id: string | null): void {
    if (this.#thought === null && signature === null) return;
    this.#closeMessage("completed");
    const summary = this.#thought !== null && this.#summary;
    const thought = this.#thought ?? this.#openThought(true);
    thought.close(sealThought(signature, { redacted, summary, id }));
    this.#thought = null;
  }

  toolStart(_choice: number, tool: number, id: string, name: string, freeform: boolean): void {
    this.hasContent = true;
    this.#closeText();
    const own = this.#ids.id(freeform ? "ctc" : "fc", this.#log.next);
    this.#calls.set(tool, new OpenCall(this.#log, own, id, this.#names.fields(name), freeform));
  }

  toolArguments(_choice: number, tool: number, piece: string): void {
    if (piece !== "") this.#calls.get(tool)?.add(piece);
  }

  toolEnd(_choice: number, tool: number, signature: Signature | null): void {
    const call = this.#calls.get(tool);
    if (call === undefined) return;
    this.#calls.delete(tool);
    call.close("completed");
    if (signature === null) return;
    this.#closeText();
    this.#openThought(true).close(sealCall(signature, call.callId));
  }

  logprobs(_choice: number, logprobs: unknown): void {
    this.#logprobs = listOr(objectOr(logprobs)?.content);
  }

  usage(usage: Usage): void {
    this.#usage = mergeUsage(this.#usage, usage);
  }

  finish(_choice: number, reason: FinishReason): void {
    this.hasContent = true;
    this.#finish = reason;
  }

  end(): void {
    const { status, reason } = outcomeOf(this.#finish, this.#refusal);
    const last = status === "completed" ? "completed" : "incomplete";
    this.#closeText(last);
    for (const call of this.#calls.values()) call.close(last);
    const details = reason === null ? null : { reason };
    this.#report(`response.${status}`, { status, error: null, incomplete_details: details });
  }

  /** Some clients heed only the one event, some only the other. */
  fault(fault: Fault): void {
    this.hasContent = true;
    if (this.#envelope === "") this.start();
    const { code, message } = openAiError(fault);
    this.#log.write("error", errorMembers(fault));
    const error = { code: code ?? "server_error", message };
    this.#report("response.failed", { status: "failed", error, incomplete_details: null });
  }

  #say(kind: "text" | "refusal", text: string): void {
    if (text === "") return;
    this.hasContent = true;
    this.#closeThought();
    this.#message ??= new OpenMessage(this.#log, this.#ids.id("msg", this.#log.next));
    this.#message.add(kind, text, this.#logprobs);
    if (kind === "text") this.#logprobs = [];
  }

  #openThought(summary: boolean): OpenThought {
    this.hasContent = true;
    const shown = asSummary(summary, this.#as.request.reasoning);
    return new OpenThought(this.#log, this.#ids.id(OWN_THOUGHT, this.#log.next), shown);
  }

  #closeText(status: ItemStatus = "completed"): void {
    this.#closeMessage(status);
    this.#closeThought();
  }

  #closeMessage(status: ItemStatus): void {
    this.#message?.close(status);
    this.#message = null;
  }

  #closeThought(): void {
    this.#thought?.close(sealThought(null, { redacted: false, summary: this.#summary, id: null }));
    this.#thought = null;
  }

  #report(type: string, { status, error, incomplete_details }: Outcome): void {
    const usage = this.#usage === null ? "null" : JSON.stringify(writeUsage(this.#usage));
    const [fault, details] = [JSON.stringify(error), JSON.stringify(incomplete_details)];
    const state = `"status":"${status}","error":${fault},"incomplete_details":${details}`;
    const { output } = this.#log;
    this.#log.write(type, `"response":${this.#envelope},${state},"output":${output},"usage":${usage}}`);
  }
}
