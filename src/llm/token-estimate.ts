// Estimates the tokens of a prompt where no provider has counted them: errs high, and costs little for long prompts.
import { isObject } from "./json/values.ts";
import type { ChatRequest, Part, Tool } from "./message/request.ts";

/** Tokens that a turn, a tool, and having tools at all add to their texts. */
const PER_TURN = 6;
const PER_TOOL = 24;
const WITH_TOOLS = 400;
/** Tokens of an image, and the least of a document or a sound. */
const PER_PICTURE = 1600;
const PER_DOCUMENT = 3000;
/** Bytes for each token of documents and sounds. */
const BYTES_PER_DOCUMENT_TOKEN = 30;
const BYTES_PER_AUDIO_TOKEN = 400;
/** Characters of Base64 for each token of an encrypted thought. */
const CHARACTERS_PER_SEALED_TOKEN = 4;

/** Texts longer than this are judged by windows spread over them. */
const WHOLE = 1024;
const WINDOWS = 16;
const WINDOW = WHOLE / WINDOWS;
/** Most characters looked at for one prompt: a few milliseconds. Later texts are taken to be like those before. */
const MOST = 200_000;

/** Kinds of characters of ASCII, and one for all others. */
const [SIGN, LOWER, UPPER, DIGIT, BLANK, BREAK, OTHER] = [0, 1, 2, 3, 4, 5, 6];
const KINDS = 7;

const KIND = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z]/.test(character)) return LOWER;
  if (/[A-Z]/.test(character)) return UPPER;
  if (/[0-9]/.test(character)) return DIGIT;
  return /[ \t]/.test(character) ? BLANK : /\s/.test(character) ? BREAK : SIGN;
});

/**
 * Tokens that a character of ASCII adds behind one of another kind, and of its own: words and indentation are few tokens,
 * numbers, signs, and names in mixed case many.
 */
const ADDS: readonly (readonly [behindOther: number, behindOwn: number])[] = [
  [0.75, 0.6],
  [0.8, 0.17],
  [1.1, 0.55],
  [1, 0.45],
  [0.12, 0.03],
  [0.5, 0.1],
];

/** {@link ADDS} by kind of the character before, then kind of the character. */
const WEIGHTS = Float64Array.from({ length: KINDS * KINDS }, (_, index) => {
  const [before, kind] = [Math.floor(index / KINDS), index % KINDS];
  if (before === UPPER && kind === LOWER) return 0.55; // a word that begins with a capital
  return ADDS[kind]?.[before === kind ? 1 : 0] ?? 0;
});

/** Tokens per character elsewhere. */
function otherWeight(code: number): number {
  if (code < 0x250) return 0.8; // letters with accents
  if (code < 0x900) return 0.55; // alphabets of Europe and the Near East
  return code < 0x2e80 ? 0.9 : 1.4; // alphabets of India and others; CJK, emoji by halves
}

/** Estimate of the tokens of all that a model reads for a request. At least 1. */
export function estimatePrompt(request: ChatRequest): number {
  const count = new Counter();
  for (const { text } of request.system) count.text(text);
  for (const { parts } of request.turns) {
    count.add(PER_TURN);
    for (const part of parts) addPart(part, count);
  }
  if (request.tools.length > 0) count.add(WITH_TOOLS);
  for (const tool of request.tools) addTool(tool, count);
  if (request.output?.kind === "schema") count.value(request.output.schema);
  return Math.max(1, Math.ceil(count.tokens));
}

/** Estimate of the tokens of a text. */
export function estimateTokens(text: string): number {
  const count = new Counter();
  count.text(text);
  return Math.ceil(count.tokens);
}

function addTool({ name, description, schema, grammar }: Tool, count: Counter): void {
  count.add(PER_TOOL);
  count.text(name);
  count.text(description);
  if (schema !== null) count.value(schema);
  if (grammar !== null) count.value(grammar);
}

function addPart(part: Part, count: Counter): void {
  switch (part.kind) {
    case "text":
    case "refusal":
      return count.text(part.text);
    case "toolCall":
      count.text(part.name);
      count.add(PER_TURN);
      return count.text(part.arguments);
    case "toolResult":
      count.add(PER_TURN);
      for (const inner of part.parts) addPart(inner, count);
      return;
    case "image":
      return count.add(PER_PICTURE);
    case "document":
      return count.add(PER_DOCUMENT + bytesOf(part.source) / BYTES_PER_DOCUMENT_TOKEN);
    case "audio":
      return count.add(bytesOf(part.source) / BYTES_PER_AUDIO_TOKEN);
    case "reasoning":
      if (part.signature === null) return; // is not sent
      return part.text === ""
        ? count.add(part.signature.value.length / CHARACTERS_PER_SEALED_TOKEN)
        : count.text(part.text);
  }
}

/** 0: the provider has them. */
function bytesOf(source: Extract<Part, { kind: "document" }>["source"]): number {
  return source.kind === "base64" ? (source.data.length / 4) * 3 : 0;
}

/** Adds up tokens. */
class Counter {
  tokens = 0;
  /** Characters looked at, and their tokens. */
  #seen = 0;
  #seenTokens = 0;

  add(tokens: number): void {
    this.tokens += tokens;
  }

  text(text: string): void {
    if (text === "") return;
    this.tokens += this.#density(text) * text.length;
  }

  /** A value of JSON as text, without making the text. */
  value(root: unknown): void {
    const rest: unknown[] = [root];
    while (rest.length > 0) {
      const value = rest.pop();
      this.add(1);
      if (typeof value === "string") this.text(value);
      else if (Array.isArray(value)) for (const item of value) rest.push(item);
      else if (isObject(value)) {
        for (const key of Object.keys(value)) {
          this.text(key);
          this.add(1);
          rest.push(value[key]);
        }
      } else this.add(1);
    }
  }

  /** Tokens per character. */
  #density(text: string): number {
    if (this.#seen > MOST) return this.#seenTokens / this.#seen;
    const whole = text.length <= WHOLE;
    const tokens = whole ? weigh(text, 0, text.length) : windows(text);
    const seen = whole ? text.length : WHOLE;
    this.#seen += seen;
    this.#seenTokens += tokens;
    return tokens / seen;
  }
}

/** Tokens in {@link WHOLE} characters of a longer text, in windows at equal distances. */
function windows(text: string): number {
  const step = (text.length - WINDOW) / (WINDOWS - 1);
  let tokens = 0;
  for (let index = 0; index < WINDOWS; index++) {
    const start = Math.floor(index * step);
    tokens += weigh(text, start, start + WINDOW);
  }
  return tokens;
}

function weigh(text: string, start: number, end: number): number {
  let tokens = 0;
  let before = OTHER;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code < 128) {
      const kind = KIND[code]!;
      tokens += WEIGHTS[before * KINDS + kind]!;
      before = kind;
    } else {
      tokens += otherWeight(code);
      before = OTHER;
    }
  }
  return tokens;
}
