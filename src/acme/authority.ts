// One account at one authority: acme-client's protocol over our own transport and retry policy.
//
// acme-client repeats a request after 429 and 5xx with the nonce it has used up, waits without a way to cancel, and looks at
// challenges itself before the authority does. So its HTTP is replaced, and its automatic mode is not used.
import type * as Library from "acme-client";
import { AcmeError, problem, refused } from "./acme-error.ts";
import { pause } from "./pause.ts";
import type { AcmeSettings } from "./settings.ts";
import { type AcmeAnswer, Transport } from "./transport.ts";

/** Tries of one request. */
const TRIES = 5;
/** Pause after the first failed one, ms; it doubles with each, and half of it is random. */
const PAUSE_MS = 1000;
/** A longer `Retry-After` ends the order for now instead, ms. */
const MAX_PAUSE_MS = 60_000;
/** Nonces may be refused so often in a row. An authority with several servers refuses many, pebble every second one. */
const NONCES = 30;

/** What is replaced inside acme-client, whose version is pinned. */
interface LibraryHttp {
  maxBadNonceRetries: number;
  request(url: string, method: string, options?: { readonly data?: unknown }): Promise<AcmeAnswer>;
  signedRequest(url: string, payload: unknown, options?: object, attempts?: number): Promise<AcmeAnswer>;
}

/** A client of one account. Call {@link close} when done. */
export class Authority {
  readonly client: Library.Client;
  readonly crypto: Library.CryptoInterface;
  readonly #transport: Transport;
  readonly #directory: URL;
  readonly #signal: AbortSignal;
  /** When patience ends, on the clock of `performance`. */
  readonly #end: number;
  /** Of the last answer, ms; 0: it had none. */
  #retryAfterMs = 0;

  /** @param signal ends everything that is under way */
  static async open(settings: AcmeSettings, account: AccountOfClient, parts: AuthorityParts): Promise<Authority> {
    return new Authority(await import("acme-client"), settings, account, parts);
  }

  private constructor(
    library: typeof Library,
    { directory, ca, eab }: AcmeSettings,
    account: AccountOfClient,
    { signal, userAgent, patienceMs }: AuthorityParts,
  ) {
    this.#directory = new URL(directory);
    this.#transport = new Transport(ca, userAgent);
    this.#signal = signal;
    this.#end = performance.now() + patienceMs;
    this.crypto = library.crypto;
    this.client = new library.Client({
      directoryUrl: directory,
      accountKey: account.key,
      ...(account.url === null ? {} : { accountUrl: account.url }),
      ...(eab === null ? {} : { externalAccountBinding: { kid: eab.keyId, hmacKey: eab.hmacKey } }),
    });
    this.#replaceHttp((this.client as unknown as { readonly http: LibraryHttp }).http);
  }

  /** How long the authority asked to be left alone in its last answer, ms; 0: it did not. */
  get retryAfterMs(): number {
    return this.#retryAfterMs;
  }

  close(): void {
    this.#transport.close();
  }

  #replaceHttp(http: LibraryHttp): void {
    const sign = http.signedRequest.bind(http);
    http.maxBadNonceRetries = NONCES;
    http.request = async (url, method, options) => {
      const body = options?.data === undefined ? null : JSON.stringify(options.data);
      this.#checkUrl(url);
      const answer = await this.#transport.send(method.toUpperCase(), url, body, this.#signal);
      this.#retryAfterMs = retryAfterMs(answer.headers["retry-after"]);
      // The directory and nonces are asked for without a signature, and acme-client does not tell why they are missing.
      if (body === null && answer.status >= 400) throw problem(url, answer.status, answer.data, this.#retryAfterMs);
      return answer;
    };
    http.signedRequest = (url, payload, options, attempts = 0) =>
      attempts > 0
        ? sign(url, payload, options, attempts)
        : this.#persist(() => this.#succeed(url, sign(url, payload, options)));
  }

  /** An authority may have several hosts, and none of them in clear text but the one that is configured. */
  #checkUrl(url: string): void {
    const parsed = URL.canParse(url) ? new URL(url) : null;
    if (parsed?.protocol === "https:" || parsed?.origin === this.#directory.origin) return;
    throw refused(`${this.#directory.origin} returned a URL that is not allowed`, { detail: url });
  }

  async #succeed(url: string, sent: Promise<AcmeAnswer>): Promise<AcmeAnswer> {
    const answer = await sent;
    if (answer.status >= 400) throw problem(url, answer.status, answer.data, this.#retryAfterMs);
    return answer;
  }

  /** Each try signs anew, with a nonce of its own. */
  async #persist(attempt: () => Promise<AcmeAnswer>): Promise<AcmeAnswer> {
    for (let tries = 1; ; tries++) {
      if (performance.now() > this.#end) throw new Error("the authority did not finish in time");
      try {
        return await attempt();
      } catch (error) {
        if (!(error instanceof AcmeError && error.passes) || tries === TRIES) throw error;
        const own = PAUSE_MS * 2 ** (tries - 1);
        const ms = Math.max(error.retryAfterMs, own / 2 + (Math.random() * own) / 2);
        if (ms > MAX_PAUSE_MS) throw error;
        await pause(ms, this.#signal);
      }
    }
  }
}

/** Who speaks to the authority. */
interface AccountOfClient {
  /** PEM. */
  readonly key: string;
  /** null: not registered. */
  readonly url: string | null;
}

/** What a client needs of the process. */
export interface AuthorityParts {
  readonly signal: AbortSignal;
  readonly userAgent: string;
  /** Nothing new is asked of the authority after it, ms. */
  readonly patienceMs: number;
}

/** Seconds or a date (RFC 9110 §10.2.3), as ms from now; 0 when there is none. */
function retryAfterMs(value: string | undefined): number {
  if (value === undefined) return 0;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
