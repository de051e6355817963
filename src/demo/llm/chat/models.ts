// Models of the providers that speak Chat Completions, and what each can be told.

/** What a model can be told. */
export interface ChatTraits {
  /** Most tokens of prompt and answer. */
  readonly context: number;
  /** Efforts it accepts; empty: it does not reason. */
  readonly efforts: readonly string[];
  /** Accepts temperature and the like. */
  readonly sampling: boolean;
  readonly stop: boolean;
  /** Accepts the old `max_tokens`. */
  readonly maxTokens: boolean;
  /** Thinks without being asked. */
  readonly thinks: boolean;
  /** Wants its reasoning back in tool loops. */
  readonly reasoningBack: boolean;
}

const PLAIN: ChatTraits = {
  context: 1_048_576,
  efforts: [],
  sampling: true,
  stop: true,
  maxTokens: true,
  thinks: false,
  reasoningBack: false,
};
const REASONS: ChatTraits = {
  ...PLAIN,
  context: 272_000,
  efforts: ["none", "minimal", "low", "medium", "high", "xhigh", "max"],
  sampling: false,
  maxTokens: false,
  thinks: true,
};

const OPENAI: readonly (readonly [RegExp, ChatTraits])[] = [
  [/^gpt-5(-mini|-nano)?$/, { ...REASONS, efforts: ["minimal", "low", "medium", "high"], stop: false }],
  [/^gpt-5/, REASONS],
  [/^o[34]/, { ...REASONS, efforts: ["low", "medium", "high"], stop: false }],
  [/^(gpt-[34]|chatgpt|ft:)/, PLAIN],
];
const ANY_EFFORT: ChatTraits = { ...PLAIN, efforts: REASONS.efforts };
const OTHERS: readonly (readonly [RegExp, ChatTraits])[] = [
  [/no-such/, PLAIN],
  [/deepseek-v4|thinking/, { ...ANY_EFFORT, thinks: true, reasoningBack: true }],
  [/./, ANY_EFFORT],
];

/** Traits of a model; null: there is none of that name. */
export function chatTraits(kind: string, model: string): ChatTraits | null {
  const found = (kind === "openai" ? OPENAI : OTHERS).find(([form]) => form.test(model));
  return found === undefined || found[0].source === "no-such" ? null : found[1];
}

/** Names that `GET /models` lists. */
export const LISTED: Readonly<Record<string, readonly string[]>> = {
  openai: ["gpt-5", "gpt-5-mini", "gpt-4o-mini", "o4-mini", "text-embedding-3-small", "omni-moderation-latest"],
  openrouter: ["deepseek/deepseek-r1", "qwen/qwen3-coder", "openai/gpt-5"],
  openaiCompatible: ["llama3.2", "qwen3", "deepseek-reasoner"],
};
