// Which credential a request sends to a provider: exactly one, or a reason why there is none.
import { type Fault, type FaultKind, faultOf } from "../message/fault.ts";
import type { CredentialSettings, ProviderSettings } from "../settings.ts";
import type { ClientCredentials } from "./client-credentials.ts";
import { type Credential, keylessCredential } from "./credential.ts";
import type { KeyRing } from "./key-ring.ts";
import { type CredentialState, keyName } from "./state.ts";

/** Why a request must not go to a provider → how it is told in `explain`, and to a client that has no other candidate. */
export const INELIGIBLE = {
  no_credential: ["authentication", "no credential for this provider: the client sent none, and none is configured"],
  own_credentials_only: ["permission", "the request brought credentials of its own, none of them for this provider"],
  operator_keys_forbidden: ["authentication", "a credential of the client is required for this provider"],
  passthrough_requires_native_protocol: ["invalid", "a token of OAuth is only sent to its provider's own API"],
  passthrough_requires_same_model: ["invalid", "a request with a token of OAuth is only sent for the model it names"],
  client_cooling_down: ["rateLimit", "the limit of the client's own credential is used up"],
  keys_cooling_down: ["rateLimit", "all keys for this provider have reached their limits"],
  tried: ["unavailable", "every credential for this provider has failed for this request"],
  owner_unavailable: ["notFound", "the credential that made the object is not available"],
} as const satisfies Record<string, readonly [FaultKind, string]>;

/** One of {@link INELIGIBLE}. */
export type IneligibleReason = keyof typeof INELIGIBLE;

/** What is asked for. */
export interface Candidate {
  readonly provider: ProviderSettings;
  /** Keys of the operator for the provider. */
  readonly keys: KeyRing;
  /** Name at the provider. */
  readonly model: string;
  /** The request goes to the API that the client speaks: it is not translated. */
  readonly native: boolean;
  /** The body names another model than the client did. */
  readonly renamed: boolean;
}

/** What is true of all attempts of a request, and what has changed with those before. */
export interface Claim {
  readonly client: ClientCredentials;
  /** Identity of the conversation; null: it has none. */
  readonly conversation: string | null;
  /** Fingerprints of credentials that have failed for this request. */
  readonly tried: readonly string[];
  /** The limit of the client's token was reached, and the operator pays then (`passthrough.onLimit: failover`). */
  readonly operatorPays: boolean;
  /** Fingerprint of the credential that made what the request refers to; null: it refers to nothing. */
  readonly owner: string | null;
}

/** A credential, or why there is none. */
export type Resolution =
  /** @param moved see {@link Pick.moved} */
  | { readonly credential: Credential; readonly moved: boolean }
  /** @param retryAfterMs when there may be one; -1 unknown */
  | { readonly credential: null; readonly reason: IneligibleReason; readonly retryAfterMs: number };

/** The credential for an attempt. @param sends whether the request is about to be sent with it; else nothing is changed */
export function resolve(
  candidate: Candidate,
  claim: Claim,
  settings: CredentialSettings,
  state: CredentialState,
  sends: boolean,
): Resolution {
  const { provider } = candidate;
  const own = claim.client.for(provider);
  if (own !== null) {
    const verdict = ownVerdict(own, candidate, claim, state);
    // The operator only pays for a client's key where that is allowed, and never for a subscription at the same provider.
    if (verdict.credential !== null || own.oauth || settings.operatorKeys !== "allow") return verdict;
  }
  const forbidden = forbids(claim, settings);
  if (provider.keyless && provider.apiKeys.length === 0) {
    const isOnlyForOwn = claim.client.oauth && forbidden !== null;
    return isOnlyForOwn ? no(forbidden) : { credential: keylessCredential(provider), moved: false };
  }
  if (candidate.keys.keys.length === 0) return no("no_credential");
  return forbidden === null ? fromRing(candidate, claim, sends) : no(forbidden);
}

/** What a client is told that has no candidate left for this reason. */
export function ineligibleFault(reason: IneligibleReason, retryAfterMs: number): Fault {
  const [kind, message] = INELIGIBLE[reason];
  return { ...faultOf(kind, message, null, reason), retryAfterMs };
}

function ownVerdict(own: Credential, candidate: Candidate, claim: Claim, state: CredentialState): Resolution {
  const { provider, model, native, renamed } = candidate;
  const { fingerprint, oauth } = own;
  if (claim.owner !== null)
    return claim.owner === fingerprint ? { credential: own, moved: false } : no("owner_unavailable");
  if (oauth && !native) return no("passthrough_requires_native_protocol");
  if (oauth && renamed) return no("passthrough_requires_same_model");
  if (claim.tried.includes(fingerprint)) return no("tried");
  const names = [keyName(provider.id, fingerprint, ""), keyName(provider.id, fingerprint, model)];
  const waitMs = Math.max(...names.map((name) => state.clients.remaining(name)));
  return waitMs > 0 ? no("client_cooling_down", waitMs) : { credential: own, moved: false };
}

/** Why keys of the operator do not serve the request; null: they do. */
function forbids({ client, operatorPays }: Claim, { operatorKeys }: CredentialSettings): IneligibleReason | null {
  if (operatorKeys === "allow") return null;
  if (operatorKeys === "whenNoClientKey" && (!client.any || operatorPays)) return null;
  if (client.oauth) return "passthrough_requires_native_protocol";
  return operatorKeys === "never" ? "operator_keys_forbidden" : "own_credentials_only";
}

function fromRing({ keys, model }: Candidate, { conversation, tried, owner }: Claim, sends: boolean): Resolution {
  if (owner !== null) {
    const credential = keys.find(owner);
    return credential === null ? no("owner_unavailable") : { credential, moved: false };
  }
  const pick = sends ? keys.pick(model, conversation, tried) : keys.peek(model, conversation, tried);
  if (pick !== null) return { credential: pick.key, moved: pick.moved };
  const waitMs = keys.waitMs(model);
  return waitMs > 0 ? no("keys_cooling_down", waitMs) : no("tried");
}

function no(reason: IneligibleReason, retryAfterMs = -1): Resolution {
  return { credential: null, reason, retryAfterMs };
}
