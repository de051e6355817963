// The models of a rule by the names clients may use: finds candidates, and lists the names.
import type { RequestContext } from "../../../core/context.ts";
import type { Reply } from "../../../core/reply.ts";
import { faultOf, LlmError } from "../../message/fault.ts";
import { AUTO } from "../../models/resolve.ts";
import type { Call } from "../call.ts";
import { type Api, apiOf, apiPath } from "../operation.ts";
import type { CandidateOrder } from "./candidate-order.ts";
import type { ModelAccess } from "./model-access.ts";
import type { Candidate } from "./provider.ts";

/** The models of one rule. */
export interface ListedModels {
  readonly order: CandidateOrder;
  /** Name → id of a model, or `auto`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly failover: boolean;
  /** null: every client may use all of them. */
  readonly access: ModelAccess | null;
  readonly strip: string;
}

/** Gemini's clients write it before a name. */
const PREFIX = "models/";

/** Resolves names. */
export class ModelList {
  readonly #listed: ListedModels;

  constructor(listed: ListedModels) {
    this.#listed = listed;
  }

  /**
   * Who may answer a request, in the order they are asked.
   * @throws LlmError `notFound`, or `permission` where the client may not use the model
   */
  candidatesFor(ctx: RequestContext, call: Call): readonly Candidate[] {
    const { order, failover } = this.#listed;
    const name = this.#meant(call.request.model);
    const all = order.for(call);
    const open = this.#open(ctx, all);
    if (name === AUTO) {
      if (open.length === 0) throw notAllowed();
      return failover ? open : open.slice(0, 1);
    }
    const named = (candidate: Candidate) => isNamed(candidate, name);
    const first = open.filter(named);
    if (first.length === 0) throw all.some(named) ? notAllowed() : new LlmError(unknownModel(call.request.model));
    return failover ? [...first, ...open.filter((candidate) => !named(candidate))] : first;
  }

  /** The list of models, or one of them, as the API of the client has it; null: there is none of that name. */
  answer(ctx: RequestContext, model: string | null): Reply | null {
    const api = apiOf(apiPath(ctx.path, this.#listed.strip), ctx.fields);
    const names = this.#names(ctx);
    const rows = names.map((name) => ROWS[api](name));
    const found = model === null ? null : names.indexOf(model.startsWith(PREFIX) ? model.slice(PREFIX.length) : model);
    if (found === -1) return null;
    const body = found === null ? LISTS[api](rows, names) : rows[found]!;
    return { status: 200, fields: ["Content-Type", "application/json"], body: JSON.stringify(body) };
  }

  #names(ctx: RequestContext): string[] {
    const { order, aliases } = this.#listed;
    const open = this.#open(ctx, order.candidates);
    const own = [...aliases].filter(([, id]) => id === AUTO || open.some((candidate) => candidate.id === id));
    return [...new Set([...open.map(({ id }) => id), ...own.map(([alias]) => alias)])];
  }

  #meant(written: string): string {
    const { aliases } = this.#listed;
    const name = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
    return aliases.get(name) ?? name;
  }

  /** Whether a client may use a model. */
  allows(ctx: RequestContext, { id }: Candidate): boolean {
    return this.#listed.access?.allows(ctx, id) !== false;
  }

  #open(ctx: RequestContext, candidates: readonly Candidate[]): readonly Candidate[] {
    return this.#listed.access === null ? candidates : candidates.filter((candidate) => this.allows(ctx, candidate));
  }
}

/** A client may name a model as the rule does, as the provider does, or as `provider:model`. */
function isNamed({ id, upstreamName, provider }: Candidate, name: string): boolean {
  return id === name || upstreamName === name || `${provider.settings.id}:${upstreamName}` === name;
}

function notAllowed(): LlmError {
  return new LlmError(faultOf("permission", "This client may not use the model", "model", "model_not_allowed"));
}

/** The fault of a model that is not listed. */
export function unknownModel(model: string) {
  const name = model.replace(/[^\x20-\x7e]/g, "?").slice(0, 128);
  return faultOf("notFound", `The model "${name}" does not exist or cannot be used here`, "model", "model_not_found");
}

const authorOf = (name: string) => (name.includes("/") ? name.slice(0, name.indexOf("/")) : "gateway");

const ROWS: Readonly<Record<Api, (name: string) => object>> = {
  openai: (id) => ({ id, object: "model", created: 0, owned_by: authorOf(id) }),
  anthropic: (id) => ({ type: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" }),
  gemini: (id) => ({
    name: `${PREFIX}${id}`,
    displayName: id,
    supportedGenerationMethods: ["generateContent", "countTokens"],
  }),
};

const LISTS: Readonly<Record<Api, (rows: readonly object[], names: readonly string[]) => object>> = {
  openai: (data) => ({ object: "list", data }),
  anthropic: (data, names) => ({
    data,
    has_more: false,
    first_id: names[0] ?? null,
    last_id: names.at(-1) ?? null,
  }),
  gemini: (models) => ({ models }),
};
