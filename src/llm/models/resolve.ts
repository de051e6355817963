// Which providers serve a model, from its name alone.
import type { Family } from "../message/request.ts";
import { PROVIDER_KINDS } from "../providers/kinds.ts";
import type { LlmSettings, ModelSettings, ProviderSettings } from "../settings.ts";

/** Alias that stands for the models of a rule, in its order. */
export const AUTO = "auto";

/** Authors whose models are used through a provider of all authors only where a name says so: `openrouter:anthropic/…`. */
const DIRECT_ONLY: ReadonlySet<string> = new Set(["anthropic"]);

/** A provider that serves a model. */
export interface ModelSource {
  readonly provider: ProviderSettings;
  /** Name of the model there. */
  readonly upstreamName: string;
  /** What `llm.models` says of it; null: nothing. */
  readonly settings: ModelSettings | null;
}

type Listed = Pick<LlmSettings, "providers" | "models">;

/**
 * The providers that serve a model, best first: the one a key of `llm.models` or `provider:model` names; else those of the
 * author in `author/model`, then those of all authors. Empty: none does. Of several, the first with a usable credential counts.
 */
export function sourcesOf({ providers, models }: Listed, name: string): readonly ModelSource[] {
  const own = models.find(({ id }) => id === name);
  if (own !== undefined) {
    const { upstreamName } = own;
    return providers
      .filter(({ id }) => id === own.provider)
      .map((provider) => ({ provider, upstreamName, settings: own }));
  }
  const forced = splitAt(name, ":", providers);
  const found = forced === null ? byAuthor(providers, name) : [sourceIn(forced.provider, forced.rest)];
  return found.map((source) => withSettings(source, models));
}

/** Name of a model at a provider: without the author, unless the provider serves several. */
export function upstreamNameOf({ id, kind }: Pick<ProviderSettings, "id" | "kind">, name: string): string {
  const slash = name.indexOf("/");
  if (slash === -1) return name;
  const [author, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  const { author: own, allAuthors } = PROVIDER_KINDS[kind];
  if (author === own) return rest;
  return author === id && (!allAuthors || rest.includes("/")) ? rest : name;
}

/** Authors of models whose thoughts carry proofs. */
const FAMILIES: ReadonlyMap<string, Family> = new Map([
  ["openai", "openai"],
  ["anthropic", "anthropic"],
  ["google", "gemini"],
]);

/** Whose proofs of thoughts a model takes: its author's, whatever API it is reached through. */
export function familyOf(
  { provider, upstreamName }: Pick<ModelSource, "provider" | "upstreamName">,
  id: string,
): Family {
  const { author } = PROVIDER_KINDS[provider.kind];
  if (author !== null) return FAMILIES.get(author) ?? "other";
  const name = upstreamName.includes("/") ? upstreamName : id.slice(id.indexOf(":") + 1);
  return FAMILIES.get(name.slice(0, Math.max(0, name.indexOf("/")))) ?? "other";
}

function byAuthor(providers: readonly ProviderSettings[], name: string): readonly ModelSource[] {
  const slash = name.indexOf("/");
  if (slash < 1 || slash === name.length - 1) return [];
  const author = name.slice(0, slash);
  const named = providers.filter(({ id }) => id === author);
  const direct = providers.filter((p) => !named.includes(p) && PROVIDER_KINDS[p.kind].author === author);
  const others = providers.filter((p) => !named.includes(p) && PROVIDER_KINDS[p.kind].allAuthors);
  // The name of a provider in the configuration is no author that a provider of all authors knows.
  const isAuthor = named.every(({ kind }) => PROVIDER_KINDS[kind].author === author);
  const all = [...named, ...direct, ...(isAuthor && !DIRECT_ONLY.has(author) ? others : [])];
  return all.map((provider) => sourceIn(provider, name));
}

function sourceIn(provider: ProviderSettings, name: string): ModelSource {
  return { provider, upstreamName: upstreamNameOf(provider, name), settings: null };
}

/** What `llm.models` says of the same model under another name. */
function withSettings(source: ModelSource, models: readonly ModelSettings[]): ModelSource {
  const { provider, upstreamName } = source;
  const same = models.find((model) => model.provider === provider.id && model.upstreamName === upstreamName);
  return same === undefined ? source : { ...source, settings: same };
}

function splitAt(
  name: string,
  mark: string,
  providers: readonly ProviderSettings[],
): { readonly provider: ProviderSettings; readonly rest: string } | null {
  const at = name.indexOf(mark);
  const provider = providers.find(({ id }) => id === name.slice(0, Math.max(0, at)));
  return provider === undefined || at === name.length - 1 ? null : { provider, rest: name.slice(at + 1) };
}
