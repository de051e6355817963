// Whether a candidate can be asked now: with which credential and request, or why it cannot.
import { type Claim, ineligibleFault } from "../../credentials/resolve.ts";
import { type Fault, faultOf, LlmError } from "../../message/fault.ts";
import { buildRequest, isNative } from "../build-request.ts";
import type { Call } from "../call.ts";
import type { Choice } from "./choice.ts";
import type { Candidate } from "./provider.ts";

/** What attempts before have changed for a request, and what it refers to. */
export interface Standing extends Pick<Claim, "tried" | "operatorPays" | "owner"> {
  /** Proofs of thoughts are left out. */
  readonly dropsProofs: boolean;
}

const COOLING_DOWN = faultOf("unavailable", "the model is overloaded and is not asked for a while");

/**
 * The choice of a candidate, or why it is not eligible.
 * @param sends whether the request is about to be sent; otherwise nothing is changed by the question
 */
export function choiceOf(call: Call, candidate: Candidate, standing: Standing, sends: boolean): Choice | Fault {
  const { provider, upstreamName } = candidate;
  const { credentials } = call.setup;
  const model = call.workOf(candidate);
  const waitMs = credentials.modelWaitMs(provider.settings, model);
  if (waitMs > 0) return { ...COOLING_DOWN, retryAfterMs: waitMs };
  const asked = {
    provider: provider.settings,
    model,
    native: isNative(call, candidate),
    renamed: call.request.model !== upstreamName,
  };
  const claim: Claim = {
    client: call.credentials,
    conversation: provider.settings.apiKeys.length > 1 ? call.conversation : null,
    tried: standing.tried,
    operatorPays: standing.operatorPays,
    owner: standing.owner,
  };
  const found = sends ? credentials.resolve(asked, claim) : credentials.preview(asked, claim);
  const { credential } = found;
  if (credential === null) return ineligibleFault(found.reason, found.retryAfterMs);
  try {
    const drops = standing.dropsProofs || found.moved;
    return { candidate, credential, request: buildRequest(call, candidate, credential, drops) };
  } catch (error) {
    if (!(error instanceof LlmError)) throw error;
    return error.fault;
  }
}
