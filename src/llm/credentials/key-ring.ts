// The operator's keys of a provider: which one serves a conversation, and which ones rest.
import type { Fault } from "../message/fault.ts";
import type { FallbackSettings, ProviderSettings } from "../settings.ts";
import { cooldownFor, PROBE_MS } from "./consequences.ts";
import { type Credential, operatorKey } from "./credential.ts";
import { type CredentialState, keyName, modelName } from "./state.ts";

/** State of a key. */
export interface KeyHealth {
  readonly fingerprint: string;
  readonly state: "good" | "cooling" | "bad";
  /** Until then it is not used, ms from now; 0: it may be. */
  readonly forMs: number;
}

/** A choice of a key. */
export interface Pick {
  readonly key: Credential;
  /** Fingerprint of the key that the conversation has used before; null: none. */
  readonly pinned: string | null;
  /** The conversation has used another key before: what that account has encrypted is of no use to this one. */
  readonly moved: boolean;
}

/** The keys of one provider in one snapshot. */
export class KeyRing {
  readonly keys: readonly Credential[];
  readonly #provider: ProviderSettings;
  readonly #fallback: FallbackSettings;
  readonly #state: CredentialState;
  #turn = 0;

  /** A key that was refused under the configuration before is tried again at once. */
  constructor(provider: ProviderSettings, fallback: FallbackSettings, state: CredentialState) {
    this.keys = [...new Set(provider.apiKeys)].map((value) => operatorKey(provider, value));
    this.#provider = provider;
    this.#fallback = fallback;
    this.#state = state;
    state.keys.retryRefused(`${provider.id} `);
  }

  /**
   * The key for a request, which is about to be sent with it; null: none may be used now.
   * @param model at the provider
   * @param conversation keeps its key as long as that may be used; null: keys take turns
   * @param exclude fingerprints of keys that have failed for this request
   */
  pick(model: string, conversation: string | null, exclude: readonly string[]): Pick | null {
    const pick = this.peek(model, conversation, exclude);
    if (pick === null) return null;
    const { key } = pick;
    if (conversation === null) this.#turn++;
    else if (pick.pinned !== key.fingerprint) this.#pin(conversation, pick, model);
    if (this.#state.keys.size > 0) {
      for (const name of this.#namesOf(key, model)) this.#state.keys.claim(name, PROBE_MS);
    }
    return pick;
  }

  /** As {@link pick}, without consequences. */
  peek(model: string, conversation: string | null, exclude: readonly string[]): Pick | null {
    const isUsable = (key: Credential) => this.#remaining(key, model) === 0 && !exclude.includes(key.fingerprint);
    if (conversation === null) {
      const choice = this.keys.filter(isUsable);
      return choice.length === 0 ? null : { key: choice[this.#turn % choice.length]!, pinned: null, moved: false };
    }
    const pinned = this.#state.pins.use(this.#pinName(conversation)) ?? null;
    const before = pinned === null ? null : this.find(pinned);
    if (before !== null && isUsable(before)) return { key: before, pinned, moved: false };
    const choice = this.keys.filter(isUsable);
    if (choice.length === 0) return null;
    return { key: preferred(choice, conversation), pinned, moved: pinned !== null };
  }

  /** The key that made what a request refers to, whatever its health; null: it is configured no more. */
  find(fingerprint: string): Credential | null {
    return this.keys.find((key) => key.fingerprint === fingerprint) ?? null;
  }

  /** A request with the key has failed. */
  report(key: Credential, model: string, fault: Fault): void {
    const { id } = this.#provider;
    const cooldown = cooldownFor(fault, key, this.#fallback);
    if (cooldown === null) return;
    const { scope, ms, refused } = cooldown;
    if (scope === "providerModel") this.#state.models.set(modelName(id, model), ms, refused);
    else this.#state.keys.set(keyName(id, key.fingerprint, scope === "key" ? "" : model), ms, refused);
  }

  /** A request with the key has been served. */
  worked({ fingerprint }: Credential, model: string): void {
    const { keys } = this.#state;
    keys.worked(keyName(this.#provider.id, fingerprint, ""));
    keys.worked(keyName(this.#provider.id, fingerprint, model));
  }

  /** Time until the first key may be used, ms; 0: one may be, or there is none. */
  waitMs(model: string): number {
    return this.keys.length === 0 ? 0 : Math.min(...this.keys.map((key) => this.#remaining(key, model)));
  }

  /** State of each key, in their order. @param model at the provider; "" apart from models */
  health(model: string): KeyHealth[] {
    return this.keys.map((key) => {
      const forMs = this.#remaining(key, model);
      const refused = this.#namesOf(key, model).some((name) => this.#state.keys.isRefused(name));
      return { fingerprint: key.fingerprint, state: refused ? "bad" : forMs > 0 ? "cooling" : "good", forMs };
    });
  }

  /** A key that has failed for one request alone is still that of its conversation. */
  #pin(conversation: string, { key, pinned }: Pick, model: string): void {
    const before = pinned === null ? null : this.find(pinned);
    if (before !== null && this.#remaining(before, model) === 0) return;
    this.#state.pins.set(this.#pinName(conversation), key.fingerprint);
  }

  #pinName(conversation: string): string {
    return `${this.#provider.id} ${conversation}`;
  }

  #remaining(key: Credential, model: string): number {
    if (this.#state.keys.size === 0) return 0;
    const [whole, ofModel] = this.#namesOf(key, model);
    return Math.max(this.#state.keys.remaining(whole), this.#state.keys.remaining(ofModel));
  }

  #namesOf({ fingerprint }: Credential, model: string): readonly [string, string] {
    const { id } = this.#provider;
    return [keyName(id, fingerprint, ""), keyName(id, fingerprint, model)];
  }
}

/** The key a new conversation begins with: the same one in every gateway and after a restart. */
function preferred(keys: readonly Credential[], conversation: string): Credential {
  let best = keys[0]!;
  let highest = -1;
  for (const key of keys) {
    const weight = mix(conversation + key.fingerprint);
    if (weight > highest) {
      best = key;
      highest = weight;
    }
  }
  return best;
}

/** FNV-1a with its bits mixed: its last characters alone would decide otherwise. */
function mix(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
