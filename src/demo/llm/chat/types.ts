// A request for a chat completion whose shape has been checked.

/** A part of a message. */
export interface ChatPart {
  readonly type: string;
  readonly text?: string;
  readonly image_url?: { readonly url: string };
}

/** A call in the history. */
export interface ChatCall {
  readonly id: string;
  readonly function?: { readonly name: string; readonly arguments: string };
  readonly custom?: { readonly name: string; readonly input: string };
}

/** A message. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ChatPart[] | null;
  readonly refusal?: string | null;
  readonly audio?: unknown;
  readonly tool_calls?: readonly ChatCall[];
  readonly tool_call_id?: string;
  readonly reasoning_content?: string;
  readonly reasoning?: string | null;
  readonly reasoning_details?: readonly { readonly signature?: unknown; readonly data?: unknown }[];
}

type Schema = Readonly<Record<string, unknown>>;

interface Named {
  readonly name: string;
}

/** The body. */
export interface ChatBody {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly tools?: readonly {
    readonly type: string;
    readonly function?: Named & { readonly parameters?: Schema; readonly strict?: boolean | null };
    readonly custom?: Named;
  }[];
  readonly tool_choice?:
    | string
    | {
        readonly type: string;
        readonly function?: Named;
        readonly custom?: Named;
        readonly allowed_tools?: {
          readonly mode: string;
          readonly tools: readonly { readonly function?: Named; readonly custom?: Named }[];
        };
      };
  readonly parallel_tool_calls?: boolean;
  readonly response_format?: {
    readonly type: string;
    readonly json_schema?: { readonly name: string; readonly schema: Schema; readonly strict?: boolean | null };
  };
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  readonly stop?: string | readonly string[] | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
  readonly n?: number | null;
  readonly frequency_penalty?: number | null;
  readonly presence_penalty?: number | null;
  readonly logit_bias?: unknown;
  readonly logprobs?: boolean | null;
  readonly top_logprobs?: number | null;
  readonly reasoning_effort?: string | null;
  readonly reasoning?: { readonly enabled?: boolean; readonly effort?: string; readonly max_tokens?: number };
  readonly stream?: boolean | null;
  readonly stream_options?: {
    readonly include_usage?: boolean;
    readonly include_obfuscation?: boolean;
  } | null;
  readonly service_tier?: string | null;
}
