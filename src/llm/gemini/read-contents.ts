// Reads `contents` and `systemInstruction` of a request.
import { isObject, type JsonObject, textOr } from "../json/values.ts";
import { invalid } from "../message/fault.ts";
import type { Losses } from "../message/losses.ts";
import type { Part, TextPart, ToolCallPart, ToolResultPart, Turn } from "../message/request.ts";
import { unseal } from "../reasoning/sealed-thoughts.ts";
import { camelFields } from "./camel-case.ts";
import { OpenCalls } from "./match-calls.ts";
import { type MediaPart, readFileData, readInlineData } from "./read-media.ts";
import { readText } from "./read-text.ts";
import { SKIP_SIGNATURE } from "./signatures.ts";

/** Fields of a part this file reads. */
const READ = new Set("text thought thoughtSignature functionCall functionResponse inlineData fileData".split(" "));
/** Hints about a part. All other fields change what the model gets. */
const HINTS = new Set("mediaResolution mediaProcessing partMetadata speechMetadata".split(" "));

/** A list; one message alone counts as a list of one, as Google's APIs have it. */
function listOf(value: unknown): readonly unknown[] | null {
  if (Array.isArray(value)) return value;
  return isObject(value) ? [value] : null;
}

/** @throws LlmError `invalid` */
export function readSystem(written: unknown): readonly TextPart[] {
  const message = isObject(written) ? camelFields(written) : null;
  const parts = message === null ? null : listOf(message.parts);
  if (parts === null) throw invalid("systemInstruction", "must have parts");
  const texts = parts.map((part, index) => {
    const text = isObject(part) ? textOr(part.text) : null;
    if (text === null) throw invalid(`systemInstruction.parts[${index}]`, "must be a text");
    return text;
  });
  return texts.filter((text) => text !== "").map((text) => ({ kind: "text", text, cache: null }));
}

/** @throws LlmError `invalid` */
export function readContents(written: unknown, losses: Losses): readonly Turn[] {
  const contents = listOf(written);
  if (contents === null || contents.length === 0) throw invalid("contents", "must be a list that is not empty");
  const reader = new ContentsReader(losses);
  for (let at = 0; at < contents.length; at++) reader.content(contents[at], at);
  if (reader.turns.length === 0) throw invalid("contents", "must have parts that are not empty");
  return reader.turns;
}

class ContentsReader {
  readonly turns: Turn[] = [];
  readonly #losses: Losses;
  readonly #calls = new OpenCalls();
  /** Of the current turn of the model. Clients keep each chunk of a streamed answer as a message: together they are one turn. */
  #model: Part[] = [];
  /** Place of the part being read. */
  #content = 0;
  #part = 0;

  constructor(losses: Losses) {
    this.#losses = losses;
  }

  content(written: unknown, at: number): void {
    this.#content = at;
    if (!isObject(written)) throw invalid(`contents[${at}]`, "must be an object");
    const role = written.role ?? "user";
    if (role !== "user" && role !== "model" && role !== "function") {
      throw invalid(`contents[${at}].role`, "must be user or model");
    }
    const list = (written.parts ?? null) === null ? [] : listOf(written.parts);
    if (list === null) throw invalid(`contents[${at}].parts`, "must be a list");
    const parts = role === "model" ? this.#model : [];
    for (let part = 0; part < list.length; part++) this.#read(list[part], part, role === "model", parts);
    if (role !== "model") this.#user(parts);
    else if (parts.length > 0 && this.turns.at(-1)?.parts !== parts) this.turns.push({ role: "assistant", parts });
  }

  #user(parts: readonly Part[]): void {
    if (parts.length === 0) return;
    this.turns.push({ role: "user", parts });
    this.#model = [];
  }

  #read(written: unknown, at: number, model: boolean, to: Part[]): void {
    this.#part = at;
    if (!isObject(written)) throw this.#invalid("", "must be an object");
    const part = camelFields(written);
    const others = this.#noteOthers(part);
    const signature = textOr(part.thoughtSignature) ?? "";
    if (typeof part.text === "string") readText(part.text, part.thought === true, signature, model, to);
    else if (isObject(part.functionCall)) to.push(this.#call(part.functionCall, signature, model));
    else if (isObject(part.functionResponse)) to.push(this.#result(part.functionResponse, model));
    else {
      const media = this.#media(part);
      if (media !== null) to.push(media);
      else if (signature !== "") readText("", part.thought === true, signature, model, to);
      else if (!others) throw this.#invalid("", "has no data");
    }
  }

  /** @returns whether there is data that only Gemini knows */
  #noteOthers(part: JsonObject): boolean {
    let found = false;
    for (const key of Object.keys(part)) {
      if (READ.has(key) || (part[key] ?? null) === null) continue;
      if (HINTS.has(key)) this.#losses.drop(`part ${key}`);
      else this.#losses.native(`part ${key}`);
      found ||= !HINTS.has(key);
    }
    return found;
  }

  #media(part: JsonObject): MediaPart | null {
    if ((part.inlineData ?? null) !== null) {
      const media = isObject(part.inlineData) ? readInlineData(part.inlineData, this.#losses) : null;
      if (media === null) throw this.#invalid(".inlineData", "must have mimeType and data");
      return media;
    }
    if ((part.fileData ?? null) === null) return null;
    const media = isObject(part.fileData) ? readFileData(part.fileData, this.#losses) : null;
    if (media === null) throw this.#invalid(".fileData", "must have fileUri");
    return media;
  }

  #call(written: JsonObject, signature: string, model: boolean): ToolCallPart {
    if (!model) throw this.#invalid(".functionCall", "belongs to the role model");
    const name = textOr(written.name) ?? "";
    if (name === "") throw this.#invalid(".functionCall.name", "is missing");
    const args = written.args ?? {};
    if (!isObject(args)) throw this.#invalid(".functionCall.args", "must be an object");
    return {
      kind: "toolCall",
      id: this.#calls.begin(textOr(written.id) ?? "", name),
      name,
      arguments: JSON.stringify(args),
      freeform: false,
      signature: callSignature(signature),
      cache: null,
    };
  }

  #result(written: JsonObject, model: boolean): ToolResultPart {
    if (model) throw this.#invalid(".functionResponse", "belongs to the role user");
    const message = camelFields(written);
    const name = textOr(message.name) ?? "";
    const call = this.#calls.answer(textOr(message.id) ?? "", name);
    if (call === null) throw this.#invalid(".functionResponse", "answers no functionCall before it");
    const response = message.response ?? {};
    if (!isObject(response)) throw this.#invalid(".functionResponse.response", "must be an object");
    if (message.willContinue === true) this.#losses.native("functionResponse.willContinue");
    if ((message.scheduling ?? null) !== null) this.#losses.drop("functionResponse.scheduling");
    const text: TextPart = { kind: "text", text: outputText(response), cache: null };
    const media = this.#resultMedia(message.parts);
    const failed = response.output === undefined && response.error !== undefined;
    return { kind: "toolResult", ...call, parts: [text, ...media], failed, freeform: false, cache: null };
  }

  #resultMedia(written: unknown): ToolResultPart["parts"] {
    const parts = (written ?? null) === null ? [] : listOf(written);
    if (parts === null) throw this.#invalid(".functionResponse.parts", "must be a list");
    return parts.map((part) => {
      const media = isObject(part) ? this.#media(camelFields(part)) : null;
      if (media === null || media.kind === "audio") {
        throw this.#invalid(".functionResponse.parts", "must be pictures or documents");
      }
      return media;
    });
  }

  #invalid(place: string, what: string): Error {
    return invalid(`contents[${this.#content}].parts[${this.#part}]${place}`, what);
  }
}

function callSignature(signature: string): ToolCallPart["signature"] {
  if (signature === "" || signature === SKIP_SIGNATURE) return null;
  return unseal(signature)?.signature ?? { family: "gemini", value: signature };
}

/** What a function has answered: Google names `output` and `error`, and takes any other object as the output. */
function outputText(response: JsonObject): string {
  const keys = Object.keys(response);
  const only = keys.length === 1 && (keys[0] === "output" || keys[0] === "error") ? response[keys[0]] : response;
  return typeof only === "string" ? only : (JSON.stringify(only) ?? "");
}
