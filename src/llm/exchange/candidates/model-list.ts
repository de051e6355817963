// The models of a rule by the names clients may use.
import type { RequestContext } from "../../../core/context.ts";
import { faultOf, LlmError } from "../../message/fault.ts";
import { printable } from "../../message/printable.ts";
import { undated } from "../../models/dated-names.ts";
import { AUTO } from "../../models/resolve.ts";
import type { Call } from "../call.ts";
import type { CandidateOrder } from "./candidate-order.ts";
import type { ModelAccess } from "./model-access.ts";
import type { OpenModels } from "./open-models.ts";
import type { Candidate } from "./provider.ts";

/** The models of one rule. */
export interface ListedModels {
  readonly order: CandidateOrder;
  /** Models that are not written one by one. */
  readonly open: OpenModels;
  /** Name → id of a model, or `auto`. */
  readonly aliases: ReadonlyMap<string, string>;
  readonly failover: boolean;
  /** null: every client may use all of them. */
  readonly access: ModelAccess | null;
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
    const allowed = this.#allowed(ctx, all);
    if (name === AUTO) {
      if (allowed.length === 0) throw all.length > 0 ? notAllowed() : new LlmError(unknownModel(AUTO));
      return failover ? allowed : allowed.slice(0, 1);
    }
    const named = this.#named(all, name);
    const first = this.#allowed(ctx, named);
    if (first.length === 0) throw named.length > 0 ? notAllowed() : new LlmError(unknownModel(call.request.model));
    return failover ? [...first, ...allowed.filter((candidate) => !first.includes(candidate))] : first;
  }

  /** The models of a name that the client may use. */
  find(ctx: RequestContext, written: string): readonly Candidate[] {
    return this.#allowed(ctx, this.#named(this.#listed.order.candidates, this.#meant(written)));
  }

  /** Whether a client may use a model. */
  allows(ctx: RequestContext, { id }: Pick<Candidate, "id">): boolean {
    return this.#listed.access?.allows(ctx, id) !== false;
  }

  #named(all: readonly Candidate[], name: string): readonly Candidate[] {
    const exact = all.filter((candidate) => isNamed(candidate, name));
    if (exact.length > 0) return exact;
    const plain = undated(name);
    const dated = plain === null ? [] : all.filter((candidate) => isNamed(candidate, plain));
    const versions = dated.flatMap((candidate) => versionOf(candidate, name, plain!) ?? []);
    return withoutRepetitions([...versions, ...this.#listed.open.named(name, dated.length === 0), ...dated]);
  }

  #meant(written: string): string {
    const { aliases } = this.#listed;
    const name = written.startsWith(PREFIX) ? written.slice(PREFIX.length) : written;
    return aliases.get(name) ?? name;
  }

  #allowed(ctx: RequestContext, candidates: readonly Candidate[]): readonly Candidate[] {
    return this.#listed.access === null ? candidates : candidates.filter((candidate) => this.allows(ctx, candidate));
  }
}

/** A client may name a model as the rule does, as the provider does, or as `provider:model`. */
function isNamed({ id, upstreamName, provider }: Candidate, name: string): boolean {
  return id === name || upstreamName === name || `${provider.settings.id}:${upstreamName}` === name;
}

/**
 * The version that a client has named of a model that is listed without a date; null: providers other than the author, and
 * names of the operator, are not known to have dated ones.
 */
function versionOf(candidate: Candidate, name: string, plain: string): Candidate | null {
  const { upstreamName, provider } = candidate;
  if (provider.kind.author === null || !plain.endsWith(upstreamName)) return null;
  return { ...candidate, upstreamName: upstreamName + name.slice(plain.length) };
}

function withoutRepetitions(candidates: readonly Candidate[]): readonly Candidate[] {
  return candidates.filter(
    ({ provider, upstreamName }, i) =>
      candidates.findIndex((each) => each.provider === provider && each.upstreamName === upstreamName) === i,
  );
}

function notAllowed(): LlmError {
  return new LlmError(faultOf("permission", "This client may not use the model", "model", "model_not_allowed"));
}

/** The fault of a model that is not listed. */
export function unknownModel(model: string) {
  const name = printable(model).slice(0, 128);
  return faultOf("notFound", `The model "${name}" does not exist or cannot be used here`, "model", "model_not_found");
}
