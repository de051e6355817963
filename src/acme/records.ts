// The records of accounts, orders and certificates in a store.
import type { ChallengeKind } from "./settings.ts";
import type { AcmeStore, RecordKey, Section } from "./store.ts";

/** An account. */
export interface AccountRecord {
  /** PEM. Kept before the authority hears of it, so that an account is registered once. */
  readonly key: string;
  /** null: the authority has not confirmed it yet. */
  readonly url: string | null;
}

/** A certificate that was issued. */
export interface CertificateRecord {
  readonly names: readonly string[];
  /** PEM: the certificate and its intermediates. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** ms since 1970. */
  readonly issuedAt: number;
}

/** An order that is not finished, to be resumed by whoever comes next. */
export interface OrderRecord {
  readonly url: string;
  /** PEM key of the certificate. */
  readonly key: string;
}

/** What happened last when a certificate was ordered. */
export interface FailureRecord {
  /** In a row. */
  readonly count: number;
  /** ms since 1970. */
  readonly at: number;
  /** No gateway orders before, ms since 1970. */
  readonly until: number;
  /** For the operator. */
  readonly reason: string;
  /** The challenge that did not convince the authority; null when it was something else. */
  readonly challenge: ChallengeKind | null;
}

/** The answer to one HTTP-01 challenge. */
export interface HttpAnswer {
  readonly keyAuthorization: string;
}

/** The certificate that answers one TLS-ALPN-01 challenge (RFC 8737 §3). */
export interface AlpnAnswer {
  readonly name: string;
  /** PEM. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

/** A record that is not what was written. */
export class SpoiltRecord extends Error {}

/** What a field must be. */
type Check = (value: unknown) => boolean;
type Shape<T> = Readonly<Record<keyof T, Check>>;

const isText: Check = (value) => typeof value === "string" && value !== "";
const isNumber: Check = (value) => Number.isFinite(value);
const isNullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** Reads and writes records of one kind. */
export class Records<T> {
  readonly #section: Section;
  readonly #shape: Shape<T>;

  constructor(section: Section, shape: Shape<T>) {
    this.#section = section;
    this.#shape = shape;
  }

  /** @throws SpoiltRecord (rejects) naming the place */
  async read(store: AcmeStore, name: string): Promise<T | null> {
    const key = this.#key(name);
    const text = await store.read(key);
    if (text === null) return null;
    const value = parsed(text);
    if (typeof value !== "object" || value === null) throw new SpoiltRecord(`${store.placeOf(key)}: not a JSON object`);
    for (const [field, check] of Object.entries<Check>(this.#shape)) {
      if (!check((value as Record<string, unknown>)[field])) {
        throw new SpoiltRecord(`${store.placeOf(key)}: "${field}" is missing or wrong`);
      }
    }
    return value as T;
  }

  async write(store: AcmeStore, name: string, record: T): Promise<void> {
    await store.write(this.#key(name), `${JSON.stringify(record)}\n`);
  }

  async remove(store: AcmeStore, name: string): Promise<void> {
    await store.remove(this.#key(name));
  }

  #key(name: string): RecordKey {
    return { section: this.#section, name };
  }
}

export const ACCOUNTS = new Records<AccountRecord>("accounts", { key: isText, url: isNullOr(isText) });
export const CERTIFICATES = new Records<CertificateRecord>("certificates", {
  names: (value) => Array.isArray(value) && value.length > 0 && value.every(isText),
  cert: isText,
  key: isText,
  issuedAt: isNumber,
});
export const ORDERS = new Records<OrderRecord>("orders", { url: isText, key: isText });
export const FAILURES = new Records<FailureRecord>("failures", {
  count: isNumber,
  at: isNumber,
  until: isNumber,
  reason: (value) => typeof value === "string",
  challenge: isNullOr((value) => value === "http-01" || value === "tls-alpn-01"),
});
export const HTTP_ANSWERS = new Records<HttpAnswer>("answers", { keyAuthorization: isText });
export const ALPN_ANSWERS = new Records<AlpnAnswer>("answers", { name: isText, cert: isText, key: isText });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
