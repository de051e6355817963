// Certificates of one account: a keeper for each name set.
import type { IssuedCertificate } from "../core/issued-certificate.ts";
import type { Log } from "../core/log.ts";
import { Keeper, type SetStatus } from "./keeper.ts";
import { ACME_TIMES, type AcmeTimes } from "./renewal.ts";
import type { AcmeSettings, NameSet } from "./settings.ts";
import { Slots } from "./slots.ts";
import type { AcmeStore } from "./store.ts";

/** Authorities limit orders by the hour, and every gateway has other things to do. */
const ORDERS_AT_ONCE = 4;

/** What an issuer needs. */
export interface IssuerParts {
  /** Closed by the issuer. */
  readonly store: AcmeStore;
  readonly log: Log;
  readonly userAgent: string;
  readonly times?: AcmeTimes;
  /** All certificates there are, whenever one is new. */
  issued(certificates: readonly IssuedCertificate[]): void;
  /** A count of failures in {@link Issuer.status} is another one. */
  counted(): void;
}

/** Orders and renews until it is closed. */
export class Issuer {
  readonly #keepers: readonly Keeper[];
  readonly #parts: IssuerParts;
  readonly #stop = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(settings: AcmeSettings, sets: readonly NameSet[], parts: IssuerParts) {
    const { store, log, userAgent, times = ACME_TIMES, counted } = parts;
    this.#parts = parts;
    const shared = {
      settings,
      store,
      log,
      userAgent,
      times,
      counted,
      random: Math.random,
      slots: new Slots(ORDERS_AT_ONCE),
    };
    const changed = () => this.#tell();
    this.#keepers = sets.map((names) => new Keeper(names, { ...shared, changed }));
  }

  /** Certificates that are valid or were. */
  get certificates(): readonly IssuedCertificate[] {
    return this.#keepers.flatMap(({ names, certificate }) =>
      certificate === null ? [] : [{ names, cert: certificate.cert, key: certificate.key }],
    );
  }

  get status(): readonly SetStatus[] {
    return this.#keepers.map(({ status }) => status);
  }

  /**
   * Takes what is in the store. Does not reject: what cannot be read is read again when the issuer has begun.
   * Also loads the library for orders, which takes a sixth of a second: at the start nobody waits for it.
   */
  async load(): Promise<void> {
    await Promise.allSettled([import("acme-client"), ...this.#keepers.map((keeper) => keeper.load())]);
  }

  /** Begins. What goes wrong is logged, and tried again. */
  start(): void {
    const { signal } = this.#stop;
    this.#running = Promise.all(this.#keepers.map((keeper) => keeper.run(signal)));
  }

  /** Ends what is under way; an order is left where it is, for whoever comes next. */
  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    await this.#running;
    await this.#parts.store.close();
  }

  #tell(): void {
    if (!this.#stop.signal.aborted) this.#parts.issued(this.certificates);
  }
}
