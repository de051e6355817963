// Items of a streamed answer in progress, and the events that each consists of.
import { type JsonObject, parseJson } from "../json/values.ts";
import { callItem, type ItemStatus, messageItem, outputText, thoughtItem } from "./write-output-items.ts";
import type { EventLog } from "./write-stream-events.ts";

/** A message. Its parts follow each other. */
export class OpenMessage {
  readonly #log: EventLog;
  readonly #id: string;
  readonly #index: number;
  readonly #done: JsonObject[] = [];
  #part: OpenPart | null = null;

  constructor(log: EventLog, id: string) {
    this.#log = log;
    this.#id = id;
    this.#index = log.next;
    log.begin(messageItem(id, "in_progress", []));
  }

  /** @param logprobs of the text's tokens */
  add(kind: "text" | "refusal", text: string, logprobs: readonly unknown[]): void {
    if (this.#part?.kind !== kind) this.#open(kind);
    this.#part!.add(text, logprobs);
  }

  close(status: ItemStatus): void {
    this.#closePart();
    this.#log.complete(this.#index, messageItem(this.#id, status, this.#done));
  }

  #open(kind: "text" | "refusal"): void {
    this.#closePart();
    const place = `"item_id":"${this.#id}","output_index":${this.#index},"content_index":${this.#done.length}`;
    this.#part = new OpenPart(this.#log, place, kind);
  }

  #closePart(): void {
    if (this.#part !== null) this.#done.push(this.#part.close());
    this.#part = null;
  }
}

/** A text or a refusal in a message. */
class OpenPart {
  readonly kind: "text" | "refusal";
  readonly #log: EventLog;
  readonly #place: string;
  readonly #logprobs: unknown[] = [];
  #text = "";

  constructor(log: EventLog, place: string, kind: "text" | "refusal") {
    this.kind = kind;
    this.#log = log;
    this.#place = place;
    log.write("response.content_part.added", `${place},"part":${JSON.stringify(this.#value())}`);
  }

  add(text: string, logprobs: readonly unknown[]): void {
    this.#text += text;
    const delta = `${this.#place},"delta":${JSON.stringify(text)}`;
    if (this.kind === "refusal") {
      this.#log.write("response.refusal.delta", delta);
      return;
    }
    for (const entry of logprobs) this.#logprobs.push(entry);
    const entries = logprobs.length === 0 ? "[]" : JSON.stringify(logprobs);
    this.#log.write("response.output_text.delta", `${delta},"logprobs":${entries}`);
  }

  close(): JsonObject {
    const value = this.#value();
    const whole = JSON.stringify(this.#text);
    if (this.kind === "refusal") this.#log.write("response.refusal.done", `${this.#place},"refusal":${whole}`);
    else {
      const entries = JSON.stringify(this.#logprobs);
      this.#log.write("response.output_text.done", `${this.#place},"text":${whole},"logprobs":${entries}`);
    }
    this.#log.write("response.content_part.done", `${this.#place},"part":${JSON.stringify(value)}`);
    return value;
  }

  #value(): JsonObject {
    if (this.kind === "refusal") return { type: "refusal", refusal: this.#text };
    return outputText(this.#text, this.#logprobs);
  }
}

/** A thought, which has one part: a summary, or the thought itself. */
export class OpenThought {
  readonly #log: EventLog;
  readonly #id: string;
  readonly #index: number;
  readonly #summary: boolean;
  readonly #place: string;
  #text = "";

  /** @param summary whether it is shown as one */
  constructor(log: EventLog, id: string, summary: boolean) {
    this.#log = log;
    this.#id = id;
    this.#index = log.next;
    this.#summary = summary;
    const part = summary ? "summary_index" : "content_index";
    this.#place = `"item_id":"${id}","output_index":${this.#index},"${part}":0`;
    log.begin(thoughtItem(id, "", summary, null));
  }

  add(text: string): void {
    if (this.#text === "") this.#part("added", "");
    this.#text += text;
    const kind = this.#summary ? "reasoning_summary_text" : "reasoning_text";
    this.#log.write(`response.${kind}.delta`, `${this.#place},"delta":${JSON.stringify(text)}`);
  }

  /** @param encrypted proof */
  close(encrypted: string): void {
    if (this.#text !== "") {
      const kind = this.#summary ? "reasoning_summary_text" : "reasoning_text";
      this.#log.write(`response.${kind}.done`, `${this.#place},"text":${JSON.stringify(this.#text)}`);
      this.#part("done", this.#text);
    }
    this.#log.complete(this.#index, thoughtItem(this.#id, this.#text, this.#summary, encrypted));
  }

  #part(event: "added" | "done", text: string): void {
    const [kind, type] = this.#summary
      ? ["reasoning_summary_part", "summary_text"]
      : ["content_part", "reasoning_text"];
    this.#log.write(`response.${kind}.${event}`, `${this.#place},"part":${JSON.stringify({ type, text })}`);
  }
}

/** A call of a tool. */
export class OpenCall {
  /** As the client knows it. */
  readonly callId: string;
  readonly #log: EventLog;
  readonly #id: string;
  readonly #index: number;
  readonly #name: JsonObject & { readonly name: string };
  readonly #freeform: boolean;
  readonly #place: string;
  #input = "";

  /** @param name fields of `CallNames` */
  constructor(
    log: EventLog,
    id: string,
    callId: string,
    name: JsonObject & { readonly name: string },
    freeform: boolean,
  ) {
    this.callId = callId;
    this.#log = log;
    this.#id = id;
    this.#index = log.next;
    this.#name = name;
    this.#freeform = freeform;
    this.#place = `"item_id":"${id}","output_index":${this.#index}`;
    log.begin(this.#item("in_progress"));
  }

  add(piece: string): void {
    this.#input += piece;
    const kind = this.#freeform ? "custom_tool_call_input" : "function_call_arguments";
    this.#log.write(`response.${kind}.delta`, `${this.#place},"delta":${JSON.stringify(piece)}`);
  }

  close(status: ItemStatus): void {
    if (this.#input === "" && !this.#freeform && status === "completed") this.add("{}");
    const input = JSON.stringify(this.#input);
    if (this.#freeform) this.#log.write("response.custom_tool_call_input.done", `${this.#place},"input":${input}`);
    else {
      const name = JSON.stringify(this.#name.name);
      this.#log.write("response.function_call_arguments.done", `${this.#place},"name":${name},"arguments":${input}`);
    }
    this.#log.complete(this.#index, this.#item(this.#isCut() ? "incomplete" : status));
  }

  /** Providers end a call that the length limit has cut before they say so. */
  #isCut(): boolean {
    return !this.#freeform && parseJson(this.#input) === undefined;
  }

  #item(status: ItemStatus): JsonObject {
    return callItem(this.#id, status, this.callId, this.#name, this.#freeform, this.#input);
  }
}
