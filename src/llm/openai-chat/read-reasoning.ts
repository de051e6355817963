// Reads how a client asks for reasoning: OpenAI's field, and those of other APIs that clients send here, too.
import { isObject, type JsonObject, numberOr, textOr } from "../json/values.ts";
import type { Losses } from "../message/losses.ts";
import { EFFORTS, type Effort, type Reasoning } from "../message/request.ts";

const NONE: Reasoning = { effort: null, budget: null, adaptive: false, visible: null, summary: null };

/** Reads `reasoning_effort`, `reasoning` (OpenRouter) and `thinking` (Anthropic, DeepSeek); null: not said. */
export function readReasoning(body: JsonObject, losses: Losses): Reasoning | null {
  const asked = { ...readThinking(body.thinking), ...readOpenRouter(body.reasoning, losses) };
  const effort = effortOf(body.reasoning_effort, "reasoning_effort", losses);
  if (effort !== null) Object.assign(asked, { effort });
  if (body.include_reasoning === false) Object.assign(asked, { visible: false });
  return Object.keys(asked).length === 0 ? null : { ...NONE, ...asked };
}

function readThinking(thinking: unknown): Partial<Reasoning> {
  if (!isObject(thinking)) return {};
  if (thinking.type === "disabled") return { effort: "none" };
  const budget = numberOr(thinking.budget_tokens);
  if (budget !== null) return { budget };
  return thinking.type === "enabled" || thinking.type === "adaptive" ? { adaptive: true } : {};
}

function readOpenRouter(reasoning: unknown, losses: Losses): Partial<Reasoning> {
  if (!isObject(reasoning)) return {};
  const effort = effortOf(reasoning.effort, "reasoning.effort", losses);
  const budget = numberOr(reasoning.max_tokens);
  const summary = textOr(reasoning.summary);
  return {
    ...(reasoning.enabled === true && effort === null && budget === null ? { adaptive: true } : null),
    ...(reasoning.enabled === false ? { effort: "none" } : null),
    ...(effort === null ? null : { effort }),
    ...(budget === null ? null : { budget }),
    ...(typeof reasoning.exclude === "boolean" ? { visible: !reasoning.exclude } : null),
    ...(summary === null ? null : { summary }),
  };
}

/** Other words, such as `default`, mean something to single providers only. */
function effortOf(value: unknown, name: string, losses: Losses): Effort | null {
  if ((value ?? null) === null) return null;
  if (EFFORTS.includes(value as Effort)) return value as Effort;
  losses.drop(name);
  return null;
}
