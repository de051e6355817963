// Writes `thinking`, `output_config.effort` and `max_tokens`, which depend on each other.
import type { ChatRequest } from "../message/request.ts";
import type { ModelFacts } from "../models/model.ts";
import { budgetOfEffort, orderOf, type ReasoningOrder } from "../reasoning/effort.ts";

/** Most tokens of output where nobody says how many. */
const USUAL_MOST = 4096;

/** What the fields for thought and output become. */
export interface Thinking {
  readonly maxTokens: number;
  /** null: it is left out. */
  readonly thinking: object | null;
  /** null: it is left out. */
  readonly effort: string | null;
  /** Whether the model thinks, so that it takes no sampling and no forced calls. */
  readonly on: boolean;
}

/**
 * @param prevented the model cannot think, whatever the client wants: a tool is forced, or a loop of tools began without
 * @param warnings gets the names of what could not be told
 */
export function writeThinking(
  request: ChatRequest,
  facts: ModelFacts,
  prevented: "always" | "withBudget" | "no",
  warnings: string[],
): Thinking {
  const order = orderOf(request.reasoning, facts.reasoning, warnings);
  const maxTokens = mostTokens(request.maxTokens, facts.contextOut, warnings);
  const silent: Thinking = { maxTokens, thinking: null, effort: null, on: false };
  switch (order.kind) {
    case "unsaid":
      return silent;
    case "off":
      return facts.reasoning.kind === "adaptive" ? { ...silent, thinking: { type: "disabled" } } : silent;
    case "effort":
      return { ...silent, effort: order.effort };
    case "adaptive":
      if (prevented === "always") return { ...silent, ...withoutThought(facts, warnings), effort: order.effort };
      return { maxTokens, thinking: { type: "adaptive", ...display(request) }, effort: order.effort, on: true };
    case "budget":
      if (prevented === "no") return budgeted(request, facts, order, maxTokens, warnings);
      warnings.push("reasoning");
      return silent;
  }
}

/** @param asked null: not said; 0 fills the cache and writes nothing */
function mostTokens(asked: number | null, cap: number, warnings: string[]): number {
  if (asked === null) return cap || USUAL_MOST;
  if (cap === 0 || asked <= cap) return asked;
  warnings.push("max_tokens");
  return cap;
}

function withoutThought({ reasoning }: ModelFacts, warnings: string[]): { readonly thinking: object | null } {
  warnings.push("reasoning");
  const optional = reasoning.kind === "adaptive" && reasoning.efforts.includes("none");
  return { thinking: optional ? { type: "disabled" } : null };
}

/** Thoughts count as output: where they would leave no room for an answer, the room is made. */
function budgeted(
  request: ChatRequest,
  { contextOut: cap, reasoning }: ModelFacts,
  { tokens }: Extract<ReasoningOrder, { kind: "budget" }>,
  maxTokens: number,
  warnings: string[],
): Thinking {
  const { min, max } = reasoning.kind === "budget" ? reasoning : { min: 0, max: 0 };
  const wanted = tokens === -1 ? budgetOfEffort("high", min, max) : tokens;
  const room = wanted < maxTokens ? maxTokens : Math.min(maxTokens + wanted, cap || Number.MAX_SAFE_INTEGER);
  const visible = Math.min(maxTokens, USUAL_MOST);
  const budget = wanted < room ? wanted : room - visible;
  if (budget < Math.max(min, 1) || maxTokens === 0) {
    warnings.push("reasoning");
    return { maxTokens, thinking: null, effort: null, on: false };
  }
  if (room > maxTokens && request.maxTokens !== null) warnings.push("max_tokens");
  const hidden = request.reasoning?.visible === false ? { display: "omitted" } : null;
  const thinking = { type: "enabled", budget_tokens: budget, ...hidden };
  return { maxTokens: room, thinking, effort: null, on: true };
}

function display({ reasoning }: ChatRequest): object | null {
  const visible = reasoning?.visible ?? null;
  return visible === null ? null : { display: visible ? "summarized" : "omitted" };
}
