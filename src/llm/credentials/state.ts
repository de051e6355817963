// What is learnt about credentials and models from requests; leased, so that it survives reloads.
import { Cooldowns } from "./cooldowns.ts";
import { Owners } from "./owners.ts";
import { Recent } from "./recent.ts";

const MAX_COOLDOWNS = 10_000;
const MAX_CONVERSATIONS = 20_000;
const MAX_OWNED = 50_000;

/** One for the process. */
export class CredentialState {
  /** Of the operator's keys, by {@link keyName}. */
  readonly keys: Cooldowns;
  /** Of the clients' credentials: apart, since clients can bring any number of them. */
  readonly clients: Cooldowns;
  /** Of models, by {@link modelName}. */
  readonly models: Cooldowns;
  /** Fingerprint of the key that each conversation uses at each provider: prompt caches belong to an account. */
  readonly pins = new Recent<string>(MAX_CONVERSATIONS);
  readonly owners: Owners = new Owners(MAX_OWNED);

  /** @param now monotonic, ms */
  constructor(now: () => number) {
    this.keys = new Cooldowns(MAX_COOLDOWNS, now);
    this.clients = new Cooldowns(MAX_COOLDOWNS, now);
    this.models = new Cooldowns(MAX_COOLDOWNS, now);
  }
}

/** Name of a cooldown of a credential. @param model at the provider; "" all of them */
export function keyName(provider: string, fingerprint: string, model: string): string {
  return `${provider} ${fingerprint} ${model}`;
}

/** Name of a cooldown of a model. */
export function modelName(provider: string, model: string): string {
  return `${provider} ${model}`;
}
