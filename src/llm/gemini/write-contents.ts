// Writes turns of a request as `contents`.

import type { JsonObject } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Family, Part, ReasoningPart, TextPart, ToolCallPart, ToolResultPart, Turn } from "../message/request.ts";
import type { ModelTarget } from "../models/model.ts";
import { argumentsOrRaw } from "../tools/arguments.ts";
import { wrapInput } from "../tools/freeform.ts";
import type { ToolNames } from "../tools/ids.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";
import { writeMedia } from "./write-media.ts";

/** One message. Results of functions come before everything else, as Gemini wants them right behind the calls. */
interface Content {
  readonly role: "user" | "model";
  readonly results: object[];
  readonly parts: object[];
  /** Whether there is a call: only the first of a message carries a signature. */
  called: boolean;
}

/** Writes the turns of one request. Neighbours of one role become one message. */
export class ContentsWriter {
  readonly #to: ModelTarget;
  /** Whose proofs of thoughts are sent. */
  readonly #family: Family;
  readonly #names: ToolNames;
  readonly #warnings: Set<string>;
  readonly #contents: Content[] = [];
  /** Id of a call → name of its tool, as the client knows it. */
  readonly #calls = new Map<string, string>();
  /** Signature of a thought whose place is known when the next part is. */
  #pending: ReasoningPart | null = null;

  /** @param warnings gets names of what is left out or changed */
  constructor(to: ModelTarget, names: ToolNames, warnings: Set<string>) {
    this.#to = to;
    this.#family = to.family ?? "gemini";
    this.#names = names;
    this.#warnings = warnings;
  }

  /** @throws LlmError of `unsupported`; `invalid` for the result of a call that was not made */
  turn({ role, parts }: Turn): void {
    if (role === "assistant") for (const part of parts) this.#model(part);
    else for (const part of parts) this.#user(part);
    this.#flush();
  }

  /** All that was written. */
  get contents(): readonly JsonObject[] {
    return this.#contents.map(({ role, results, parts }) => ({ role, parts: [...results, ...parts] }));
  }

  #at(role: Content["role"]): Content {
    const last = this.#contents.at(-1);
    if (last?.role === role) return last;
    const next: Content = { role, results: [], parts: [], called: false };
    this.#contents.push(next);
    return next;
  }

  #user(part: Part): void {
    this.#noteCache(part);
    if (part.kind === "toolResult") this.#result(part);
    else if (part.kind === "text" || part.kind === "refusal") this.#text("user", part.text);
    else if (part.kind !== "toolCall" && part.kind !== "reasoning") {
      if (part.kind === "image" && part.detail !== null && part.detail !== "auto") this.#warnings.add("detail");
      this.#at("user").parts.push(writeMedia(part, this.#to));
    }
  }

  #model(part: Part): void {
    this.#noteCache(part);
    if (part.kind === "reasoning") this.#thought(part);
    else if (part.kind === "toolCall") this.#call(part);
    else {
      this.#flush();
      if (part.kind === "text" || part.kind === "refusal") this.#text("model", part.text);
      else if (part.kind !== "toolResult") this.#at("model").parts.push(writeMedia(part, this.#to));
    }
  }

  #text(role: Content["role"], text: string): void {
    if (text !== "") this.#at(role).parts.push({ text });
  }

  /** Thoughts that are unsigned, or signed by others, are worth nothing to Gemini. */
  #thought(part: ReasoningPart): void {
    this.#flush();
    if (part.signature?.family === this.#family) this.#pending = part;
  }

  /** A thought that no call follows. */
  #flush(): void {
    const part = this.#pending;
    if (part === null) return;
    this.#pending = null;
    const shown = part.text === "" ? {} : { thought: true };
    this.#at("model").parts.push({ text: part.text, ...shown, thoughtSignature: part.signature?.value });
  }

  #call(part: ToolCallPart): void {
    const content = this.#at("model");
    const signature = content.called ? this.#ownSignature(part) : this.#firstSignature(part);
    content.called = true;
    this.#calls.set(part.id, part.name);
    const args = part.freeform ? wrapInput(part.arguments) : argumentsOrRaw(part.arguments);
    const functionCall = { id: part.id, name: this.#names.out(part.name), args };
    content.parts.push(signature === null ? { functionCall } : { functionCall, thoughtSignature: signature });
  }

  /** Clients of other APIs have the signature of a call as that of a thought before it. */
  #firstSignature(part: ToolCallPart): string {
    const own = this.#ownSignature(part);
    if (own !== null) this.#flush();
    const pending = this.#pending?.signature?.value;
    this.#pending = null;
    return own ?? pending ?? SKIP_SIGNATURE;
  }

  #ownSignature({ signature }: ToolCallPart): string | null {
    return signature?.family === this.#family ? signature.value : null;
  }

  #result(part: ToolResultPart): void {
    const name = this.#calls.get(part.id) ?? part.name;
    if (name === null) throw invalid("messages", `there is no call of a tool with the id "${part.id.slice(0, 100)}"`);
    const text = part.parts.filter((each): each is TextPart => each.kind === "text").map((each) => each.text);
    const media = part.parts.filter((each) => each.kind !== "text").map((each) => writeMedia(each, this.#to));
    const response = part.failed ? { error: text.join("\n") } : { output: text.join("\n") };
    const result = { id: part.id, name: this.#names.out(name), response };
    const content = this.#at("user");
    const inside = media.length > 0 && this.#to.facts.toolMedia === true;
    content.results.push({ functionResponse: inside ? { ...result, parts: media } : result });
    if (inside || media.length === 0) return;
    content.parts.push({ text: `Output of ${result.name}, call ${result.id}:` }, ...media);
  }

  #noteCache(part: Part): void {
    if ("cache" in part && part.cache !== null) this.#warnings.add("cache_control");
  }
}
