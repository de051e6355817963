// Models that the operator has no key for.

import { sourcesOf } from "../../../llm/models/resolve.ts";
import { PROVIDER_KINDS } from "../../../llm/providers/kinds.ts";
import type { ProviderSettings } from "../../../llm/settings.ts";
import type { Draft } from "../draft.ts";
import type { Known } from "../known.ts";

/** Warns of models in rules that only clients with a key of their own can use, once for each provider. */
export function checkKeyless(draft: Draft, { rules, llm }: Known): void {
  if (llm === null || llm.credentials.operatorKeys === "never") return;
  const without = new Map<ProviderSettings, Set<string>>();
  for (const { model } of rules.flatMap(({ strategy }) => strategy?.models ?? [])) {
    const providers = sourcesOf(llm, model).map(({ provider }) => provider);
    const [first] = providers;
    if (first === undefined || providers.some(({ apiKeys, keyless }) => apiKeys.length > 0 || keyless)) continue;
    without.set(first, (without.get(first) ?? new Set()).add(model));
  }
  for (const [{ id, kind }, models] of without) {
    const { keyVariable } = PROVIDER_KINDS[kind];
    const cure = keyVariable === null ? "write apiKeys" : `set ${keyVariable} or write apiKeys`;
    draft.warn(
      ["llm", "providers", id],
      `llm.providers.${id} has no API key, so only clients with a key of their own can use ${[...models].join(", ")}; ${cure}`,
    );
  }
}
