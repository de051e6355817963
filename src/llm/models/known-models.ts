// What is known of models by their names: the only place that looks at them.

import { PROVIDER_KINDS, type ProviderKind } from "../providers/kinds.ts";
import { ANTHROPIC_MODELS } from "./anthropic.ts";
import { DATE } from "./dated-names.ts";
import { GOOGLE_MODELS } from "./google.ts";
import type { ModelFacts } from "./model.ts";
import { OPEN_MODELS } from "./open.ts";
import { OPENAI_MODELS } from "./openai.ts";
import { adaptive, effort, type KnownModel, level, type ModelRow, PLAIN } from "./row.ts";

/** Day the tables were made. */
export const TABLE_DATE = "2026-11-30";

/** All rows. */
export const KNOWN_MODELS: readonly ModelRow[] = [
  ...OPENAI_MODELS,
  ...ANTHROPIC_MODELS,
  ...GOOGLE_MODELS,
  ...OPEN_MODELS,
];

/**
 * Models that are not in the tables, by kind of their provider. Sizes are unknown, and what a client asks for is passed on
 * as it is, in the terms of the newest models; a provider that cannot serve it says so.
 */
const DEFAULTS: Readonly<Record<ProviderKind, ModelFacts>> = {
  openai: { ...PLAIN, audio: true, reasoning: effort() },
  anthropic: { ...PLAIN, sampling: false, reasoning: adaptive("low", "medium", "high", "xhigh", "max") },
  gemini: { ...PLAIN, audio: true, reasoning: level("low", "medium", "high"), reasoningBack: true, toolMedia: true },
  openrouter: { ...PLAIN, audio: true, reasoning: effort() },
  openaiCompatible: { ...PLAIN, documents: false, reasoning: effort() },
};

/**
 * Ends of names that leave the model what it is: a variant or tag (`:free`), a date, and `-latest`, `-preview`, `-exp`,
 * `-001`.
 */
const ENDS = [/:[^:/]+$/, DATE, /-(?:latest|preview|exp|0\d\d)$/];

/** Key of a name → row. Keys have no author where only one model has the name. */
const ROWS = new Map<string, ModelRow>();
for (const known of KNOWN_MODELS) {
  const [author, model] = known.id.split("/") as [string, string];
  for (const name of [model, ...known.aliases]) {
    ROWS.set(keyOf(`${author}/${name}`), known);
    ROWS.set(keyOf(name), known);
  }
}

/** Some write `claude-sonnet-4.5`, others `claude-sonnet-4-5`. */
function keyOf(name: string): string {
  return name.toLowerCase().replaceAll(".", "-");
}

/**
 * The row of a model; null: it is not in the tables.
 * @param name `author/model`, or the name at a provider; dated and tagged ones are those of their model
 */
export function knownModel(name: string): ModelRow | null {
  let rest = name;
  for (let i = 0; i < 4; i++) {
    const found = ROWS.get(keyOf(rest)) ?? ROWS.get(keyOf(rest.slice(rest.lastIndexOf("/") + 1)));
    if (found !== undefined) return found;
    const shorter = withoutEnd(rest);
    if (shorter === rest) return null;
    rest = shorter;
  }
  return null;
}

function withoutEnd(name: string): string {
  for (const end of ENDS) {
    const shorter = name.replace(end, "");
    if (shorter !== name && shorter !== "") return shorter;
  }
  return name;
}

/**
 * What is known of a model at a provider. List prices are those of the author's own provider, and of providers of all
 * authors: what others take, or a server of one's own costs, is unknown.
 * @param name `author/model`, or the key of `llm.models`
 * @param upstreamName at the provider: says more than a name that the operator has chosen
 */
export function factsOf(name: string, upstreamName: string, kind: ProviderKind): KnownModel {
  const known = knownModel(upstreamName) ?? knownModel(name);
  if (known === null) return { facts: DEFAULTS[kind], price: null };
  const author = known.id.slice(0, known.id.indexOf("/"));
  const { allAuthors, author: own } = PROVIDER_KINDS[kind];
  const listed = allAuthors || author === own || name.startsWith(`${author}/`);
  return { facts: known.facts, price: listed ? known.price : null };
}
