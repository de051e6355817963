// Freeform tools, whose input is text instead of JSON, towards APIs where every tool has a schema. Writers of requests
// wrap tools and calls; `restored-tools.ts` unwraps calls of freeform tools made as functions.
import { isObject, type JsonObject, objectOr, parseJson, textOr } from "../json/values.ts";
import type { Tool } from "../message/request.ts";

/** The schema of a function that stands for a freeform tool: one text. */
const SCHEMA: JsonObject = {
  type: "object",
  properties: { input: { type: "string", description: "The input of the tool, as plain text" } },
  required: ["input"],
  additionalProperties: false,
};

/** The function with one argument, `input`, that stands for a freeform tool; other tools as they are. */
export function asFunction(tool: Tool): Tool {
  if (!tool.freeform) return tool;
  return { ...tool, description: describe(tool), schema: SCHEMA, grammar: null, freeform: false };
}

/** A model that is not bound by the grammar has to be told of it. */
function describe({ description, grammar }: Tool): string {
  const rule = objectOr(grammar?.grammar);
  const definition = textOr(rule?.definition);
  if (definition === null) return description;
  const told = `The input must match this ${textOr(rule?.syntax) ?? ""} grammar:\n${definition}`;
  return description === "" ? told : `${description}\n\n${told}`;
}

/** The arguments that stand for raw input. */
export function wrapInput(raw: string): { readonly input: string } {
  return { input: raw };
}

/** The raw input in the arguments of a function that {@link asFunction} made; all of them, if they are not of its schema. */
export function unwrapInput(args: string): string {
  const value = parseJson(args);
  if (isObject(value) && typeof value.input === "string") return value.input;
  const cut = new InputUnwrapper();
  const input = cut.push(args);
  return cut.opened ? input : args;
}

/** What stands before the raw input, and an escape in it that may be cut. */
const OPENING = /^\s*\{\s*"input"\s*:\s*"/;
const CUT_ESCAPE = /\\(?:u[0-9a-fA-F]{0,3})?$/;
/** An opening this long is not one. */
const OPENING_CHARS = 64;

/** {@link unwrapInput} of arguments that arrive in pieces: gives out raw input as soon as it is known. */
export class InputUnwrapper {
  #state: "opening" | "text" | "closed" | "foreign" = "opening";
  /** Received but not given out. */
  #held = "";

  /** Whether the arguments begin as those of the schema do. */
  get opened(): boolean {
    return this.#state === "text" || this.#state === "closed";
  }

  /** @returns raw input that this piece completes; "" none */
  push(piece: string): string {
    if (this.#state === "closed") return "";
    this.#held += piece;
    if (this.#state === "opening") this.#open();
    return this.#state === "text" ? this.#text() : "";
  }

  /** The arguments are complete. @returns the rest of the raw input */
  end(): string {
    const rest = this.opened ? "" : unwrapInput(this.#held);
    this.#held = "";
    this.#state = "closed";
    return rest;
  }

  #open(): void {
    const opening = OPENING.exec(this.#held);
    if (opening !== null) {
      this.#held = this.#held.slice(opening[0].length);
      this.#state = "text";
    } else if (this.#held.length > OPENING_CHARS) {
      this.#state = "foreign";
    }
  }

  #text(): string {
    const held = this.#held;
    const end = closingQuote(held);
    const cut = end === -1 ? completeLength(held) : end;
    this.#held = end === -1 ? held.slice(cut) : "";
    if (end !== -1) this.#state = "closed";
    return decoded(held.slice(0, cut));
  }
}

/** Place of the quote that ends the text; -1 if it has not come. */
function closingQuote(text: string): number {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x22) return at;
    if (unit === 0x5c) at++;
  }
  return -1;
}

/** Length of the part that ends with no cut escape. */
function completeLength(text: string): number {
  const cut = CUT_ESCAPE.exec(text.slice(-5));
  if (cut === null) return text.length;
  const start = text.length - cut[0].length;
  return precedingBackslashes(text, start) % 2 === 0 ? start : text.length;
}

function precedingBackslashes(text: string, end: number): number {
  let count = 0;
  while (text.charCodeAt(end - 1 - count) === 0x5c) count++;
  return count;
}

/** The content of a JSON text, in which models leave control characters unescaped at times. */
function decoded(content: string): string {
  const value = parseJson(`"${content.replaceAll(/[\u0000-\u001f]/g, escapeControl)}"`);
  return typeof value === "string" ? value : content;
}

function escapeControl(character: string): string {
  return JSON.stringify(character).slice(1, -1);
}
