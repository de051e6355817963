// Keys of `llm` that this version does not have.

/** Choosing a model by judging the prompt, the catalog of models, budgets, logins at Google. */
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
  "authAdapters.google",
  "authAdapters.passthrough.rewriteModel",
];

/** Paths of these keys, to be refused. */
export const LLM_NOT_YET: readonly string[] = LATER.map((key) => `llm.${key}`);
