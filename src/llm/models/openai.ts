// Models of OpenAI. Sources: developers.openai.com/api/docs/models and /pricing.
import type { Effort } from "../message/request.ts";
import type { ModelFacts } from "./model.ts";
import { effort, type ModelRow, row } from "./row.ts";

/** Models that think take neither sampling nor stop sequences. */
function thinks(...efforts: readonly Effort[]): Partial<ModelFacts> {
  return { sampling: false, stop: false, reasoning: effort(...efforts) };
}

const TO_HIGH = thinks("low", "medium", "high");
const FROM_MINIMAL = thinks("minimal", "low", "medium", "high");
const TO_XHIGH = thinks("none", "low", "medium", "high", "xhigh");
const PRO = thinks("medium", "high", "xhigh");
const TO_MAX = thinks("none", "low", "medium", "high", "xhigh", "max");
/** They always think. */
const FROM_LOW = thinks("low", "medium", "high", "xhigh", "max");

const HALF = [400_000, 128_000] as const;
const LONG = [1_050_000, 128_000] as const;
const FLAT = [1_047_576, 32_768] as const;
const O = [200_000, 100_000] as const;
/** Prompts above it cost more. */
const STEP = 272_000;

export const OPENAI_MODELS: readonly ModelRow[] = [
  row("openai/gpt-6.2-astra", LONG, [8, 40, STEP], FROM_LOW),
  row("openai/gpt-6.2-sol", LONG, [2, 10, STEP], FROM_LOW),
  row("openai/gpt-6.1-sol", LONG, [2, 10, STEP], FROM_LOW),
  row("openai/gpt-6.1-terra", LONG, [1, 5, STEP], TO_MAX),
  row("openai/gpt-6-astra", LONG, [10, 50, STEP], FROM_LOW),
  row("openai/gpt-6-sol", LONG, [2, 10, STEP], TO_MAX),
  row("openai/gpt-6-luna", LONG, [0.1, 0.5, STEP], TO_MAX),
  row("openai/gpt-5.6-sol", LONG, [4, 20, STEP], TO_MAX, ["gpt-5.6"]),
  row("openai/gpt-5.6-terra", LONG, [2, 12, STEP], TO_MAX),
  row("openai/gpt-5.6-luna", LONG, [0.2, 1.2, STEP], TO_MAX),
  row("openai/gpt-5.5", LONG, [5, 30, STEP], TO_XHIGH),
  row("openai/gpt-5.5-pro", LONG, [30, 180, STEP], PRO),
  row("openai/gpt-5.4", LONG, [2.5, 15, STEP], TO_XHIGH),
  row("openai/gpt-5.4-pro", LONG, [30, 180, STEP], PRO),
  row("openai/gpt-5.4-mini", HALF, [0.75, 4.5], TO_XHIGH),
  row("openai/gpt-5.4-nano", HALF, [0.2, 1.25], TO_XHIGH),
  row("openai/gpt-5.3-codex", HALF, [1.75, 14], thinks("low", "medium", "high", "xhigh")),
  row("openai/gpt-5.3-chat", [128_000, 16_384], null),
  row("openai/gpt-5.2", HALF, [1.75, 14], TO_XHIGH),
  row("openai/gpt-5.2-pro", HALF, [21, 168], PRO),
  row("openai/gpt-5.2-chat", [128_000, 16_384], [1.75, 14]),
  row("openai/gpt-5.1", HALF, [1.25, 10], thinks("none", "low", "medium", "high")),
  row("openai/gpt-5.1-codex", HALF, [1.25, 10], TO_HIGH),
  row("openai/gpt-5.1-codex-mini", HALF, [0.25, 2], TO_HIGH, ["gpt-5.1-mini"]),
  row("openai/gpt-5.1-chat", [128_000, 16_384], [1.25, 10]),
  row("openai/gpt-5", HALF, [1.25, 10], FROM_MINIMAL),
  row("openai/gpt-5-mini", HALF, [0.25, 2], FROM_MINIMAL),
  row("openai/gpt-5-nano", HALF, [0.05, 0.4], FROM_MINIMAL),
  row("openai/gpt-5-pro", [400_000, 272_000], [15, 120], thinks("high")),
  row("openai/gpt-5-codex", HALF, [1.25, 10], TO_HIGH),
  row("openai/gpt-5-chat", [128_000, 16_384], [1.25, 10], { tools: false }),
  row("openai/gpt-4.1", FLAT, [2, 8]),
  row("openai/gpt-4.1-mini", FLAT, [0.4, 1.6]),
  row("openai/gpt-4.1-nano", FLAT, [0.1, 0.4]),
  row("openai/gpt-4o", [128_000, 16_384], [2.5, 10]),
  row("openai/gpt-4o-mini", [128_000, 16_384], [0.15, 0.6]),
  row("openai/gpt-4o-audio-preview", [128_000, 16_384], null, { audio: true, images: false, documents: false }),
  row("openai/o4-mini", O, [1.1, 4.4], TO_HIGH),
  row("openai/o3", O, [2, 8], TO_HIGH),
  row("openai/o3-mini", O, [1.1, 4.4], { ...TO_HIGH, images: false, documents: false }),
  row("openai/o1", O, [15, 60], TO_HIGH),
];
