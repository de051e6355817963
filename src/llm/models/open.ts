// Models with open weights, and of authors whose API is that of OpenAI. Sources: api-docs.deepseek.com, docs.mistral.ai;
// openrouter.ai for models that many sell: their prices change often, and those of a provider's own list come first.
import type { ModelFacts } from "./model.ts";
import { effort, type ModelRow, row } from "./row.ts";

const TEXT: Partial<ModelFacts> = { images: false, documents: false };
const PICTURES: Partial<ModelFacts> = { documents: false };
/** DeepSeek answers by any JSON object, and wants its thoughts back in tool loops. */
const DEEPSEEK: Partial<ModelFacts> = { ...TEXT, schema: false, reasoningBack: true };

export const OPEN_MODELS: readonly ModelRow[] = [
  row("deepseek/deepseek-v4-pro", [1_000_000, 384_000], [1.32, 3.96], {
    ...DEEPSEEK,
    reasoning: effort("high", "max"),
  }),
  row(
    "deepseek/deepseek-v4.1-flash",
    [1_000_000, 384_000],
    [0.3, 1.2],
    { ...DEEPSEEK, reasoning: effort("low", "high", "max") },
    ["deepseek-flash", "deepseek-v4-flash"],
  ),
  row("deepseek/deepseek-v3.2", [128_000, 8192], [0.28, 0.42], { ...TEXT, schema: false }, ["deepseek-chat"]),
  row("deepseek/deepseek-r1", [128_000, 0], null, { ...DEEPSEEK, reasoningBack: false }, ["deepseek-reasoner"]),
  row("qwen/qwen3.8-max", [0, 0], [2, 6], {
    ...PICTURES,
    reasoning: effort("minimal", "low", "medium", "high", "xhigh"),
  }),
  row("qwen/qwen3.7-plus", [0, 131_072], [0.32, 1.28, 256_000], { ...PICTURES, reasoning: effort() }),
  row("qwen/qwen3-max", [262_144, 65_536], null, TEXT),
  row("qwen/qwen3-coder", [262_144, 65_536], [0.22, 1.8], TEXT, ["qwen3-coder-480b-a35b-instruct"]),
  row("qwen/qwen3-coder-next", [262_144, 0], [0.07, 0.3], TEXT),
  row("qwen/qwen3-32b", [40_960, 0], [0.08, 0.28], { ...TEXT, reasoning: effort() }),
  row("meta-llama/llama-4-maverick", [1_048_576, 16_384], [0.15, 0.6], PICTURES, [
    "llama-4-maverick-17b-128e-instruct",
  ]),
  row("meta-llama/llama-4-scout", [10_000_000, 0], null, PICTURES, ["llama-4-scout-17b-16e-instruct"]),
  row("meta-llama/llama-3.3-70b-instruct", [131_072, 16_384], [0.1, 0.32], TEXT, [
    "llama-3.3-70b-versatile",
    "llama3.3",
  ]),
  row("meta-llama/llama-3.1-8b-instruct", [131_072, 0], null, TEXT, ["llama-3.1-8b-instant", "llama3.1"]),
  row("mistralai/mistral-large-4", [1_048_576, 0], [0.68, 2.09], { ...PICTURES, reasoning: effort("none", "high") }, [
    "mistral-large-4-0",
  ]),
  row("mistralai/mistral-large-3", [262_144, 0], [0.5, 1.5], PICTURES, ["mistral-large-2512"]),
  row("mistralai/mistral-medium-3.5", [262_144, 0], [1.5, 7.5], { ...PICTURES, reasoning: effort("none", "high") }, [
    "mistral-medium-2604",
  ]),
  row("mistralai/mistral-medium-3.1", [131_072, 0], [0.4, 2], PICTURES, ["mistral-medium-2508"]),
  row("mistralai/mistral-small", [128_000, 16_384], [0.1, 0.3], PICTURES),
  row("mistralai/codestral", [256_000, 0], [0.3, 0.9], TEXT),
  row("mistralai/devstral-2", [262_144, 0], [0.4, 2], TEXT, ["devstral-2512", "devstral-medium-latest"]),
];
