// The credentials for providers that one request has brought.
import type { ProviderKind } from "../providers/kinds.ts";
import type { ProviderSettings } from "../settings.ts";
import type { Credential } from "./credential.ts";

/** At most one credential for each provider. */
export class ClientCredentials {
  readonly #byKind = new Map<ProviderKind, Credential>();
  readonly #byProvider = new Map<string, Credential>();
  #connected: Credential | null = null;
  /** Whether one of them is a token of OAuth. */
  oauth = false;

  /** Whether the request has brought any. */
  get any(): boolean {
    return this.#byKind.size > 0 || this.#byProvider.size > 0;
  }

  /** The one for a provider: one that names it precedes one for its kind; null: none. */
  for({ id, kind }: ProviderSettings): Credential | null {
    const connected = this.#connected?.kind === kind ? this.#connected : null;
    return this.#byProvider.get(id) ?? this.#byKind.get(kind) ?? connected;
  }

  /** Adds that of an account the user has connected: it is used where the request has brought none, and limits nothing else. */
  connect(credential: Credential): void {
    this.#connected = credential;
  }

  /** All of them, the most specific first. */
  all(): Credential[] {
    return [...this.#byProvider.values(), ...this.#byKind.values()];
  }

  /** Adds one, unless there is one for the same already. */
  add(credential: Credential): void {
    const { kind, provider, oauth } = credential;
    if (provider !== null) {
      if (!this.#byProvider.has(provider.id)) this.#byProvider.set(provider.id, credential);
    } else if (!this.#byKind.has(kind)) {
      this.#byKind.set(kind, credential);
      if (oauth) this.oauth = true;
    }
  }
}
