// From a name to its addresses, as the C library finds them: `/etc/hosts`, then DNS with the search list of
// `/etc/resolv.conf`. Where `/etc/nsswitch.conf` names other ways, the system's own resolver is asked.
import { isIPv6 } from "node:net";
import { descriptorShortage, hasAddress } from "../shortage.ts";
import { Dns } from "./dns.ts";
import { parseHosts } from "./hosts-file.ts";
import { parseNameServices } from "./name-services.ts";
import { parseResolvConf } from "./resolv-conf.ts";
import { type Lookup, SystemLookup } from "./system-lookup.ts";
import { WatchedFile } from "./watched-file.ts";

/** Longest look-up, ms. */
const LOOKUP_MS = 10_000;
/** Environment variables that replace settings of `/etc/resolv.conf`: with one of them set, the system's resolver is asked. */
const OVERRIDES = ["LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES"];

/** Paths of the system's files about names. */
interface NameFiles {
  readonly hosts: string;
  readonly resolvConf: string;
  readonly nsswitch: string;
}

const SYSTEM_FILES: NameFiles = {
  hosts: "/etc/hosts",
  resolvConf: "/etc/resolv.conf",
  nsswitch: "/etc/nsswitch.conf",
};

/** Looks names up. Remembers no answers; {@link Resolver} does. */
export class Names {
  readonly #hosts: WatchedFile<ReturnType<typeof parseHosts>>;
  readonly #dns: WatchedFile<Dns | null>;
  readonly #services: WatchedFile<ReturnType<typeof parseNameServices>>;
  readonly #system: Lookup;
  readonly #systemOnly: boolean;

  /** @param askSystem how the system is asked */
  constructor(files: NameFiles = SYSTEM_FILES, askSystem?: Lookup) {
    this.#hosts = new WatchedFile(files.hosts, parseHosts);
    this.#dns = new WatchedFile(files.resolvConf, dnsOf);
    this.#services = new WatchedFile(files.nsswitch, parseNameServices);
    const system = new SystemLookup(askSystem);
    this.#system = (name) => system.lookUp(name);
    this.#systemOnly = process.platform !== "linux" || OVERRIDES.some((name) => process.env[name] !== undefined);
  }

  /**
   * All addresses of a name, those to be tried first before the others, at least one.
   * @throws Error with a `code`: `ENOTFOUND`, what else c-ares or the system say, `ETIMEOUT`; `EMFILE` and its like when it
   *   is the gateway that lacks something
   */
  readonly lookUp: Lookup = async (name) => {
    const plain = name.toLowerCase();
    try {
      return await bounded(this.#find(plain), plain);
    } catch (error) {
      throw descriptorShortage() ?? error;
    }
  };

  async #find(name: string): Promise<readonly string[]> {
    if (this.#systemOnly) return this.#system(name);
    const absolute = name.replace(/\.$/, "");
    const known = this.#hosts.value.get(absolute);
    if (known !== undefined) return ordered(known);
    if (absolute === "localhost" || absolute.endsWith(".localhost")) return loopback();
    const dns = this.#dns.value;
    if (dns === null || this.#services.value(absolute)) return this.#system(name);
    return ordered(await dns.lookUp(name));
  }
}

/** @returns null when c-ares refuses the servers of the file, so that the system's resolver has to be asked */
function dnsOf(text: string): Dns | null {
  try {
    return new Dns(parseResolvConf(text));
  } catch {
    return null;
  }
}

/** RFC 6761 §6.3: `localhost` is answered without asking a server. */
function loopback(): readonly string[] {
  return hasAddress(isIPv6) ? ["127.0.0.1", "::1"] : ["127.0.0.1"];
}

/**
 * The families in turn (RFC 8305 §4), that which this machine speaks with the world first: IPv6 where it has a global
 * address (RFC 6724 §2.1 prefers IPv4 to local IPv6 addresses).
 */
function ordered(addresses: readonly string[]): readonly string[] {
  const six = addresses.filter((address) => isIPv6(address));
  const four = addresses.filter((address) => !isIPv6(address));
  if (six.length === 0 || four.length === 0) return addresses;
  const [first, second] = hasAddress(isGlobalIPv6) ? [six, four] : [four, six];
  const length = Math.max(first.length, second.length);
  return Array.from({ length }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((address) => address !== undefined);
}

/** `2000::/3`. */
function isGlobalIPv6(address: string): boolean {
  return isIPv6(address) && /^[23]/.test(address);
}

/** A server that hangs must not keep a name from being asked for again. */
function bounded(asking: Promise<readonly string[]>, name: string): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const late = () => reject(Object.assign(new Error(`ETIMEOUT ${name}`), { code: "ETIMEOUT" }));
    const timer = setTimeout(late, LOOKUP_MS);
    asking.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
