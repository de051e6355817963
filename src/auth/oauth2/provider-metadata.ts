// The metadata of a provider (OpenID Connect Discovery 1.0, RFC 8414): what is configured, completed by what it publishes.
import type { Clock } from "../../core/clock.ts";
import { fetchJson, isSafeUrl } from "../provider-fetch.ts";
import type { MetadataSettings, ProviderEndpoints } from "./settings.ts";

/** How long a document is good, ms. */
const GOOD_MS = 3_600_000;
/** First pause after a failure, ms; it doubles up to one of the next two. */
const RETRY_MS = 1_000;
/** Longest pause while there is a document, ms. */
const MAX_RETRY_MS = 30_000;
/** Longest pause while there is none, ms. */
const MAX_RETRY_WITHOUT_MS = 5_000;

/** What is known of a provider. */
export interface ProviderMetadata extends ProviderEndpoints {
  /** What `iss` of its tokens is: as configured, else as published; "" = not known. */
  readonly issuer: string;
  /** The document as published; empty without discovery. Nothing in it has been checked. */
  readonly document: Readonly<Record<string, unknown>>;
}

/** Told of what fetching the document came to. */
export interface MetadataObserver {
  failed(error: Error): void;
  /** It is there, for the first time or again after failures. */
  recovered(): void;
}

/** Metadata of one provider, fetched when somebody asks for them. Call {@link close} when done. */
export class ProviderDirectory {
  readonly #settings: MetadataSettings;
  readonly #clock: Clock;
  readonly #observer: MetadataObserver;
  readonly #gone = new AbortController();
  /** null before the first document. */
  #known: ProviderMetadata | null = null;
  #flight: Promise<ProviderMetadata> | null = null;
  /** When it is worth asking, again. */
  #nextAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #error = new Error("the discovery document was not asked for");

  constructor(settings: MetadataSettings, clock: Clock, observer: MetadataObserver) {
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = observer;
    const { discoveryUrl, issuer, endpoints } = settings;
    if (discoveryUrl === "") this.#known = { ...endpoints, issuer, document: {} };
  }

  /**
   * Waits only where nothing is known yet; an old document counts while a new one is fetched, or cannot be.
   * @throws Error (rejects) saying why there is none, in words that may be logged
   */
  async get(signal: AbortSignal): Promise<ProviderMetadata> {
    const isDue = this.#settings.discoveryUrl !== "" && this.#flight === null && this.#clock.now() >= this.#nextAt;
    if (isDue && !this.#gone.signal.aborted) this.#renew();
    if (this.#known !== null) return this.#known;
    if (this.#flight === null) throw this.#error;
    return await unlessAborted(this.#flight, signal);
  }

  /**
   * One URL, without discovery where it is configured.
   * @returns "" = the provider has none
   * @throws Error (rejects) as {@link get}
   */
  async endpoint(name: keyof ProviderEndpoints, signal: AbortSignal): Promise<string> {
    return this.#settings.endpoints[name] || (await this.get(signal))[name];
  }

  /** Something that the document led to has failed: it is fetched anew when somebody asks next. */
  doubt(): void {
    if (this.#failures === 0) this.#nextAt = Number.NEGATIVE_INFINITY;
  }

  close(): void {
    this.#gone.abort();
  }

  #renew(): void {
    this.#flight = this.#fetched().finally(() => {
      this.#flight = null;
    });
    this.#flight.catch(() => undefined); // whoever waits for it hears of it
  }

  async #fetched(): Promise<ProviderMetadata> {
    const { discoveryUrl, access } = this.#settings;
    try {
      const known = metadataOf(await fetchJson(discoveryUrl, access, this.#gone.signal), this.#settings);
      const news = this.#known === null || this.#failures > 0;
      this.#known = known;
      this.#failures = 0;
      this.#nextAt = this.#clock.now() + GOOD_MS;
      if (news) this.#observer.recovered();
      return known;
    } catch (error) {
      const longest = this.#known === null ? MAX_RETRY_WITHOUT_MS : MAX_RETRY_MS;
      this.#nextAt = this.#clock.now() + Math.min(RETRY_MS * 2 ** Math.min(this.#failures++, 10), longest);
      this.#error = error as Error;
      if (!this.#gone.signal.aborted) this.#observer.failed(this.#error);
      throw error;
    }
  }
}

/** @throws Error for a document that is none, or of another issuer */
function metadataOf(value: unknown, settings: MetadataSettings): ProviderMetadata {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the discovery document is no JSON object");
  const document = value as Readonly<Record<string, unknown>>;
  const { issuer, documentIssuers, endpoints } = settings;
  if (typeof document.issuer !== "string") throw new Error("the discovery document names no issuer");
  if (documentIssuers.length > 0 && !documentIssuers.includes(document.issuer))
    throw new Error("the discovery document is of another issuer");
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
    throw new Error(`the discovery document has no safe URL in ${key}`);
  return url;
}

/** What `promise` comes to, for as long as somebody waits for it. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const aborted = () => reject(new Error("nobody waits for it any more"));
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
