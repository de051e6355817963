// Models of Google. Sources: ai.google.dev/gemini-api/docs/models, /thinking and /pricing.
import type { ModelFacts, ReasoningShape } from "./model.ts";
import { budget, level, type ModelRow, row } from "./row.ts";

const SIZES = [1_048_576, 65_536] as const;
/** Prompts above it cost more. */
const STEP = 200_000;

function gemini2(reasoning: ReasoningShape): Partial<ModelFacts> {
  return { audio: true, reasoning };
}

function gemini3(reasoning: ReasoningShape): Partial<ModelFacts> {
  return { audio: true, reasoning, reasoningBack: true, toolMedia: true };
}

const THREE = gemini3(level("low", "medium", "high"));
const FOUR = gemini3(level("minimal", "low", "medium", "high"));

export const GOOGLE_MODELS: readonly ModelRow[] = [
  row("google/gemini-3.8-flash", SIZES, [0.75, 3.75], THREE),
  row("google/gemini-3.7-flash", SIZES, [0.75, 3.75], THREE),
  row("google/gemini-3.6-flash", SIZES, [1.5, 7.5], THREE),
  row("google/gemini-3.5-flash", SIZES, [1.5, 9], FOUR),
  row("google/gemini-3.5-flash-lite", SIZES, [0.3, 2.5], { ...FOUR, sampling: false }),
  row("google/gemini-3.1-pro", SIZES, [2, 12, STEP], THREE, ["gemini-3.1-pro-preview-customtools"]),
  row("google/gemini-3.1-flash-lite", SIZES, [0.25, 1.5], FOUR),
  row("google/gemini-3-pro", SIZES, [2, 12, STEP], gemini3(level("low", "high"))),
  row("google/gemini-3-flash", SIZES, [0.5, 3], FOUR),
  row("google/gemini-2.5-pro", SIZES, [1.25, 10, STEP], gemini2(budget(128, 32_768, false))),
  row("google/gemini-2.5-flash", SIZES, [0.3, 2.5], gemini2(budget(1, 24_576, true))),
  row("google/gemini-2.5-flash-lite", SIZES, [0.1, 0.4], gemini2(budget(512, 24_576, true))),
];
