// Entries of rules that stand for all models of a provider, such as `openai/*`, and the names that fit them.
import { matchesGlob } from "../../wire/glob.ts";
import { PROVIDER_KINDS } from "../providers/kinds.ts";
import type { LlmSettings, ProviderSettings } from "../settings.ts";
import { knownModel } from "./known-models.ts";
import { type ModelSource, sourcesOf, upstreamNameOf } from "./resolve.ts";

/** Such an entry at one provider. */
export interface OpenNames {
  /** As the rule has it; `*` matches any sequence of characters. */
  readonly glob: string;
  readonly provider: ProviderSettings;
  /** The same for names at the provider. */
  readonly upstreamGlob: string;
}

/** A name that fits an entry. */
export interface OpenMatch {
  /** Name for clients, with author or provider. */
  readonly id: string;
  readonly source: ModelSource;
  /** Whether the client has named the provider or author; otherwise it is one of several that may have the model. */
  readonly isQualified: boolean;
}

type Settings = Pick<LlmSettings, "providers" | "models">;

/** Longest name of a client that is passed on, and what it consists of: it may become part of a path. */
const NAME = /^[A-Za-z0-9_][\w.:@+~-]*(?:\/[\w.:@+~-]*[A-Za-z0-9_][\w.:@+~-]*)*$/;
const LONGEST = 256;

/** Whether an entry of a rule stands for more than one model. */
export function isOpenName(name: string): boolean {
  return name.includes("*");
}

/** The entry at each provider that it covers. */
export function openNamesOf(settings: Settings, glob: string): readonly OpenNames[] {
  return sourcesOf(settings, glob).map(({ provider, upstreamName }) => {
    // What follows the name of a provider of all authors are authors.
    const own = `${provider.id}/`;
    const upstreamGlob = glob.startsWith(own) ? glob.slice(own.length) : upstreamName;
    return { glob, provider, upstreamGlob };
  });
}

/** The model that a client names, at the provider of an entry; null: it does not fit. */
export function matchOpen(settings: Settings, open: OpenNames, name: string): OpenMatch | null {
  if (name.length > LONGEST || !NAME.test(name)) return null;
  const { provider, glob, upstreamGlob } = open;
  if (matchesGlob(name, glob)) {
    const source = sourcesOf(settings, name).find((each) => each.provider === provider);
    return source === undefined ? null : { id: name, source, isQualified: true };
  }
  const mark = `${provider.id}:`;
  const isQualified = name.startsWith(mark);
  const upstreamName = isQualified ? name.slice(mark.length) : name;
  if (!isQualified && upstreamName.includes("/") && PROVIDER_KINDS[provider.kind].author !== null) return null;
  if (!matchesGlob(upstreamName, upstreamGlob)) return null;
  const id = openId(open, upstreamName);
  const source = sourcesOf(settings, id).find((each) => each.provider === provider);
  return source?.upstreamName === upstreamName ? { id, source, isQualified } : null;
}

/** Name for clients of a model that the provider has under a name that fits. */
export function openId({ glob, provider }: OpenNames, upstreamName: string): string {
  const [head = ""] = /^[^*/:]*[/:]/.exec(glob) ?? [];
  if (head.endsWith(":")) return head + upstreamName;
  return head !== "" && upstreamNameOf(provider, head + upstreamName) === upstreamName
    ? head + upstreamName
    : upstreamName;
}

/** Whether a provider is that of the author of a model, as far as its name is known. */
export function isOfAuthor({ kind }: ProviderSettings, name: string): boolean {
  const { author } = PROVIDER_KINDS[kind];
  return author !== null && knownModel(name)?.id.startsWith(`${author}/`) === true;
}
