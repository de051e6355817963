// Answers requests for the list of models: those the rule names, their aliases, and those that providers list.
import type { RequestContext } from "../../../core/context.ts";
import type { Reply } from "../../../core/reply.ts";
import { matchesGlob } from "../../../wire/glob.ts";
import type { ClientCredentials } from "../../credentials/client-credentials.ts";
import type { Credential } from "../../credentials/credential.ts";
import { knownModel } from "../../models/known-models.ts";
import { openId } from "../../models/open-names.ts";
import { AUTO } from "../../models/resolve.ts";
import type { ModelList } from "../candidates/model-list.ts";
import type { OpenEntry } from "../candidates/open-models.ts";
import type { Candidate, Provider } from "../candidates/provider.ts";
import { apiOf, apiPath } from "../operation.ts";
import { askModels } from "../own/ask-models.ts";
import type { ListedModel } from "../own/read-model-list.ts";
import type { RuleSetup } from "../setup.ts";
import { type ListRow, listFor, rowFor } from "./model-rows.ts";

/** Bounds of the list of a provider. */
const BOUNDS = { timeoutMs: 10_000, maxBytes: 4 * 1024 * 1024 };

/** Provider → what it lists; without those whose list is unknown. */
type Lists = ReadonlyMap<Provider, readonly ListedModel[]>;

/** The list of one rule. */
export class ModelListing {
  readonly #setup: RuleSetup;
  readonly #models: ModelList;

  constructor(setup: RuleSetup, models: ModelList) {
    this.#setup = setup;
    this.#models = models;
  }

  /**
   * The answer, as the API of the client has it.
   * @param model null: all of them
   * @returns null: there is none of that name
   * @throws LlmError `invalid`: the credentials of the client contradict each other
   */
  async answer(ctx: RequestContext, model: string | null): Promise<Reply | null> {
    const api = apiOf(apiPath(ctx.path, this.#setup.strip), ctx.fields);
    const lists = await this.#lists(ctx);
    if (model === null) return reply(listFor(api, this.#rows(ctx, lists), ctx.query));
    const row = this.#rowOf(ctx, model, lists);
    return row === null ? null : reply(rowFor(api, row));
  }

  #rows(ctx: RequestContext, lists: Lists): readonly ListRow[] {
    const { order, open, settings } = this.#setup;
    const named = order.candidates.filter((candidate) => this.#models.allows(ctx, candidate));
    const rows = new Map<string, ListRow>();
    const add = (row: ListRow) => {
      if (!rows.has(row.id)) rows.set(row.id, row);
    };
    for (const candidate of named) add(rowFrom(candidate, candidate.id, lists));
    for (const [alias, id] of settings.aliases) {
      const target = named.find((candidate) => candidate.id === id);
      if (target !== undefined) add(rowFrom(target, alias, lists));
      else if (id === AUTO && order.candidates.length > 0) add({ ...UNKNOWN, id: alias });
    }
    for (const entry of open.entries) {
      for (const listed of lists.get(entry.provider) ?? []) {
        const id = idIn(entry, listed);
        const isNamed = named.some((c) => c.provider === entry.provider && c.upstreamName === listed.upstreamName);
        if (id !== null && !isNamed && this.#models.allows(ctx, { id })) add(listedRow(id, listed));
      }
    }
    return [...rows.values()];
  }

  #rowOf(ctx: RequestContext, written: string, lists: Lists): ListRow | null {
    const id = written.replace(/^models\//, "");
    const listed = this.#rows(ctx, lists).find((row) => row.id === id);
    if (listed !== undefined) return listed;
    const [found] = this.#models.find(ctx, written).filter((candidate) => this.#isThere(candidate, lists));
    return found === undefined ? null : rowFrom(found, id, lists);
  }

  /** Whether the provider of a model may have it: that of one which the rule names is not asked. */
  #isThere({ provider, upstreamName, id }: Candidate, lists: Lists): boolean {
    const { order } = this.#setup;
    const list = lists.get(provider);
    if (list === undefined || order.candidates.some((c) => c.provider === provider && c.id === id)) return true;
    return list.some((model) => model.upstreamName === upstreamName);
  }

  async #lists(ctx: RequestContext): Promise<Lists> {
    const providers = [...new Set(this.#setup.open.entries.map(({ provider }) => provider))];
    if (providers.length === 0) return NO_LISTS;
    const client = await this.#setup.credentials.detect(ctx);
    const lists = new Map<Provider, readonly ListedModel[]>();
    await Promise.all(
      providers.map(async (provider) => {
        const models = await this.#listOf(ctx, provider, client);
        if (models !== null) lists.set(provider, models);
      }),
    );
    return lists;
  }

  async #listOf(
    ctx: RequestContext,
    provider: Provider,
    client: ClientCredentials,
  ): Promise<readonly ListedModel[] | null> {
    const { settings } = provider;
    const { credentials, catalogue, formats } = this.#setup;
    const { credential } = credentials.preview(
      { provider: settings, model: "", native: true, renamed: false },
      { client, conversation: null, tried: [], operatorPays: false, owner: null },
    );
    if (credential === null) return null;
    const ask = () => askModels(provider, formats, credential, ctx, BOUNDS);
    const { models, fault } = await catalogue.list(settings, accountOf(credential), ask);
    if (fault !== "") ctx.debug?.("Models of a provider could not be listed", { provider: settings.id, reason: fault });
    return models;
  }
}

const NO_LISTS: Lists = new Map();
const UNKNOWN = { displayName: "", createdAt: 0, contextIn: 0, contextOut: 0, thinks: null };

/** All keys of the operator have the same models. */
function accountOf({ origin, fingerprint }: Credential): string {
  return origin === "client" ? fingerprint : "";
}

/** Name for clients of a model that a provider lists; null: the entry does not cover it. */
function idIn(entry: OpenEntry, { upstreamName }: ListedModel): string | null {
  if (!matchesGlob(upstreamName, entry.upstreamGlob)) return null;
  return openId({ ...entry, provider: entry.provider.settings }, upstreamName);
}

function rowFrom(candidate: Candidate, id: string, lists: Lists): ListRow {
  const { provider, upstreamName, facts } = candidate;
  const listed = lists.get(provider)?.find((model) => model.upstreamName === upstreamName);
  const isKnown = (knownModel(upstreamName) ?? knownModel(candidate.id)) !== null;
  return {
    id,
    displayName: listed?.displayName ?? "",
    createdAt: listed?.createdAt ?? 0,
    contextIn: facts.contextIn || (listed?.contextIn ?? 0),
    contextOut: facts.contextOut || (listed?.contextOut ?? 0),
    thinks: isKnown ? facts.reasoning.kind !== "none" : null,
  };
}

/** What a provider lists is newer than what the tables know. */
function listedRow(id: string, listed: ListedModel): ListRow {
  const facts = (knownModel(listed.upstreamName) ?? knownModel(id))?.facts ?? null;
  return {
    id,
    displayName: listed.displayName,
    createdAt: listed.createdAt,
    contextIn: listed.contextIn || (facts?.contextIn ?? 0),
    contextOut: listed.contextOut || (facts?.contextOut ?? 0),
    thinks: facts === null ? null : facts.reasoning.kind !== "none",
  };
}

function reply(body: object): Reply {
  return { status: 200, fields: ["Content-Type", "application/json"], body: JSON.stringify(body) };
}
