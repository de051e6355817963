// Adapts a request that passes to a model of Gemini.
import type { JsonEdits } from "../bytes/json-edit.ts";
import { type JsonObject, numberOr, objectOr } from "../json.ts";
import type { ModelTarget } from "../model.ts";

/** Lowers a cap of the output that the model cannot reach, in either spelling. @param warnings gets its name */
export function adaptRequest(body: JsonObject, { facts }: ModelTarget, warnings: string[] = []): JsonEdits {
  if (facts.contextOut === 0) return {};
  for (const config of ["generationConfig", "generation_config"]) {
    for (const key of ["maxOutputTokens", "max_output_tokens"]) {
      if ((numberOr(objectOr(body[config])?.[key]) ?? 0) <= facts.contextOut) continue;
      warnings.push(`${config}.${key}`);
      return { [config]: { [key]: String(facts.contextOut) } };
    }
  }
  return {};
}
