// `llm.models` and `llm.aliases`: validated models, and other names for them.
import type { ModelFacts, ReasoningShape } from "../../../llm/models/model.ts";
import { isOpenName } from "../../../llm/models/open-names.ts";
import { AUTO, sourcesOf, upstreamNameOf } from "../../../llm/models/resolve.ts";
import type { ModelSettings, ProviderSettings } from "../../../llm/settings.ts";
import type { CapabilitySection, ModelSection } from "../../schema/llm-models.ts";
import { didYouMeanOf } from "../../text/suggest.ts";
import type { Draft, Place } from "../draft.ts";
import { present } from "./present.ts";
import { unknownModel } from "./unknown-model.ts";

const MODELS: Place = ["llm", "models"];
/** Targets of aliases that choose a model by judging the prompt. */
const TIERS: ReadonlySet<string> = new Set(["cheap", "mid", "hard"]);

/** Reads and checks every model; those without a known provider are left out. */
export function readModels(draft: Draft, providers: readonly ProviderSettings[]): readonly ModelSettings[] {
  const { providers: written, models } = draft.written.llm!;
  return Object.entries(models).flatMap(([id, section]) => {
    const place = [...MODELS, id];
    const fault = (key: string | null, message: string) =>
      draft.error(key === null ? place : [...place, key], `llm.models: model "${id}": ${message}`);
    if (id === AUTO) fault(null, `"${AUTO}" stands for the order of the rule; choose another name`);
    if (id === "" || /[\s*]/.test(id)) fault(null, 'a name must not be empty or contain spaces or "*"');
    const provider = providerOf(section, id, providers);
    if (provider === undefined) {
      if (section.provider === "") fault(null, unknownModel(draft, providers, [], id));
      else if (!Object.hasOwn(written, section.provider)) {
        const hint = didYouMeanOf(section.provider, Object.keys(written), "llm.providers has");
        fault("provider", `unknown provider "${section.provider}"${hint}`);
      }
      return [];
    }
    checkReasoning(section, fault);
    return [modelOf(id, section, provider)];
  });
}

function providerOf(
  { provider }: ModelSection,
  id: string,
  providers: readonly ProviderSettings[],
): ProviderSettings | undefined {
  if (provider === "") return sourcesOf({ providers, models: [] }, id)[0]?.provider;
  return providers.find((each) => each.id === provider);
}

function modelOf(id: string, section: ModelSection, provider: ProviderSettings): ModelSettings {
  const { upstreamName, pricing } = section;
  return {
    id,
    provider: provider.id,
    upstreamName: upstreamName || upstreamNameOf(provider, id),
    facts: factsOf(section),
    price: pricing === null ? null : { input: pricing.inputPerMillion, output: pricing.outputPerMillion },
  };
}

function factsOf({ contextIn, contextOut, capabilities }: ModelSection): Partial<ModelFacts> {
  if (capabilities === null) return present({ contextIn, contextOut });
  const { jsonSchema: schema, reasoning, ...same } = capabilities;
  return present({
    ...same,
    contextIn,
    contextOut,
    schema,
    reasoning: reasoning === null ? null : shapeOf(reasoning),
  });
}

function shapeOf({ kind, efforts, min, max, off }: NonNullable<CapabilitySection["reasoning"]>): ReasoningShape {
  if (kind === "level") return { kind, levels: efforts };
  if (kind === "budget") return { kind, min, max, off };
  return kind === "none" ? { kind } : { kind, efforts };
}

function checkReasoning({ capabilities }: ModelSection, fault: (key: string, message: string) => void): void {
  const reasoning = capabilities?.reasoning ?? null;
  if (reasoning === null) return;
  const { kind, efforts, min, max } = reasoning;
  if (kind === "budget" && min > max) fault("capabilities", "capabilities.reasoning: min is above max");
  if (kind !== "none" && kind !== "budget" && efforts.length === 0)
    fault("capabilities", "capabilities.reasoning: efforts is empty");
}

/** Reads and checks the aliases; `auto` is always there. */
export function readAliases(
  draft: Draft,
  providers: readonly ProviderSettings[],
  models: readonly ModelSettings[],
): ReadonlyMap<string, string> {
  const aliases = new Map([[AUTO, AUTO]]);
  for (const [alias, target] of Object.entries(draft.written.llm!.aliases)) {
    const fault = (message: string) => draft.error(["llm", "aliases", alias], `llm.aliases: "${alias}" ${message}`);
    if (alias === AUTO && target !== AUTO) fault("always stands for the order of the rule; choose another name");
    else if (alias === "" || /[\s*]/.test(alias)) fault("is not a name");
    else if (isOpenName(target)) fault(`→ "${target}" stands for several models; name one`);
    else if (models.some(({ id }) => id === alias)) fault("is also a key of llm.models; rename one of them");
    else if (TIERS.has(target)) fault(`→ "${target}" is not available in this version; name a model, or ${AUTO}`);
    else if (target !== AUTO && sourcesOf({ providers, models }, target).length === 0)
      fault(`→ ${unknownModel(draft, providers, models, target)}`);
    else aliases.set(alias, target);
  }
  return aliases;
}
