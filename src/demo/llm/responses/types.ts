// A request for a response whose shape has been checked.

/** A part of a content. */
export interface ResponsePart {
  readonly type: string;
  readonly text?: string;
  readonly refusal?: string;
  readonly image_url?: string | null;
}

/** An item of the input. */
export interface InputItem {
  readonly type?: string;
  readonly id?: string | null;
  readonly role?: string;
  readonly content?: string | readonly ResponsePart[];
  readonly call_id?: string;
  readonly name?: string;
  readonly arguments?: string;
  readonly input?: string;
  readonly output?: string | readonly ResponsePart[];
  readonly encrypted_content?: string | null;
}

type Schema = Readonly<Record<string, unknown>>;

/** A tool. */
export interface ResponseTool {
  readonly type: string;
  readonly name?: string;
  readonly parameters?: Schema | null;
  readonly strict?: boolean | null;
  /** Of a namespace. */
  readonly tools?: readonly ResponseTool[];
}

/** The body. */
export interface ResponseBody {
  readonly model: string;
  readonly input?: string | readonly InputItem[];
  readonly instructions?: string | null;
  readonly tools?: readonly ResponseTool[];
  readonly tool_choice?:
    | string
    | {
        readonly type: string;
        readonly name?: string;
        readonly mode?: string;
        readonly tools?: readonly ResponseTool[];
      };
  readonly parallel_tool_calls?: boolean | null;
  readonly max_output_tokens?: number | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
  readonly reasoning?: { readonly effort?: string | null; readonly summary?: string | null } | null;
  readonly text?: {
    readonly format?: {
      readonly type: string;
      readonly name?: string;
      readonly schema?: Schema;
      readonly strict?: boolean | null;
    };
  };
  readonly include?: readonly string[] | null;
  readonly store?: boolean | null;
  readonly previous_response_id?: string | null;
  readonly conversation?: unknown;
  readonly stream?: boolean | null;
  readonly stream_options?: { readonly include_obfuscation?: boolean } | null;
  readonly metadata?: unknown;
  readonly truncation?: string | null;
  readonly service_tier?: string | null;
  readonly background?: boolean | null;
}

/** Items of an input. */
export function itemsOf(input: ResponseBody["input"]): readonly InputItem[] {
  if (input === undefined) return [];
  return typeof input === "string" ? [{ role: "user", content: input }] : input;
}

/** Text of a content. */
export function textIn(content: string | readonly ResponsePart[] | undefined): string {
  if (content === undefined || typeof content === "string") return content ?? "";
  return content.map(({ text = "" }) => text).join("");
}
