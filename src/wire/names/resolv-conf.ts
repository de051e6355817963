// `/etc/resolv.conf`: which servers to query, and which names to try for a short one (resolv.conf(5)).
import { isIP, isIPv6 } from "node:net";
import { hostname } from "node:os";

/** Most servers that are asked. */
const MAX_SERVERS = 3;
const MAX_NDOTS = 15;
const MAX_ATTEMPTS = 5;
/** Wait for a server, ms. The C library waits 5 s, by which a lost datagram would cost half of the usual time to connect. */
const DEFAULT_TIMEOUT_MS = 2000;
const MAX_TIMEOUT_MS = 30_000;

/** What the file says. */
export interface ResolvConf {
  /** `address` or `address:port`, as `dns.setServers` takes them. */
  readonly servers: readonly string[];
  readonly search: readonly string[];
  /** A name with so many dots is tried as it is first. */
  readonly ndots: number;
  /** Wait for a server, ms. */
  readonly timeoutMs: number;
  readonly attempts: number;
  /** Whether IPv6 addresses are asked for. */
  readonly ipv6: boolean;
}

/** Other options are of no effect here, or c-ares reads them by itself. */
export function parseResolvConf(text: string): ResolvConf {
  const servers: string[] = [];
  let search = localDomain();
  let options: readonly string[] = [];
  for (const line of text.split("\n")) {
    const [key = "", ...values] = line
      .replace(/[#;].*/, "")
      .trim()
      .split(/\s+/);
    if (key === "nameserver" && isServer(values[0] ?? "")) servers.push(values[0]!);
    if (key === "search" || key === "domain") search = values.map((d) => d.replace(/\.$/, "")).filter((d) => d !== "");
    if (key === "options") options = [...options, ...values];
  }
  const number = (name: string, usual: number, most: number) => {
    const found = options.findLast((option) => new RegExp(`^${name}:\\d+$`).test(option));
    return found === undefined ? usual : Math.min(most, Number(found.slice(name.length + 1)));
  };
  const timeout = number("timeout", 0, MAX_TIMEOUT_MS / 1000);
  return {
    servers: servers.length === 0 ? ["127.0.0.1"] : servers.slice(0, MAX_SERVERS),
    search,
    ndots: number("ndots", 1, MAX_NDOTS),
    timeoutMs: timeout === 0 ? DEFAULT_TIMEOUT_MS : timeout * 1000,
    attempts: Math.max(1, number("attempts", 2, MAX_ATTEMPTS)),
    ipv6: !options.includes("no-aaaa"),
  };
}

/** Names to ask for, one after the other until one has addresses: the search list before or after the name itself. */
export function candidates(name: string, { search, ndots }: ResolvConf): readonly string[] {
  if (name.endsWith(".")) return [name.slice(0, -1)];
  const longer = search.map((domain) => `${name}.${domain}`);
  return name.split(".").length > ndots ? [name, ...longer] : [...longer, name];
}

/** An address, with a port where a test has a server of its own. */
function isServer(text: string): boolean {
  return isIP(text) !== 0 || isIP(text.replace(/:\d+$/, "")) === 4 || isIPv6(/^\[(.*)\]:\d+$/.exec(text)?.[1] ?? "");
}

/** Without a search list, that of the machine's own name. */
function localDomain(): readonly string[] {
  const name = hostname();
  const dot = name.indexOf(".");
  return dot === -1 || dot === name.length - 1 ? [] : [name.slice(dot + 1)];
}
