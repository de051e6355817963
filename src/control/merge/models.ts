// Language models of several data planes as one: a key, or a model, counts as what the worst of them says.
import type { ModelKeyReport, ModelReport } from "../../core/model-report.ts";
import { mergeByKey, mostOf, worstOf } from "./by-key.ts";

/** Models by rule, name and provider; places are those of the first data plane. */
export function mergeModels(answers: readonly (readonly ModelReport[])[]): readonly ModelReport[] {
  return mergeByKey(answers, ({ rule, model, provider }) => JSON.stringify([rule, model, provider]), mergeModel);
}

function mergeModel(reports: readonly ModelReport[]): ModelReport {
  const first = reports[0]!;
  return {
    ...first,
    keys: first.keys.map((_, i) => mergeKey(reports.flatMap(({ keys }) => keys[i] ?? []))),
    restsMs: mostOf(reports, ({ restsMs }) => restsMs),
  };
}

function mergeKey(keys: readonly ModelKeyReport[]): ModelKeyReport {
  return {
    state: worstOf(
      keys.map(({ state }) => state),
      ["bad", "cooling", "unknown", "good"],
    ),
    forMs: mostOf(keys, ({ forMs }) => forMs),
  };
}
