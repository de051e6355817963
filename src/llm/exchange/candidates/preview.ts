// Who would be asked for a request, in which order, and why others would not: without asking anybody.
import type { Fault } from "../../message/fault.ts";
import type { Call } from "../call.ts";
import { ownerOf } from "../stored-answers.ts";
import type { Choice } from "./choice.ts";
import { choiceOf } from "./eligible.ts";
import type { ModelList } from "./model-list.ts";
import type { Candidate } from "./provider.ts";

/** A candidate of the rule, as far as one request is concerned. */
export interface Preview {
  readonly candidate: Candidate;
  readonly isAllowed: boolean;
  /** null: it is not asked. */
  readonly choice: Choice | null;
  /** Why it cannot be asked; null: it can, or nobody means it. */
  readonly fault: Fault | null;
}

/**
 * All candidates of the rule: those that are asked in their order, then the others.
 * @throws LlmError nobody is asked, because of the name of the model or of what the request refers to
 */
export function previewOf(call: Call, models: ModelList): readonly Preview[] {
  const ordered = models.candidatesFor(call.ctx, call);
  const owner = ownerOf(call);
  const standing = { tried: [], operatorPays: false, owner: owner?.fingerprint ?? null, dropsProofs: false };
  const candidates = owner === null ? ordered : ordered.filter((c) => c.provider.settings.id === owner.provider);
  const seen = candidates.map((candidate): Preview => {
    const choice = choiceOf(call, candidate, standing, false);
    const isAllowed = true;
    return "candidate" in choice
      ? { candidate, isAllowed, choice, fault: null }
      : { candidate, isAllowed, choice: null, fault: choice };
  });
  const others = call.setup.order.candidates.filter((candidate) => !candidates.includes(candidate));
  return [
    ...seen.filter(({ choice }) => choice !== null),
    ...seen.filter(({ choice }) => choice === null),
    ...others.map((candidate) => ({
      candidate,
      isAllowed: models.allows(call.ctx, candidate),
      choice: null,
      fault: null,
    })),
  ];
}
