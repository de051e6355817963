// Keeps the certificate of one name set: uses one that another gateway has ordered, and orders one when it is due.
import type { Log } from "../core/log.ts";
import type { Validity } from "../tls/validity.ts";
import { forgetAccount, openAccount } from "./account.ts";
import { AcmeError, clean, refused } from "./acme-error.ts";
import { faultOf } from "./fault.ts";
import { ChallengeFailed, type ChallengeKinds, obtain } from "./order.ts";
import { pause } from "./pause.ts";
import { CERTIFICATES, type CertificateRecord, FAILURES, type FailureRecord, ORDERS, SpoiltRecord } from "./records.ts";
import { type AcmeTimes, lifetimeOf, lookEveryMs, renewAt, waitMs } from "./renewal.ts";
import { type AcmeSettings, type NameSet, setName } from "./settings.ts";
import type { Slots } from "./slots.ts";
import type { AcmeStore } from "./store.ts";

/** What keepers need. */
export interface KeeperParts {
  readonly settings: AcmeSettings;
  readonly store: AcmeStore;
  readonly log: Log;
  readonly userAgent: string;
  readonly times: AcmeTimes;
  readonly random: () => number;
  /** Of orders, for all keepers of an account. */
  readonly slots: Slots;
  /** There is a certificate, or a new one. */
  changed(): void;
  /** The count of failures is another one. */
  counted(): void;
}

/** The state of a name set. Plain data. */
export interface SetStatus {
  readonly names: readonly string[];
  /** End of the certificate, ms since 1970; null: there is none. */
  readonly notAfter: number | null;
  /** The failure after which no order has succeeded; null: there is none. */
  readonly failure: FailureRecord | null;
}

/** One name set. {@link run} ends when its signal is aborted. */
export class Keeper {
  readonly names: NameSet;
  readonly #name: string;
  readonly #parts: KeeperParts;
  readonly #spread: number;
  #certificate: CertificateRecord | null = null;
  #lifetime: Validity | null = null;
  #failure: FailureRecord | null = null;
  /** Whether the store has yet to hear of `#failure`. */
  #isUntold = false;
  /** What was said of the store last, and whether it was in the present step: it is not repeated while it lasts. */
  #said = "";
  #inTrouble = false;
  #troubles = 0;

  constructor(names: NameSet, parts: KeeperParts) {
    this.names = names;
    this.#name = setName(parts.settings, names);
    this.#parts = parts;
    this.#spread = parts.random();
  }

  get certificate(): CertificateRecord | null {
    return this.#certificate;
  }

  get status(): SetStatus {
    return { names: this.names, notAfter: this.#lifetime?.to ?? null, failure: this.#failure };
  }

  /** Takes what the store has, unless it has lost what is newer. @throws Error (rejects) when the store cannot be used */
  async load(): Promise<void> {
    await this.#loadCertificate();
    // Until a failure can be written down nothing is ordered: the authority would see one order after the other.
    if (this.#isUntold) await this.#tellFailure();
    this.#setFailure(await this.#read(FAILURES));
  }

  async #loadCertificate(): Promise<void> {
    const { store, log } = this.#parts;
    const record = this.#sound(await this.#read(CERTIFICATES));
    const own = this.#certificate;
    // A Redis that was emptied, or a folder from a backup: other gateways would order what there is.
    // Which one is newer is told by the authority's clock, as those of gateways may differ.
    if (own !== null && (record === null || lifetimeOf(record.cert).from < lifetimeOf(own.cert).from)) {
      return CERTIFICATES.write(store, this.#name, own);
    }
    if (record === null || record.cert === own?.cert) return;
    this.#take(record);
    this.#isUntold = false;
    log.info("Certificate taken from the store", { names: this.names, notAfter: this.#notAfter() });
  }

  /** One that cannot be shown counts as absent. */
  #sound(record: CertificateRecord | null): CertificateRecord | null {
    const fault = record === null ? null : faultOf({ ...record, names: this.names });
    if (fault === null) return record;
    this.#say(`${this.#parts.store.placeOf({ section: "certificates", name: this.#name })}: ${fault}`);
    return null;
  }

  #take(record: CertificateRecord): void {
    this.#certificate = record;
    this.#lifetime = lifetimeOf(record.cert);
    this.#parts.changed();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await pause(await this.#step(signal), signal);
      } catch (error) {
        if (signal.aborted) return;
        // It was the store: what authorities do is kept there.
        this.#say((error as Error).message);
        await pause(this.#afterTrouble(), signal).catch(() => undefined);
      }
    }
  }

  /** @returns how long to wait, ms */
  async #step(signal: AbortSignal): Promise<number> {
    this.#inTrouble = false;
    await this.load();
    this.#troubles = 0;
    if (!this.#inTrouble) this.#said = "";
    const left = this.#dueInMs();
    if (left > 0) return Math.min(left, lookEveryMs(this.#lifetime));
    return this.#parts.slots.run(() => this.#locked(signal));
  }

  async #locked(signal: AbortSignal): Promise<number> {
    const { store, times } = this.#parts;
    if (signal.aborted) return 0;
    const lease = await store.lock(this.#name);
    if (lease === null) return times.lookMs;
    try {
      await this.load();
      if (this.#dueInMs() <= 0) await this.#order(AbortSignal.any([signal, lease.lost]));
    } finally {
      await lease.release();
    }
    return 0;
  }

  /** Time until a certificate is to be ordered, ms; 0 or less: now. */
  #dueInMs(): number {
    const due = this.#lifetime === null ? 0 : renewAt(this.#lifetime, this.#spread);
    return Math.max(due, this.#failure?.until ?? 0) - Date.now();
  }

  async #order(signal: AbortSignal): Promise<void> {
    const { settings, store, log } = this.#parts;
    let record: CertificateRecord;
    try {
      record = await this.#obtained(this.#kinds(), signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(error as Error);
      return this.#tellFailure();
    }
    // It is served even if the store cannot keep it now; the next look writes it.
    this.#take(record);
    log.info("Certificate issued", { names: this.names, directory: settings.directory, notAfter: this.#notAfter() });
    if (renewAt(lifetimeOf(record.cert), this.#spread) <= Date.now()) this.#failed(endsTooSoon(record));
    else this.#fails(null);
    await CERTIFICATES.write(store, this.#name, record);
    await ORDERS.remove(store, this.#name);
    await this.#tellFailure();
  }

  #fails(failure: FailureRecord | null): void {
    this.#setFailure(failure);
    this.#isUntold = true;
  }

  #setFailure(failure: FailureRecord | null): void {
    const before = this.#failure?.count;
    this.#failure = failure;
    if (failure?.count !== before) this.#parts.counted();
  }

  async #tellFailure(): Promise<void> {
    const { store } = this.#parts;
    if (this.#failure === null) await FAILURES.remove(store, this.#name);
    else await FAILURES.write(store, this.#name, this.#failure);
    this.#isUntold = false;
  }

  /** For the log. */
  #notAfter(): string {
    return new Date(this.#lifetime?.to ?? 0).toISOString();
  }

  async #obtained(kinds: ChallengeKinds, signal: AbortSignal): Promise<CertificateRecord> {
    const { settings, store, userAgent, times } = this.#parts;
    // A gateway that ended after it wrote the certificate has left the order: from it would come the same one again.
    const left = await this.#read(ORDERS);
    if (left !== null && left.key === this.#certificate?.key) await ORDERS.remove(store, this.#name);
    for (let again = false; ; again = true) {
      const authority = await openAccount(settings, store, { signal, userAgent, patienceMs: times.patienceMs });
      try {
        return await obtain(this.names, kinds, { settings, store, authority, signal });
      } catch (error) {
        if (again || !(error instanceof AcmeError && error.type === "accountDoesNotExist")) throw error;
        await forgetAccount(settings, store);
      } finally {
        authority.close();
      }
    }
  }

  /** The challenges of this order: first not the one that has failed last, where the configuration leaves it open. */
  #kinds(): ChallengeKinds {
    const { challenge } = this.#parts.settings;
    if (challenge !== "auto") return [challenge];
    const [first, other] = ["tls-alpn-01", "http-01"] as const;
    return this.#failure?.challenge === first ? [other, first] : [first, other];
  }

  #failed(error: Error): void {
    const { settings, log, times, random } = this.#parts;
    const challenge = error instanceof ChallengeFailed ? error.kind : null;
    const another = settings.challenge === "auto" && challenge === "tls-alpn-01";
    const count = (this.#failure?.count ?? 0) + 1;
    const reason = reasonOf(error, settings);
    const { passes, retryAfterMs } =
      error instanceof AcmeError ? error : { passes: !(error instanceof TypeError), retryAfterMs: 0 };
    const at = Date.now();
    const until = at + waitMs({ count, passes, another, retryAfterMs }, this.#lifetime, times, random());
    this.#fails({ count, at, until, reason, challenge });
    const { notAfter } = this.status;
    log.warn("No certificate was issued", {
      names: this.names,
      reason,
      failures: count,
      nextTry: new Date(until).toISOString(),
      ...(notAfter === null ? {} : { servedUntil: new Date(notAfter).toISOString() }),
    });
  }

  /** A record that is spoilt counts as absent: it is written anew. */
  async #read<T>(records: { read(store: AcmeStore, name: string): Promise<T | null> }): Promise<T | null> {
    try {
      return await records.read(this.#parts.store, this.#name);
    } catch (error) {
      if (!(error instanceof SpoiltRecord)) throw error;
      this.#say(error.message);
      return null;
    }
  }

  #say(message: string): void {
    this.#inTrouble = true;
    if (message === this.#said) return;
    this.#said = message;
    this.#parts.log.warn("The certificate store failed", { names: this.names, reason: message });
  }

  #afterTrouble(): number {
    const { times, random } = this.#parts;
    const failed = { count: ++this.#troubles, passes: true, another: false, retryAfterMs: 0 };
    return waitMs(failed, this.#lifetime, times, random());
  }
}

/** For the operator. */
function reasonOf(error: Error, { directory }: AcmeSettings): string {
  // Somewhere acme-client missed a field.
  const isOdd = error instanceof TypeError;
  return clean(isOdd ? `answers of ${new URL(directory).origin} are not valid ACME: ${error.message}` : error.message);
}

/** It is served, but to order the next one at once would not end. */
function endsTooSoon({ cert }: CertificateRecord): AcmeError {
  const { from, to } = lifetimeOf(cert);
  const dates = `${new Date(from).toISOString()} to ${new Date(to).toISOString()}`;
  return refused("the new certificate is already due for renewal", { detail: `${dates}; is the clock right?` });
}
