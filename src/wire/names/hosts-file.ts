// `/etc/hosts`: addresses of names that need no DNS query (hosts(5)).
import { isIP } from "node:net";

/** Name in lower case → its addresses, in the order of the file. */
type Hosts = ReadonlyMap<string, readonly string[]>;

/** Lines that are no `address name…` are skipped. */
export function parseHosts(text: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase().replace(/\.$/, "");
      const known = hosts.get(key);
      if (known === undefined) hosts.set(key, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return hosts;
}
