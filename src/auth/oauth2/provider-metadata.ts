// The metadata of a provider (OpenID Connect Discovery 1.0, RFC 8414). Configured values take precedence over published ones.
import type { Clock } from "../../core/clock.ts";
import { fetchJson, isSafeUrl } from "../provider-fetch.ts";
import type { MetadataSettings, ProviderEndpoints } from "./settings.ts";

/** How long a document is cached, ms. */
const CACHE_MS = 3_600_000;
/** First pause after a failure, ms; it doubles up to one of the next two values. */
const RETRY_MS = 1_000;
/** Longest pause while there is a document, ms. */
const MAX_RETRY_MS = 30_000;
/** Longest pause while there is none, ms. */
const MAX_RETRY_WITHOUT_MS = 5_000;

/** The metadata of a provider. */
export interface ProviderMetadata extends ProviderEndpoints {
  /** The `iss` of its tokens, configured or published; "" = unknown. */
  readonly issuer: string;
  /** The document as published, unchecked; empty without discovery. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** Receives the results of fetches. */
export interface MetadataObserver {
  failed(error: Error): void;
  /** The document was fetched, for the first time or after failures. */
  recovered(): void;
}

/** The metadata of one provider, fetched on demand. Must be closed. */
export class ProviderDirectory {
  readonly #settings: MetadataSettings;
  readonly #clock: Clock;
  readonly #observer: MetadataObserver;
  readonly #closing = new AbortController();
  /** null before the first fetch. */
  #known: ProviderMetadata | null = null;
  #flight: Promise<ProviderMetadata> | null = null;
  /** Time from which it may be fetched again. */
  #nextAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #error = new Error("the discovery document has not been fetched");

  constructor(settings: MetadataSettings, clock: Clock, observer: MetadataObserver) {
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = observer;
    const { discoveryUrl, issuer, endpoints } = settings;
    if (discoveryUrl === "") this.#known = { ...endpoints, issuer, document: {} };
  }

  /**
   * Waits only for the first document; later, the old one is used while a new one is fetched, or if that fails.
   * @throws Error (rejects) with the reason, which may be logged
   */
  async get(signal: AbortSignal): Promise<ProviderMetadata> {
    const isDue = this.#settings.discoveryUrl !== "" && this.#flight === null && this.#clock.now() >= this.#nextAt;
    if (isDue && !this.#closing.signal.aborted) this.#renew();
    if (this.#known !== null) return this.#known;
    if (this.#flight === null) throw this.#error;
    return await unlessAborted(this.#flight, signal);
  }

  /**
   * One URL; needs no discovery if it is configured.
   * @returns "" = the provider has none
   * @throws Error (rejects) as {@link get}
   */
  async endpoint(name: keyof ProviderEndpoints, signal: AbortSignal): Promise<string> {
    return this.#settings.endpoints[name] || (await this.get(signal))[name];
  }

  /** Has the document fetched again on the next {@link get}, after an endpoint from it has failed. */
  expire(): void {
    if (this.#failures === 0) this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#closing.abort();
  }

  #renew(): void {
    this.#flight = this.#fetched().finally(() => {
      this.#flight = null;
    });
    this.#flight.catch(() => undefined); // callers of `get` handle it
  }

  async #fetched(): Promise<ProviderMetadata> {
    const { discoveryUrl, access } = this.#settings;
    try {
      const known = metadataOf(await fetchJson(discoveryUrl, access, this.#closing.signal), this.#settings);
      const isNews = this.#known === null || this.#failures > 0;
      this.#known = known;
      this.#failures = 0;
      this.#nextAt = this.#clock.now() + CACHE_MS;
      if (isNews) this.#observer.recovered();
      return known;
    } catch (error) {
      const longest = this.#known === null ? MAX_RETRY_WITHOUT_MS : MAX_RETRY_MS;
      this.#nextAt = this.#clock.now() + Math.min(RETRY_MS * 2 ** Math.min(this.#failures++, 10), longest);
      this.#error = error as Error;
      if (!this.#closing.signal.aborted) this.#observer.failed(this.#error);
      throw error;
    }
  }
}

/** @throws Error for a malformed document, or one of another issuer */
function metadataOf(value: unknown, settings: MetadataSettings): ProviderMetadata {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the discovery document is not a JSON object");
  const document = value as Readonly<Record<string, unknown>>;
  const { issuer, documentIssuers, endpoints } = settings;
  if (typeof document.issuer !== "string") throw new Error("the discovery document has no issuer");
  if (documentIssuers.length > 0 && !documentIssuers.includes(document.issuer))
    throw new Error("the discovery document has another issuer");
  const url = (name: keyof ProviderEndpoints, key: string) => endpoints[name] || urlIn(document, key);
  return {
    issuer: issuer || document.issuer,
    authorizationEndpoint: url("authorizationEndpoint", "authorization_endpoint"),
    tokenEndpoint: url("tokenEndpoint", "token_endpoint"),
    userInfoEndpoint: url("userInfoEndpoint", "userinfo_endpoint"),
    introspectionEndpoint: url("introspectionEndpoint", "introspection_endpoint"),
    endSessionEndpoint: url("endSessionEndpoint", "end_session_endpoint"),
    jwksUri: url("jwksUri", "jwks_uri"),
    document,
  };
}

function urlIn(document: Readonly<Record<string, unknown>>, key: string): string {
  const url = document[key] ?? "";
  if (typeof url !== "string" || (url !== "" && !isSafeUrl(url)))
    throw new Error(`the discovery document has an invalid or insecure URL in ${key}`);
  return url;
}

/** The result of `promise`; rejects when `signal` is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new Error("aborted"));
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
