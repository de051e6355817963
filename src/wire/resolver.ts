// Name resolution for upstream connections: short-lived cache, one lookup at a time per name, never pinned.
import { type LookupAddress, lookup as systemLookup } from "node:dns";
import { isIP, type LookupFunction } from "node:net";

/** How long an answer serves, ms. The system resolver tells no TTL; ten seconds follows a change soon enough. */
const TTL_MS = 10_000;
/** Names kept; the oldest goes first. Only names from the configuration get here. */
const MAX_NAMES = 4096;

interface Answer {
  readonly addresses: LookupAddress[];
  readonly expiresAt: number;
}

/** Resolves names to all their addresses through the system (`/etc/hosts`, DNS). */
export class Resolver {
  readonly #answers = new Map<string, Answer>();
  readonly #running = new Map<string, Promise<LookupAddress[]>>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /**
   * All addresses of a name.
   * @throws the system's error (`ENOTFOUND`, `EAI_AGAIN`)
   */
  async resolve(name: string): Promise<LookupAddress[]> {
    const known = this.#answers.get(name);
    if (known !== undefined && known.expiresAt > this.#now()) return known.addresses;
    let running = this.#running.get(name);
    if (running === undefined) {
      running = this.#ask(name).finally(() => this.#running.delete(name));
      this.#running.set(name, running);
    }
    return running;
  }

  /** Forgets a name, so that the next connection asks again: called when connecting failed. */
  forget(name: string): void {
    this.#answers.delete(name);
  }

  /** For the `lookup` option of `net.connect`. */
  readonly lookup: LookupFunction = (name, options, callback) => {
    this.resolve(name).then(
      (addresses) => {
        if (options.all === true) callback(null, addresses);
        else callback(null, addresses[0]!.address, addresses[0]!.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };

  #ask(name: string): Promise<LookupAddress[]> {
    return new Promise((resolve, reject) => {
      systemLookup(name, { all: true, order: "verbatim" }, (error, addresses) => {
        if (error !== null) return reject(error);
        if (this.#answers.size >= MAX_NAMES) this.#answers.delete(this.#answers.keys().next().value!);
        this.#answers.set(name, { addresses, expiresAt: this.#now() + TTL_MS });
        resolve(addresses);
      });
    });
  }
}

/** Whether `host` is a name that resolves to something, and not an address already. */
export function isName(host: string): boolean {
  return isIP(host) === 0;
}
