// Models of the mock of Anthropic, and what each can be told.

/** What a model can be told. */
export interface ClaudeTraits {
  readonly context: number;
  readonly output: number;
  /** `adaptive` and `enabled` as values of `thinking.type`. */
  readonly thinking: readonly ("adaptive" | "enabled")[];
  /** Accepts temperature, top_p and top_k. */
  readonly sampling: boolean;
  readonly efforts: readonly string[];
  readonly schemas: boolean;
}

const EFFORTS = ["low", "medium", "high", "max"];
const NEWEST: ClaudeTraits = {
  context: 1_000_000,
  output: 128_000,
  thinking: ["adaptive"],
  sampling: false,
  efforts: [...EFFORTS, "xhigh"],
  schemas: true,
};

const MODELS: readonly (readonly [RegExp, ClaudeTraits])[] = [
  [/^claude-(opus|sonnet|haiku|mythos)-(4-[7-9]|[5-9])/, NEWEST],
  [/^claude-(opus|sonnet)-4-6/, { ...NEWEST, thinking: ["adaptive", "enabled"], sampling: true, efforts: EFFORTS }],
  [
    /^claude-(opus|sonnet|haiku)-4/,
    { context: 200_000, output: 64_000, thinking: ["enabled"], sampling: true, efforts: [], schemas: true },
  ],
  [/^claude-/, { context: 200_000, output: 8192, thinking: [], sampling: true, efforts: [], schemas: false }],
];

/** Traits of a model; null: there is none of that name. */
export function claudeTraits(model: string): ClaudeTraits | null {
  return MODELS.find(([form]) => form.test(model))?.[1] ?? null;
}

/** Names that `GET /v1/models` lists. */
export const CLAUDES = [
  "claude-opus-4-8",
  "claude-sonnet-4-6",
  "claude-haiku-4-5",
  "claude-3-5-haiku-20241022",
] as const;
