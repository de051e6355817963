// A chat request in the common form: what every API can say, and by name what only one of them can.
import type { JsonObject } from "../json/values.ts";

/** Where a prompt cache may end: after the part, tool or system text it is set on. */
export interface CacheMark {
  /** Lifetime asked for, s; 0: the provider's own. */
  readonly ttlSeconds: number;
}

/** Text. */
export interface TextPart {
  readonly kind: "text";
  readonly text: string;
  readonly cache: CacheMark | null;
}

/** Bytes, or where they are. */
export type Source =
  /** @see RFC 4648 §4 for `data`; `mediaType` such as `image/png` */
  | { readonly kind: "base64"; readonly mediaType: string; readonly data: string }
  | { readonly kind: "url"; readonly url: string; readonly mediaType: string | null }
  /** An object uploaded to one provider before: only that one knows it. */
  | { readonly kind: "file"; readonly id: string; readonly family: Family };

/** An image. */
export interface ImagePart {
  readonly kind: "image";
  readonly source: Source;
  /** `low`, `high`, `auto`, `original`; null: not said. */
  readonly detail: string | null;
  readonly cache: CacheMark | null;
}

/** Audio. */
export interface AudioPart {
  readonly kind: "audio";
  readonly source: Source;
  readonly cache: CacheMark | null;
}

/** A document, such as a PDF or plain text. */
export interface DocumentPart {
  readonly kind: "document";
  readonly source: Source;
  /** File name or title; null: none. */
  readonly name: string | null;
  readonly cache: CacheMark | null;
}

/** The model has declined, in words of its own. */
export interface RefusalPart {
  readonly kind: "refusal";
  readonly text: string;
}

/** The model calls a tool. */
export interface ToolCallPart {
  readonly kind: "toolCall";
  /** As its model or client wrote it; `tools/ids.ts` maps it to what another API allows. */
  readonly id: string;
  readonly name: string;
  /** JSON text of the arguments, as streamed; "" is read as `{}`. For freeform tools the raw input. */
  readonly arguments: string;
  /** A freeform tool (`custom` of OpenAI): {@link arguments} is no JSON. */
  readonly freeform: boolean;
  /** Signature of a thought that belongs to the call (Gemini); null: none. */
  readonly signature: Signature | null;
  readonly cache: CacheMark | null;
}

/** The result of a tool call. */
export interface ToolResultPart {
  readonly kind: "toolResult";
  /** Id of the call. */
  readonly id: string;
  /** Name of the tool; null: only the call says it. */
  readonly name: string | null;
  readonly parts: readonly (TextPart | ImagePart | DocumentPart)[];
  readonly failed: boolean;
  readonly freeform: boolean;
  readonly cache: CacheMark | null;
}

/** A family of models: each accepts only its own signatures, encrypted reasoning and ids of files. */
export type Family = "openai" | "anthropic" | "gemini" | "other";

/** An opaque value by which a provider recognises reasoning of its own model (`signature`, `encrypted_content`). */
export interface Signature {
  readonly family: Family;
  readonly value: string;
}

/** Reasoning of the model, which comments also call a thought, and its signature a proof. */
export interface ReasoningPart {
  readonly kind: "reasoning";
  /** What may be shown; "" if all of it is opaque. */
  readonly text: string;
  /** Whether {@link text} is a summary (OpenAI) rather than the reasoning itself. */
  readonly summary: boolean;
  /** Signature or encrypted content; null: unsigned. */
  readonly signature: Signature | null;
  /** All of it is encrypted (`redacted_thinking` of Anthropic; `encrypted_content` without a summary). */
  readonly redacted: boolean;
  /** Id of the item at the provider that made it (`rs_…`); null: none. */
  readonly id: string | null;
}

/** A part of a turn. */
export type Part =
  | TextPart
  | ImagePart
  | AudioPart
  | DocumentPart
  | RefusalPart
  | ToolCallPart
  | ToolResultPart
  | ReasoningPart;

/** One turn. Adjacent turns may have equal roles; results of tools are parts of `user` turns. */
export interface Turn {
  /** `system`: instructions in the middle of a conversation, those at its beginning are {@link ChatRequest.system}. */
  readonly role: "system" | "user" | "assistant";
  readonly parts: readonly Part[];
}

/** A group of tools (Responses). */
export interface Namespace {
  readonly name: string;
  readonly description: string;
  /** Name of the tool in it. */
  readonly tool: string;
}

/** A tool the client has. */
export interface Tool {
  /** Unique in the request: for a tool in a namespace both names, as calls and {@link ToolChoice} have them. */
  readonly name: string;
  /** "" none. */
  readonly description: string;
  /** JSON schema of the arguments; null: none was given, or it is freeform. */
  readonly schema: JsonObject | null;
  readonly strict: boolean | null;
  /** `format` of a freeform tool as OpenAI writes it in Chat Completions; null with {@link freeform}: any text. */
  readonly grammar: JsonObject | null;
  readonly freeform: boolean;
  /** null: it is in none. */
  readonly namespace: Namespace | null;
  readonly cache: CacheMark | null;
}

/** Which tools may or must be called. `allowed`: only these, of all that are declared. */
export interface ToolChoice {
  readonly mode: "auto" | "none" | "required";
  /** Names; null: all. One name with `required` is a named tool. */
  readonly allowed: readonly string[] | null;
}

/** Efforts in ascending order. */
export const EFFORTS = ["none", "minimal", "low", "medium", "high", "xhigh", "max"] as const;
/** How hard a model is to think. */
export type Effort = (typeof EFFORTS)[number];

/** How a model is to think; all null: as the provider decides. */
export interface Reasoning {
  readonly effort: Effort | null;
  /** Most tokens of thought; -1: as many as the model likes. */
  readonly budget: number | null;
  /** The model decides how long to think (Anthropic `adaptive`). */
  readonly adaptive: boolean;
  /** Whether thoughts or summaries of them are to be shown; null: not said. */
  readonly visible: boolean | null;
  /** `summary` of Responses: auto, concise, detailed; null: not said. */
  readonly summary: string | null;
}

/** Output format. */
export type OutputShape =
  /** Any JSON object. */
  | { readonly kind: "json" }
  | {
      readonly kind: "schema";
      readonly name: string;
      readonly description: string | null;
      readonly schema: JsonObject;
      readonly strict: boolean | null;
    };

/** Sampling; null: as the provider decides. */
export interface Sampling {
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly frequencyPenalty: number | null;
  readonly presencePenalty: number | null;
  readonly seed: number | null;
  readonly logitBias: JsonObject | null;
}

/** What a client asks for, in the common form. */
export interface ChatRequest {
  /** As the client named it. */
  readonly model: string;
  /** Instructions at the beginning, in order; empty: none. */
  readonly system: readonly TextPart[];
  readonly turns: readonly Turn[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | null;
  /** Whether several tools may be called in one turn; null: not said. */
  readonly parallelTools: boolean | null;
  /** Chat Completions: tools were declared as the deprecated `functions`, so that answers call by `function_call`. */
  readonly functions?: boolean;
  /** Most tokens of output; null: not said. */
  readonly maxTokens: number | null;
  readonly stop: readonly string[];
  readonly sampling: Sampling;
  /** Answers wanted, 1 or more. */
  readonly choices: number;
  /** Log probabilities: alternatives per token; null: none are wanted. */
  readonly logprobs: number | null;
  /** null: text. */
  readonly output: OutputShape | null;
  /** null: not said. */
  readonly reasoning: Reasoning | null;
  readonly verbosity: string | null;
  readonly stream: boolean;
  /** Whether the client of a stream wants a usage chunk (Chat Completions); true in formats that always have one. */
  readonly streamUsage: boolean;
  /** Identifies the end user to the provider (`user`, `safety_identifier`, `metadata.user_id`); null: not said. */
  readonly user: string | null;
  /** Routes to a prompt cache (`prompt_cache_key`); null: not said. */
  readonly cacheKey: string | null;
  /** `auto`, `default`, `flex`, `priority`, …; null: not said. */
  readonly serviceTier: string | null;
  readonly metadata: JsonObject | null;
  /**
   * Fields that only providers of the client's own format can serve, by name, such as `previous_response_id` or
   * `tool web_search_20250305`: no other candidate is eligible.
   */
  readonly nativeOnly: readonly string[];
  /** Fields without a counterpart elsewhere whose loss changes nothing the client relies on: left out with a warning. */
  readonly droppable: readonly string[];
}
