// Credentials of one snapshot: detection, choice for each attempt, and what is learnt from its outcome.
import type { RequestContext } from "../../core/context.ts";
import type { Fault } from "../message/fault.ts";
import type { LlmSettings, ProviderSettings } from "../settings.ts";
import type { ClientCredentials } from "./client-credentials.ts";
import { cooldownFor, isFinal } from "./consequences.ts";
import { accountToken, type Credential } from "./credential.ts";
import { Detector } from "./detect.ts";
import { type KeyHealth, KeyRing } from "./key-ring.ts";
import { type Candidate, type Claim, type Resolution, resolve } from "./resolve.ts";
import { type CredentialState, keyName, modelName } from "./state.ts";

/** The settings it is made from. */
export type CredentialParts = Pick<LlmSettings, "providers" | "credentials" | "fallback">;

/** Accounts that users have connected. */
export interface UserAccounts {
  /** Access token of the user of a request, a promise if it must be refreshed; null: there is none. */
  token(ctx: RequestContext): string | null | Promise<string | null>;
}

/** What the data path asks about credentials. */
export class Credentials {
  readonly #settings: CredentialParts;
  readonly #state: CredentialState;
  readonly #detector: Detector;
  readonly #accounts: UserAccounts | null;
  readonly #rings: ReadonlyMap<string, KeyRing>;

  /**
   * @param state leased: it outlives this snapshot
   * @param accounts null: users cannot connect accounts
   */
  constructor(settings: CredentialParts, state: CredentialState, accounts: UserAccounts | null = null) {
    const { providers, credentials, fallback } = settings;
    this.#settings = settings;
    this.#state = state;
    this.#accounts = accounts;
    this.#detector = new Detector(credentials, providers);
    this.#rings = new Map(providers.map((provider) => [provider.id, new KeyRing(provider, fallback, state)]));
  }

  /**
   * The credentials of a request, with that of an account its user has connected; a promise if its token must be refreshed.
   * @throws LlmError of `invalid`; see {@link Detector.detect}
   */
  detect(ctx: RequestContext): ClientCredentials | Promise<ClientCredentials> {
    const found = this.#detector.detect(ctx);
    if (this.#accounts === null) return found;
    const token = this.#accounts.token(ctx);
    return token instanceof Promise ? token.then((late) => withAccount(found, late)) : withAccount(found, token);
  }

  /** The credential for an attempt that is about to be sent, or why there is none. */
  resolve(candidate: Omit<Candidate, "keys">, claim: Claim): Resolution {
    return this.#resolve(candidate, claim, true);
  }

  /** As {@link resolve}, without consequences: to plan, and to explain. */
  preview(candidate: Omit<Candidate, "keys">, claim: Claim): Resolution {
    return this.#resolve(candidate, claim, false);
  }

  /** Time a model of a provider is not to be asked for, whatever the credential, ms; 0: it may be. */
  modelWaitMs(provider: ProviderSettings, model: string): number {
    return this.#state.models.remaining(modelName(provider.id, model));
  }

  /** An attempt has failed with a fault of the provider: not one of the client or of the gateway. */
  failed(credential: Credential, provider: ProviderSettings, model: string, fault: Fault): void {
    if (credential.origin === "operator") return this.#ring(provider).report(credential, model, fault);
    const cooldown = cooldownFor(fault, credential, this.#settings.fallback);
    if (cooldown === null) return;
    const { scope, ms, refused } = cooldown;
    if (scope === "providerModel") return this.#state.models.set(modelName(provider.id, model), ms, refused);
    this.#state.clients.set(keyName(provider.id, credential.fingerprint, scope === "key" ? "" : model), ms, refused);
  }

  /** An attempt has been served. */
  worked(credential: Credential, provider: ProviderSettings, model: string): void {
    if (credential.origin === "operator") this.#ring(provider).worked(credential, model);
  }

  /** Whether the fault goes to the client although others could be asked. */
  isFinal(fault: Fault, credential: Credential): boolean {
    return isFinal(fault, credential, this.#settings.credentials.onLimit);
  }

  /** State of the operator's keys of a provider. @param model at the provider; "" apart from models */
  health(provider: ProviderSettings, model: string): KeyHealth[] {
    return this.#ring(provider).health(model);
  }

  #resolve(candidate: Omit<Candidate, "keys">, claim: Claim, sends: boolean): Resolution {
    const keys = this.#ring(candidate.provider);
    return resolve({ ...candidate, keys }, claim, this.#settings.credentials, this.#state, sends);
  }

  #ring({ id }: ProviderSettings): KeyRing {
    return this.#rings.get(id)!;
  }
}

function withAccount(found: ClientCredentials, token: string | null): ClientCredentials {
  if (token !== null) found.connect(accountToken(token));
  return found;
}
