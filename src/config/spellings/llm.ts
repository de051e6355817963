// Keys of `llm` that this version does not have, and old spellings whose values have another unit.
import type { Problems } from "../text/problem.ts";
import { type MapNode, textOf } from "../text/tree.ts";

/** Choosing a model by judging the prompt, the catalog of models, budgets. */
const LATER = [
  "router",
  "catalog",
  "tuning",
  "budgets",
  "capture",
  "featureFlags",
  "featureTimeoutMs",
  "embeddingTimeoutMs",
  "decisionTimeoutMs",
  "embedding",
  "decisionLog",
  "authAdapters.passthrough.rewriteModel",
];

/** Paths of these keys, to be refused. */
export const LLM_NOT_YET: readonly string[] = LATER.map((key) => `llm.${key}`);

/** Old spellings of keys of a provider. */
const PROVIDER_KEYS = [
  ["apiKey", "apiKeys"],
  ["connectTimeoutMs", "connectTimeout"],
  ["firstByteTimeoutMs", "firstByteTimeout"],
  ["idleTimeoutMs", "idleTimeout"],
  ["ttftTimeoutMs", "ttftTimeout"],
] as const;

/** Moves old spellings of a provider, in place: `connectTimeoutMs: 5000` is `connectTimeout: 5000ms`. */
export function rewriteProvider({ entries }: MapNode, problems: Problems): void {
  for (const [old, key] of PROVIDER_KEYS) {
    const entry = entries.get(old);
    if (entry === undefined) continue;
    entries.delete(old);
    problems.warn(entry.keyAt, `"${old}" is an old spelling of "${key}"`);
    if (entries.has(key)) problems.error(entry.keyAt, `"${old}" and "${key}" are the same; remove "${old}"`);
    const { value } = entry;
    const isMs = old.endsWith("Ms") && value.kind === "scalar" && /^\d+$/.test(textOf(value));
    entries.set(key, isMs ? { ...entry, value: { ...value, value: `${textOf(value)}ms` } } : entry);
  }
}
