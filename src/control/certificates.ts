// Certificates that are ordered from authorities: which issuers run, by the configuration in effect.
import type { Issuer } from "../acme/issuer.ts";
import type { SetStatus } from "../acme/keeper.ts";
import type { Config } from "../config/config.ts";
import type { DataPlane, Participant } from "../core/data-plane.ts";
import type { Log } from "../core/log.ts";
import { type AcmeAccount, acmeAccounts } from "../snapshot/acme-settings.ts";
import { digest } from "../snapshot/digest.ts";

/** Longest wait for a store before a configuration takes effect, ms. What it has comes when it answers. */
const STORE_MS = 2000;

type Plane = Pick<DataPlane<Config>, "certify" | "noteOrders">;

/** The issuers of the process. What an issuer has goes to every data plane. */
export class Certificates implements Participant<Config> {
  readonly #planes: readonly Plane[];
  readonly #management: Pick<Plane, "certify">;
  readonly #log: Log;
  readonly #userAgent: string;
  /** By what they were made of. */
  #live = new Map<string, Issuer>();
  #next = new Map<string, Issuer>();
  /** Issuers that end. The next ones begin after them, so that they find no lock held. */
  #ending: Promise<unknown> = Promise.resolve();

  /** @param version of the gateway, told to authorities */
  constructor(planes: readonly Plane[], management: Pick<Plane, "certify">, log: Log, version: string) {
    this.#planes = planes;
    this.#management = management;
    this.#log = log;
    this.#userAgent = `gateway/${version}`;
  }

  /** Every name set in effect. Plain data. */
  get status(): readonly SetStatus[] {
    return [...this.#live.values()].flatMap((issuer) => issuer.status);
  }

  /** What stores have is there before the ports that show it are opened. */
  async prepare(config: Config): Promise<void> {
    const accounts = new Map(acmeAccounts(config).map((account) => [digest(account), account]));
    const fresh: Issuer[] = [];
    this.#next = new Map();
    for (const [key, account] of accounts) {
      const known = this.#live.get(key);
      const issuer = known ?? (await this.#issuer(account));
      this.#next.set(key, issuer);
      if (known === undefined) fresh.push(issuer);
    }
    await atMost(STORE_MS, Promise.all(fresh.map((issuer) => issuer.load())));
    if (fresh.length > 0) this.#certify([...this.#live.values(), ...fresh]);
  }

  async commit(): Promise<void> {
    const before = this.#live;
    this.#live = this.#next;
    const fresh = [...this.#live.values()].filter((issuer) => !setOf(before).has(issuer));
    this.#end([...before.values()].filter((issuer) => !setOf(this.#live).has(issuer)));
    if (before.size > 0 || fresh.length > 0) this.#certify([...this.#live.values()]);
    this.#noteOrders();
    void this.#ending.then(() => {
      for (const issuer of fresh) issuer.start();
    });
  }

  async cancel(): Promise<void> {
    this.#end([...this.#next.values()].filter((issuer) => !setOf(this.#live).has(issuer)));
    this.#next = this.#live;
    this.#certify([...this.#live.values()]);
  }

  /** Leaves orders in progress to the next issuer. */
  async close(): Promise<void> {
    this.#end([...this.#live.values()]);
    await this.#ending;
  }

  async #issuer({ settings, sets }: AcmeAccount): Promise<Issuer> {
    const [acme, { openStore }] = await Promise.all([import("../acme/issuer.ts"), import("../acme/open-store.ts")]);
    return new acme.Issuer(settings, sets, {
      store: await openStore(settings.store),
      log: this.#log,
      userAgent: this.#userAgent,
      issued: () => this.#certify([...this.#live.values()]),
      counted: () => this.#noteOrders(),
    });
  }

  #certify(issuers: readonly Issuer[]): void {
    const certificates = issuers.flatMap((issuer) => issuer.certificates);
    for (const one of [...this.#planes, this.#management]) one.certify(certificates);
  }

  #noteOrders(): void {
    const orders = this.status.map(({ names, failure }) => ({ names, failures: failure?.count ?? 0 }));
    for (const plane of this.#planes) plane.noteOrders(orders);
  }

  #end(issuers: readonly Issuer[]): void {
    if (issuers.length === 0) return;
    this.#ending = Promise.allSettled([this.#ending, ...issuers.map((issuer) => issuer.close())]);
  }
}

function setOf(issuers: ReadonlyMap<string, Issuer>): ReadonlySet<Issuer> {
  return new Set(issuers.values());
}

async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([late, work]);
  clearTimeout(timer);
}
