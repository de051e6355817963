// Queries DNS servers through Node's c-ares, which needs no thread and resolves names in parallel.
import { promises as dns } from "node:dns";
import { candidates, type ResolvConf } from "./resolv-conf.ts";

/** How long the addresses of one family wait for those of the other, ms: some servers never answer for IPv6. */
const OTHER_FAMILY_MS = 500;

/** Code of errors that say for certain that a name has no address. */
export const NOT_FOUND = "ENOTFOUND";

/** The servers of one `resolv.conf`. */
export class Dns {
  readonly #conf: ResolvConf;
  readonly #resolver: dns.Resolver;

  /** @throws Error when c-ares refuses a server */
  constructor(conf: ResolvConf) {
    this.#conf = conf;
    this.#resolver = new dns.Resolver({ timeout: conf.timeoutMs, tries: conf.attempts });
    this.#resolver.setServers(conf.servers);
  }

  /**
   * Addresses of the first name of the search list that has any, IPv4 before IPv6.
   * @param name without upper case
   * @throws Error with code {@link NOT_FOUND}, or with that of c-ares when it cannot be told now (`ETIMEOUT`, `ESERVFAIL`)
   */
  async lookUp(name: string): Promise<readonly string[]> {
    let unsure: NodeJS.ErrnoException | null = null;
    for (const candidate of candidates(name, this.#conf)) {
      const answer = await this.#ask(candidate);
      if (Array.isArray(answer)) return answer as readonly string[];
      const { code } = answer as NodeJS.ErrnoException;
      if (code === NOT_FOUND) continue;
      unsure ??= answer as NodeJS.ErrnoException;
      if (code === "ETIMEOUT" || code === "ECONNREFUSED") break; // the next name of the list would fail the same way
    }
    throw unsure ?? Object.assign(new Error(`${NOT_FOUND} ${name}`), { code: NOT_FOUND });
  }

  /** Both families at once. */
  #ask(name: string): Promise<readonly string[] | Error> {
    return new Promise((resolve) => {
      const found: [readonly string[], readonly string[]] = [[], []];
      let failure: Error | null = null;
      let left = this.#conf.ipv6 ? 2 : 1;
      let timer: NodeJS.Timeout | undefined;
      const settle = () => {
        clearTimeout(timer);
        const all = found.flat();
        resolve(all.length > 0 ? all : (failure ?? Object.assign(new Error(NOT_FOUND), { code: NOT_FOUND })));
      };
      const end = () => {
        if (--left === 0) return settle();
        if (found.flat().length > 0) timer = setTimeout(settle, OTHER_FAMILY_MS);
      };
      const take = (family: 0 | 1, asked: Promise<readonly string[]>) =>
        asked.then(
          (addresses) => {
            found[family] = addresses;
            end();
          },
          (error: NodeJS.ErrnoException) => {
            if (error.code !== NOT_FOUND && error.code !== "ENODATA") failure = error;
            if (family === 1 || error.code !== NOT_FOUND) return end();
            // There is no such name at all. Servers that say so of IPv6 alone are not believed (RFC 4074 §4.2).
            failure = null;
            settle();
          },
        );
      void take(0, this.#resolver.resolve4(name));
      if (this.#conf.ipv6) void take(1, this.#resolver.resolve6(name));
    });
  }
}
