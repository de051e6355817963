// A credential for a provider. It can only be attached to requests to that provider, and nothing prints its value.
import { hash } from "node:crypto";
import { inspect } from "node:util";
import { PROVIDER_KINDS, type ProviderKind } from "../providers/kinds.ts";
import type { ProviderSettings } from "../settings.ts";

/** Everything about a credential but its value. */
export interface CredentialFacts {
  /** Kind of the providers it is for. */
  readonly kind: ProviderKind;
  /** The only provider it is for; null: every provider of the kind. */
  readonly provider: Pick<ProviderSettings, "id" | "origin"> | null;
  /** Who pays. `none`: the provider needs no credential. */
  readonly origin: "client" | "operator" | "none";
  /** Token of OAuth, such as that of a subscription, rather than a key. */
  readonly oauth: boolean;
  /** Sent as a bearer, although it is no token of OAuth that the client has brought: one of an account it has connected. */
  readonly bearer?: true;
  /** Fields that select an account or project of the credential, flat: they mean nothing beside another credential. */
  readonly account: readonly string[];
}

const HIDDEN = "[credential]";
/** A shorter one may be part of any word. */
const SHORTEST = 8;

/** A credential, with a value that leaves it only by {@link attachTo}. */
export class Credential implements CredentialFacts {
  readonly kind: ProviderKind;
  readonly provider: CredentialFacts["provider"];
  readonly origin: CredentialFacts["origin"];
  readonly oauth: boolean;
  readonly account: readonly string[];
  readonly #value: string;
  readonly #bearer: boolean;
  #fingerprint = "";

  constructor(facts: CredentialFacts, value: string) {
    this.kind = facts.kind;
    // Settings have keys of the operator, which must not come along.
    this.provider = facts.provider === null ? null : { id: facts.provider.id, origin: facts.provider.origin };
    this.origin = facts.origin;
    this.oauth = facts.oauth;
    this.account = facts.account;
    this.#value = value;
    this.#bearer = facts.oauth || facts.bearer === true;
  }

  /** Tells credentials apart: 16 hexadecimal digits of SHA-256; "" where none is needed. */
  get fingerprint(): string {
    if (this.#fingerprint === "" && this.#value !== "") {
      this.#fingerprint = hash("sha256", this.#value, "hex").slice(0, 16);
    }
    return this.#fingerprint;
  }

  isFor({ id, kind, origin }: ProviderSettings): boolean {
    const { provider } = this;
    return this.kind === kind && (provider === null || (provider.id === id && provider.origin === origin));
  }

  /**
   * Fields to send with a request to the provider, flat.
   * @throws Error a defect: the credential is for another provider
   */
  attachTo(provider: ProviderSettings): string[] {
    if (!this.isFor(provider)) {
      throw new Error(`a credential for ${this.provider?.id ?? this.kind} must not be sent to ${provider.id}`);
    }
    if (this.origin === "none") return [];
    const { field, prefix } = this.#bearer ? BEARER : PROVIDER_KINDS[this.kind].key;
    return [field, prefix + this.#value, ...this.account];
  }

  /** A text of the provider, which may repeat the credential, without it. A text that was cut may end within it. */
  hideIn(text: string): string {
    const value = this.#value;
    if (value.length < SHORTEST) return text;
    const shown = text.replaceAll(value, "…");
    for (let length = value.length - 1; length >= SHORTEST; length--) {
      if (shown.endsWith(value.slice(0, length))) return `${shown.slice(0, -length)}…`;
    }
    return shown;
  }

  /** Whether the provider repeats the credential. */
  isIn(bytes: Buffer | string): boolean {
    return this.#value.length >= SHORTEST && bytes.includes(this.#value);
  }

  toString(): string {
    return HIDDEN;
  }

  toJSON(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

const BEARER = { field: "authorization", prefix: "Bearer " } as const;

/** A key of the operator. */
export function operatorKey(provider: ProviderSettings, value: string): Credential {
  return new Credential({ kind: provider.kind, provider, origin: "operator", oauth: false, account: [] }, value);
}

/** In place of a credential, for a provider that needs none. */
export function keylessCredential(provider: ProviderSettings): Credential {
  return new Credential({ kind: provider.kind, provider, origin: "none", oauth: false, account: [] }, "");
}

/** The access token of an account at Google that the user of a request has connected. */
export function accountToken(value: string): Credential {
  return new Credential(
    { kind: "gemini", provider: null, origin: "client", oauth: false, bearer: true, account: [] },
    value,
  );
}
