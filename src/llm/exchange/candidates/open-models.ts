// The entries of a rule that stand for all models of a provider, as sources of candidates.
import { isOfAuthor, matchOpen, type OpenMatch, type OpenNames } from "../../models/open-names.ts";
import type { ModelSource } from "../../models/resolve.ts";
import type { LlmSettings } from "../../settings.ts";
import type { Catalogue } from "../own/catalogue.ts";
import type { ListedModel } from "../own/read-model-list.ts";
import type { Candidate, Provider } from "./provider.ts";

/** An entry at one provider. */
export interface OpenEntry extends Omit<OpenNames, "provider"> {
  readonly provider: Provider;
}

/** Makes a candidate. @param listed what its provider lists of it; null: unknown */
export type MakeCandidate = (id: string, source: ModelSource, listed: ListedModel | null) => Candidate;

/** All entries of one rule. */
export class OpenModels {
  readonly entries: readonly OpenEntry[];
  readonly #settings: LlmSettings;
  readonly #catalogue: Catalogue;
  readonly #make: MakeCandidate;

  constructor(entries: readonly OpenEntry[], settings: LlmSettings, catalogue: Catalogue, make: MakeCandidate) {
    this.entries = entries;
    this.#settings = settings;
    this.#catalogue = catalogue;
    this.#make = make;
  }

  /**
   * The models of a name that a client has sent, the likeliest first. Whether their providers have them shows when they are
   * asked.
   * @param guesses whether to include providers of which only the rule says that they may have it
   */
  named(name: string, guesses: boolean): readonly Candidate[] {
    const found: Found[] = [];
    for (const entry of this.entries) {
      const match = matchOpen(this.#settings, { ...entry, provider: entry.provider.settings }, name);
      if (match !== null) found.push(this.#found(match));
    }
    return found
      .filter(({ rank }) => guesses || rank <= LISTED)
      .sort((a, b) => a.rank - b.rank)
      .map(({ match, listed }) => this.#make(match.id, match.source, listed));
  }

  #found(match: OpenMatch): Found {
    const { provider, upstreamName } = match.source;
    const models = this.#catalogue.known(provider, "");
    const listed = models?.find((model) => model.upstreamName === upstreamName) ?? null;
    return { match, listed, rank: rankOf(match, listed !== null, models !== null) };
  }
}

interface Found {
  readonly match: OpenMatch;
  readonly listed: ListedModel | null;
  readonly rank: number;
}

const LISTED = 1;

/** A bare name may be one of several providers: those that list it come first, then that of its author. */
function rankOf({ isQualified, source }: OpenMatch, isListed: boolean, hasList: boolean): number {
  if (isQualified) return 0;
  if (isListed) return LISTED;
  if (isOfAuthor(source.provider, source.upstreamName)) return 2;
  return hasList ? 4 : 3;
}
