// Reasoning effort: what a client asked for, in the terms of each kind of model.
import type { Effort, Reasoning } from "../message/request.ts";
import { EFFORTS } from "../message/request.ts";
import type { ReasoningShape } from "../models/model.ts";

/** Tokens of thought each effort stands for; those of `max` are as many as the model allows. */
const BUDGETS: Readonly<Record<Effort, number>> = {
  none: 0,
  minimal: 1024,
  low: 1024,
  medium: 8192,
  high: 24_576,
  xhigh: 32_768,
  max: Number.MAX_SAFE_INTEGER,
};

/** What a model is told. */
export type ReasoningOrder =
  /** Nothing: it thinks as it does without being asked. */
  | { readonly kind: "unsaid" }
  /** Not to think, in models of kind `adaptive` and `budget`. */
  | { readonly kind: "off" }
  /** Of kind `effort` or `level`; `none` only if it lists it. */
  | { readonly kind: "effort"; readonly effort: Effort }
  /** @param effort null: its own */
  | { readonly kind: "adaptive"; readonly effort: Effort | null }
  /** @param tokens -1: as many as it likes */
  | { readonly kind: "budget"; readonly tokens: number };

const UNSAID: ReasoningOrder = { kind: "unsaid" };
const OFF: ReasoningOrder = { kind: "off" };

/**
 * What a model of this shape is told so that it thinks as the client wants.
 * @param reasoning null: the client has not said
 * @param warnings gets `reasoning` if it cannot be told, `reasoning.effort` if it accepts only another effort
 */
export function orderOf(reasoning: Reasoning | null, shape: ReasoningShape, warnings: string[]): ReasoningOrder {
  if (reasoning === null) return UNSAID;
  switch (shape.kind) {
    case "none":
      if (asksThought(reasoning)) warnings.push("reasoning");
      return UNSAID;
    case "effort":
      return effortOrder(reasoning, shape.efforts, warnings);
    case "level":
      return effortOrder(reasoning, shape.levels, warnings);
    case "adaptive":
      return adaptiveOrder(reasoning, shape.efforts, warnings);
    case "budget":
      return budgetOrder(reasoning, shape);
  }
}

/** The effort a client asked for, in words or as a budget; null: it has not said, or leaves it to the model. */
export function effortOf({ effort, budget }: Reasoning): Effort | null {
  if (effort !== null) return effort;
  return budget === null || budget < 0 ? null : effortOfBudget(budget);
}

/** The effort that a number of tokens of thought stands for. */
export function effortOfBudget(tokens: number): Effort {
  if (tokens <= 0) return "none";
  if (tokens <= BUDGETS.low) return "low";
  if (tokens <= BUDGETS.medium) return "medium";
  return tokens <= BUDGETS.high ? "high" : "xhigh";
}

/** Tokens of thought that an effort stands for, within what the model allows. @param max 0: unknown, at most those of `xhigh` */
export function budgetOfEffort(effort: Effort, min: number, max: number): number {
  return within(BUDGETS[effort], min, max === 0 ? BUDGETS.xhigh : max);
}

/**
 * The effort itself if it is listed, else the nearest lower one, else the lowest. A model asked to think is not told `none`
 * while it lists another.
 * @param listed ascending; empty: any
 */
export function nearestEffort(effort: Effort, listed: readonly Effort[]): Effort {
  if (listed.length === 0 || listed.includes(effort)) return effort;
  const usable = effort === "none" ? listed : listed.filter((one) => one !== "none");
  const rank = EFFORTS.indexOf(effort);
  const lower = usable.findLast((one) => EFFORTS.indexOf(one) < rank);
  return lower ?? usable[0] ?? listed[0]!;
}

function effortOrder(reasoning: Reasoning, listed: readonly Effort[], warnings: string[]): ReasoningOrder {
  const effort = listedEffort(reasoning, listed, warnings);
  return effort === null ? UNSAID : { kind: "effort", effort };
}

function adaptiveOrder(reasoning: Reasoning, listed: readonly Effort[], warnings: string[]): ReasoningOrder {
  const effort = listedEffort(reasoning, listed, warnings);
  if (effort === "none") return OFF;
  if (effort === null && !reasoning.adaptive && reasoning.budget === null) return UNSAID;
  return { kind: "adaptive", effort };
}

function budgetOrder(
  { effort, budget, adaptive }: Reasoning,
  { min, max, off }: { readonly min: number; readonly max: number; readonly off: boolean },
): ReasoningOrder {
  if (budget === 0 || (budget === null && effort === "none")) return off ? OFF : { kind: "budget", tokens: min };
  if (budget !== null) return { kind: "budget", tokens: budget < 0 ? -1 : within(budget, min, max || budget) };
  if (effort !== null) return { kind: "budget", tokens: budgetOfEffort(effort, min, max) };
  return adaptive ? { kind: "budget", tokens: -1 } : UNSAID;
}

function listedEffort(reasoning: Reasoning, listed: readonly Effort[], warnings: string[]): Effort | null {
  const asked = effortOf(reasoning);
  if (asked === null) return null;
  const effort = nearestEffort(asked, listed);
  if (effort !== reasoning.effort && reasoning.effort !== null) warnings.push("reasoning.effort");
  return effort;
}

function asksThought(reasoning: Reasoning): boolean {
  const effort = effortOf(reasoning);
  return effort === null ? reasoning.adaptive || reasoning.budget !== null : effort !== "none";
}

function within(tokens: number, min: number, max: number): number {
  return Math.max(min, Math.min(tokens, max));
}
