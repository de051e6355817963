// One row of the tables of models.
import type { Effort } from "../message/request.ts";
import type { ModelFacts, ReasoningShape } from "./model.ts";

/** List price of the author, or of OpenRouter where the author sells no API. USD per million tokens. */
export interface KnownPrice {
  readonly input: number;
  readonly output: number;
  /** Longest prompt it is for, tokens: longer ones cost more; 0: any. */
  readonly upTo: number;
}

/** What is known of a model. */
export interface KnownModel {
  readonly facts: ModelFacts;
  /** null: unknown. */
  readonly price: KnownPrice | null;
}

/** A model of the tables. */
export interface ModelRow extends KnownModel {
  /** `author/model`. */
  readonly id: string;
  /** Other names of the model without the author, which the rule for dated names does not cover. */
  readonly aliases: readonly string[];
}

/** A model that reads text and images, calls tools, and can be told how to sample. */
export const PLAIN: ModelFacts = {
  contextIn: 0,
  contextOut: 0,
  images: true,
  documents: true,
  audio: false,
  tools: true,
  schema: true,
  sampling: true,
  stop: true,
  reasoning: { kind: "none" },
  reasoningBack: false,
};

/**
 * Makes a row.
 * @param sizes tokens it reads and writes together, and writes; 0 unknown
 * @param price input, output, and the longest prompt they are for; null: unknown
 */
export function row(
  id: string,
  sizes: readonly [contextIn: number, contextOut: number],
  price: readonly [input: number, output: number, upTo?: number] | null,
  facts: Partial<ModelFacts> = {},
  aliases: readonly string[] = [],
): ModelRow {
  const [contextIn, contextOut] = sizes;
  const known = price === null ? null : { input: price[0], output: price[1], upTo: price[2] ?? 0 };
  return { id, aliases, price: known, facts: { ...PLAIN, contextIn, contextOut, ...facts } };
}

/** Told by words. */
export function effort(...efforts: readonly Effort[]): ReasoningShape {
  return { kind: "effort", efforts };
}

/** Anthropic's, told by words. */
export function adaptive(...efforts: readonly Effort[]): ReasoningShape {
  return { kind: "adaptive", efforts };
}

/** Google's, told by words. */
export function level(...levels: readonly Effort[]): ReasoningShape {
  return { kind: "level", levels };
}

/** Told by a number of tokens. */
export function budget(min: number, max: number, off: boolean): ReasoningShape {
  return { kind: "budget", min, max, off };
}
