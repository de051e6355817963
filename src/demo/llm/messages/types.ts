// A request for a message whose shape has been checked.

/** Where a picture or a document is. */
export interface ClaudeSource {
  readonly type: string;
  readonly media_type?: string;
  readonly data?: string;
  readonly url?: string;
}

/** A block. */
export interface ClaudeBlock {
  readonly type: string;
  readonly text?: string;
  readonly thinking?: string;
  readonly signature?: string;
  readonly data?: string;
  readonly id?: string;
  readonly name?: string;
  readonly input?: unknown;
  readonly tool_use_id?: string;
  readonly content?: string | readonly ClaudeBlock[];
  readonly source?: ClaudeSource;
  readonly cache_control?: { readonly ttl?: string } | null;
}

/** A message. */
export interface ClaudeMessage {
  readonly role: "user" | "assistant" | "system";
  readonly content: string | readonly ClaudeBlock[];
}

/** A tool. */
export interface ClaudeTool {
  readonly type?: string;
  readonly name: string;
  readonly input_schema?: Readonly<Record<string, unknown>>;
  readonly cache_control?: { readonly ttl?: string } | null;
}

/** The body. */
export interface ClaudeBody {
  readonly model: string;
  readonly messages: readonly ClaudeMessage[];
  readonly max_tokens: number;
  readonly system?: string | readonly ClaudeBlock[];
  readonly tools?: readonly ClaudeTool[];
  readonly tool_choice?: {
    readonly type: "auto" | "any" | "tool" | "none";
    readonly name?: string;
    readonly disable_parallel_tool_use?: boolean;
  };
  readonly thinking?: {
    readonly type: "enabled" | "adaptive" | "disabled" | "between_tools";
    readonly budget_tokens?: number;
    readonly display?: string;
  };
  readonly output_config?: {
    readonly effort?: string;
    readonly format?: { readonly schema: Readonly<Record<string, unknown>> } | null;
  };
  readonly stop_sequences?: readonly string[];
  readonly temperature?: number;
  readonly top_p?: number;
  readonly top_k?: number;
  readonly stream?: boolean;
  readonly cache_control?: { readonly ttl?: string } | null;
  readonly service_tier?: string;
}

/** Blocks of a content. */
export function blocksOf(content: string | readonly ClaudeBlock[] | undefined): readonly ClaudeBlock[] {
  if (content === undefined) return [];
  return typeof content === "string" ? [{ type: "text", text: content }] : content;
}

/** Text of a content, without anything else in it. */
export function textIn(content: string | readonly ClaudeBlock[] | undefined): string {
  return blocksOf(content)
    .filter(({ type }) => type === "text")
    .map(({ text = "" }) => text)
    .join("");
}
