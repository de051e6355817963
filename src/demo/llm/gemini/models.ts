// Models of the mock of Gemini, and what each can be told.

/** What a model can be told. */
export interface GeminiTraits {
  readonly context: number;
  readonly output: number;
  /** Budgets of thought; null: it takes none. */
  readonly budget: { readonly min: number; readonly max: number; readonly off: boolean } | null;
  /** Levels of thought; empty: it takes none. */
  readonly levels: readonly string[];
  /** Wants the signature of calls back. */
  readonly signed: boolean;
}

const LIMITS = { context: 1_048_576, output: 65_536 };
const THIRD: GeminiTraits = {
  ...LIMITS,
  budget: { min: 0, max: 32_768, off: false },
  levels: ["MINIMAL", "LOW", "MEDIUM", "HIGH"],
  signed: true,
};
const MODELS: readonly (readonly [RegExp, GeminiTraits])[] = [
  [/^gemini-3-pro/, { ...THIRD, levels: ["LOW", "HIGH"] }],
  [/^gemini-[3-9]/, THIRD],
  [/^gemini-2\.5-pro/, { ...LIMITS, budget: { min: 128, max: 32_768, off: false }, levels: [], signed: false }],
  [/^gemini-2\.5/, { ...LIMITS, budget: { min: 0, max: 24_576, off: true }, levels: [], signed: false }],
  [/^gemini-/, { ...LIMITS, output: 8192, budget: null, levels: [], signed: false }],
];

/** Traits of a model; null: there is none of that name. */
export function geminiTraits(model: string): GeminiTraits | null {
  return MODELS.find(([form]) => form.test(model))?.[1] ?? null;
}

/** Names that `GET /v1beta/models` lists. */
export const GEMINIS = ["gemini-3-pro", "gemini-2.5-pro", "gemini-2.5-flash", "gemini-2.0-flash"] as const;
