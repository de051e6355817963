// Models of Anthropic. Sources: platform.claude.com/docs/en/models, /build-with-claude/effort and /adaptive-thinking.
import type { ModelFacts } from "./model.ts";
import { adaptive, budget, type ModelRow, row } from "./row.ts";

/** They always think, and take no sampling. */
const ALWAYS: Partial<ModelFacts> = { sampling: false, reasoning: adaptive("low", "medium", "high", "xhigh", "max") };
/** Thinking can be turned off; they take no sampling. */
const SWITCHED: Partial<ModelFacts> = {
  sampling: false,
  reasoning: adaptive("none", "low", "medium", "high", "xhigh", "max"),
};
const FIRST_ADAPTIVE: Partial<ModelFacts> = { reasoning: adaptive("none", "low", "medium", "high", "max") };
const EXTENDED: Partial<ModelFacts> = { reasoning: budget(1024, 63_999, true) };

const LONG = [1_000_000, 128_000] as const;
const SHORT = [200_000, 64_000] as const;
const OLD = [200_000, 32_000] as const;
const UNKNOWN = [0, 0] as const;

export const ANTHROPIC_MODELS: readonly ModelRow[] = [
  row("anthropic/claude-fable-5-2", UNKNOWN, null, ALWAYS),
  row("anthropic/claude-fable-5-1", LONG, [10, 50], ALWAYS),
  row("anthropic/claude-fable-5", LONG, [10, 50], ALWAYS),
  row("anthropic/claude-mythos-5-2", UNKNOWN, null, ALWAYS),
  row("anthropic/claude-mythos-5-1", UNKNOWN, null, ALWAYS),
  row("anthropic/claude-mythos-5", LONG, [10, 50], ALWAYS),
  row("anthropic/claude-mythos-preview", UNKNOWN, null, {
    reasoning: adaptive("low", "medium", "high", "max"),
    sampling: false,
  }),
  row("anthropic/claude-opus-5-5", LONG, [4, 20], ALWAYS),
  row("anthropic/claude-sonnet-5-5", LONG, [2, 10], ALWAYS),
  row("anthropic/claude-haiku-5-5", LONG, [0.1, 0.5, 100_000], SWITCHED),
  row("anthropic/claude-opus-5", LONG, [5, 25], SWITCHED),
  row("anthropic/claude-sonnet-5", LONG, [2, 10], SWITCHED),
  row("anthropic/claude-opus-4-8", LONG, [5, 25], SWITCHED),
  row("anthropic/claude-opus-4-7", LONG, [5, 25], SWITCHED),
  row("anthropic/claude-opus-4-6", LONG, [5, 25], FIRST_ADAPTIVE),
  row("anthropic/claude-sonnet-4-6", LONG, [3, 15], FIRST_ADAPTIVE),
  row("anthropic/claude-opus-4-5", SHORT, [5, 25], EXTENDED),
  row("anthropic/claude-sonnet-4-5", SHORT, [3, 15], EXTENDED),
  row("anthropic/claude-haiku-4-5", SHORT, [1, 5], EXTENDED),
  row("anthropic/claude-opus-4-1", OLD, [15, 75], { reasoning: budget(1024, 31_999, true) }),
  row("anthropic/claude-opus-4", OLD, [15, 75], { reasoning: budget(1024, 31_999, true), schema: false }, [
    "claude-opus-4-0",
  ]),
  row("anthropic/claude-sonnet-4", SHORT, [3, 15], { ...EXTENDED, schema: false }, ["claude-sonnet-4-0"]),
];
