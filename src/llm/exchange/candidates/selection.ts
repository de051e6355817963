// Chooses the candidate that is asked: the first one, and the next when one fails.
import type { ErrorCode } from "../../../core/errors.ts";
import type { Credential } from "../../credentials/credential.ts";
import type { Fault } from "../../message/fault.ts";
import { hasProofs, isUnverified } from "../../reasoning/without-proofs.ts";
import type { Call } from "../call.ts";
import { ownerOf } from "../stored-answers.ts";
import type { Choice } from "./choice.ts";
import { choiceOf } from "./eligible.ts";
import { authorOf, type Candidate } from "./provider.ts";
import { endOf, fallbackReason, type Successor, successorOf } from "./successors.ts";

/** Why a candidate was passed over. */
export interface Exclusion {
  readonly candidate: Candidate;
  readonly fault: Fault;
}

/** Failures of a candidate that no request was sent to: they are no attempts. */
const NOT_ASKED: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["circuit_open", "no_endpoint", "overloaded"]);

/** The choices of one request. */
export class Selection {
  readonly #call: Call;
  /** In the order they are asked. */
  #left: readonly Candidate[];
  /** Fingerprints of the credentials that have failed. */
  readonly #used: string[] = [];
  /** The limit of the client's subscription is reached, and the operator has consented to pay. */
  #operatorPays = false;
  /** A provider has refused the content, and another one was asked. */
  #isRefused = false;
  /** Proofs of thoughts are left out. */
  #dropsProofs = false;
  /** Fingerprint of the credential that has made what the request refers to; null: it refers to nothing. */
  readonly #owner: string | null;
  readonly excluded: Exclusion[] = [];
  #choices = 0;

  /** @throws LlmError `notFound`: the request refers to what nobody is known to have */
  constructor(call: Call, ordered: readonly Candidate[]) {
    this.#call = call;
    const owner = ownerOf(call);
    this.#owner = owner?.fingerprint ?? null;
    this.#left = owner === null ? ordered : ordered.filter(({ provider }) => provider.settings.id === owner.provider);
  }

  /** Longest wait for the connection of the last choice, ms; 0: as long as usual, since it is the first or the last there is. */
  get dialTimeoutMs(): number {
    const { maxAttempts, switchBudgetMs } = this.#call.setup.settings.fallback;
    const isReplacement = this.#choices > 1;
    return isReplacement && this.#choices < maxAttempts && this.#left.length > 1 ? switchBudgetMs : 0;
  }

  /** The first choice; null: nobody can be asked, and the fault of the call says why. */
  first(): Choice | null {
    const choice = this.#next(this.#left);
    if (choice === null) this.#call.fault ??= endOf(this.excluded);
    return choice;
  }

  /**
   * Who takes over.
   * @param fault of the provider; null: it could not be reached, or has not answered in time
   * @returns null: nobody, the failure goes to the client
   */
  after({ candidate, credential }: Choice, fault: Fault | null, code: ErrorCode | null): Choice | null {
    const { settings, credentials } = this.#call.setup;
    if (code !== null && NOT_ASKED.has(code)) this.#choices--;
    if (this.#call.hasContent || this.#choices >= settings.fallback.maxAttempts) return null;
    if (fault !== null && credentials.isFinal(fault, credential)) return null;
    if (fault !== null && this.#isUnverified(fault, credential)) {
      this.#dropsProofs = true;
      return this.#next(this.#left);
    }
    const successor = fault === null ? "model" : successorOf(fault, settings.fallback);
    if (successor === "nobody") return null;
    const next = this.#next(this.#orderAfter(candidate, credential, successor));
    return next && { ...next, reason: fallbackReason(candidate.provider.settings.kind, fault, code) };
  }

  /** A proof of a thought is that of another account: the request is worth another attempt without it, once. */
  #isUnverified({ message, code }: Fault, { oauth }: Credential): boolean {
    if (oauth || this.#dropsProofs || this.#call.request.path !== null) return false;
    return isUnverified(`${code} ${message}`) && hasProofs(this.#call.common);
  }

  #orderAfter(failed: Candidate, credential: Credential, successor: Successor): readonly Candidate[] {
    const others = this.#left.filter((candidate) => candidate !== failed);
    switch (successor) {
      case "key":
        this.#used.push(credential.fingerprint);
        if (credential.oauth) this.#operatorPays = true;
        // A provider that limits one of its models is likely to limit the others.
        return [
          failed,
          ...others.filter((c) => c.provider !== failed.provider),
          ...others.filter((c) => c.provider === failed.provider),
        ];
      case "window":
        return others.filter(({ facts }) => facts.contextIn > failed.facts.contextIn);
      case "author":
        if (this.#isRefused) return [];
        this.#isRefused = true;
        return others.filter((candidate) => authorOf(candidate) !== authorOf(failed));
      default:
        return others;
    }
  }

  #next(order: readonly Candidate[]): Choice | null {
    for (const [i, candidate] of order.entries()) {
      const choice = this.#tried(candidate);
      if (choice === null) continue;
      this.#left = order.slice(i);
      this.#choices++;
      return choice;
    }
    return null;
  }

  #tried(candidate: Candidate): Choice | null {
    const choice = choiceOf(
      this.#call,
      candidate,
      { tried: this.#used, operatorPays: this.#operatorPays, owner: this.#owner, dropsProofs: this.#dropsProofs },
      true,
    );
    if ("candidate" in choice) return choice;
    this.excluded.push({ candidate, fault: choice });
    this.#call.ctx.debug?.("Model is not eligible", { model: candidate.id, reason: choice.message });
    return null;
  }
}
