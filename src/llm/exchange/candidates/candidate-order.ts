// In which order the candidates of a rule are asked.
import { hash } from "node:crypto";
import type { LlmRule } from "../../settings.ts";
import type { Candidate } from "./provider.ts";

/** How fast candidates have answered lately. */
export interface Speeds {
  /** Usual time to the first content, ms; 0 unknown, so that it is tried. */
  usualMs(candidate: Candidate): number;
}

/** A request of a conversation. */
export interface InConversation {
  /** Identity of the conversation, determined when it is read; null: it has none. */
  readonly conversation: string | null;
}

/** Orders the candidates of a rule. */
export class CandidateOrder {
  /** As written. */
  readonly candidates: readonly Candidate[];
  readonly #order: LlmRule["order"];
  readonly #speeds: Speeds;
  readonly #fixed: readonly Candidate[];

  constructor(order: LlmRule["order"], candidates: readonly Candidate[], speeds: Speeds) {
    this.candidates = candidates;
    this.#order = order;
    this.#speeds = speeds;
    this.#fixed = order === "cheapest" ? [...candidates].sort((a, b) => costOf(a) - costOf(b)) : candidates;
  }

  /** @param call whose conversation stays with its model, with `weighted` */
  for(call: InConversation): readonly Candidate[] {
    switch (this.#order) {
      case "priority":
      case "cheapest":
        return this.#fixed;
      case "fastest":
        return byNumber(this.#fixed, (candidate) => this.#speeds.usualMs(candidate));
      case "weighted":
        return byNumber(this.#fixed, (candidate) => lotOf(candidate, call.conversation));
    }
  }
}

/** Output costs several times as much as input, and is the smaller part of a chat: both count alike. */
function costOf({ price }: Candidate): number {
  return price === null ? Number.POSITIVE_INFINITY : price.input + price.output;
}

/** Exponential variate with the weight as its rate: the least of them is drawn with the share of its weight. */
function lotOf({ id, provider, weight }: Candidate, conversation: string | null): number {
  if (weight === 0) return Number.POSITIVE_INFINITY;
  return -Math.log(uniform(conversation, `${provider.settings.id}:${id}`)) / weight;
}

/** In (0, 1), the same for the same conversation and model. */
function uniform(conversation: string | null, name: string): number {
  if (conversation === null) return 1 - Math.random();
  const digest = hash("sha256", `${conversation}|${name}`, "hex");
  return (Number.parseInt(digest.slice(0, 12), 16) + 1) / (2 ** 48 + 1);
}

function byNumber(candidates: readonly Candidate[], number: (candidate: Candidate) => number): readonly Candidate[] {
  return candidates
    .map((candidate) => ({ candidate, number: number(candidate) }))
    .sort((a, b) => a.number - b.number || 0)
    .map(({ candidate }) => candidate);
}
