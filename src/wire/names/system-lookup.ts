// The system's resolver. A lookup occupies one of Node's few threads and cannot be cancelled.
import { lookup } from "node:dns";

/** Most look-ups at once: Node gives half of its four threads to them. */
const MAX_RUNNING = 2;

/** Looks a name up. @throws the system's error (`ENOTFOUND`, `EAI_AGAIN`) */
export type Lookup = (name: string) => Promise<readonly string[]>;

/** A bounded number of look-ups at once, of which no more than one is for a name that could not be found the last time. */
export class SystemLookup {
  readonly #ask: Lookup;
  readonly #waiting: { readonly name: string; readonly begin: () => void }[] = [];
  readonly #failed = new Set<string>();
  #running = 0;
  #runningFailed = 0;

  constructor(ask: Lookup = askSystem) {
    this.#ask = ask;
  }

  lookUp(name: string): Promise<readonly string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ name, begin: () => void this.#run(name).then(resolve, reject) });
      this.#next();
    });
  }

  #next(): void {
    if (this.#running >= MAX_RUNNING) return;
    const at = this.#waiting.findIndex(({ name }) => this.#runningFailed === 0 || !this.#failed.has(name));
    const [next] = at === -1 ? [] : this.#waiting.splice(at, 1);
    next?.begin();
  }

  async #run(name: string): Promise<readonly string[]> {
    const doubtful = this.#failed.has(name);
    this.#running++;
    if (doubtful) this.#runningFailed++;
    try {
      const addresses = await this.#ask(name);
      this.#failed.delete(name);
      return addresses;
    } catch (error) {
      this.#failed.add(name);
      throw error;
    } finally {
      this.#running--;
      if (doubtful) this.#runningFailed--;
      this.#next();
    }
  }
}

function askSystem(name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    lookup(name, { all: true, order: "verbatim" }, (error, found) => {
      if (error === null) resolve(found.map(({ address }) => address));
      else reject(error);
    });
  });
}
