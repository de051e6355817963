// Providers and models as requests use them: compiled from settings, shared by all rules of a snapshot.
import type { Service } from "../../../core/service.ts";
import type { ModelFacts, ModelTarget } from "../../models/model.ts";
import type { KindFacts } from "../../providers/kinds.ts";
import type { ProviderSettings } from "../../settings.ts";
import type { Api } from "../operation.ts";

/** A provider. */
export interface Provider {
  readonly settings: ProviderSettings;
  readonly kind: KindFacts;
  readonly service: Service;
}

/** The API whose operations a kind of provider has. */
export function apiOfKind({ formats: [format] }: KindFacts): Api {
  return format === "gemini" ? "gemini" : format === "anthropic-messages" ? "anthropic" : "openai";
}

/** A model at one provider. */
export interface Candidate extends ModelTarget {
  /** Name for clients, such as `openai/gpt-5`. */
  readonly id: string;
  readonly provider: Provider;
  readonly facts: ModelFacts;
  /** Share under `order: weighted`. */
  readonly weight: number;
  /** USD per million tokens; null: unknown. */
  readonly price: { readonly input: number; readonly output: number } | null;
}

/** Who made a model, as far as names say it. */
export function authorOf({ provider: { kind, settings }, upstreamName }: Candidate): string {
  const slash = upstreamName.indexOf("/");
  return kind.author ?? (slash > 0 ? upstreamName.slice(0, slash) : settings.id);
}
