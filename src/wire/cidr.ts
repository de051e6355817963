// Address ranges in configurations, and the normalised form of an address.
import { isIP, SocketAddress } from "node:net";
import { addressKey, IPV4_UNITS, keyRange } from "./address-key.ts";

/** Answers whether an IP address text lies in one of the ranges. Other text never does; "", a peer on a UNIX socket, does where `unix` is listed. */
export type CidrMatch = (address: string) => boolean;

/** Stands for peers on UNIX sockets, which have no address. */
const UNIX_PEERS = "unix";
const MAPPED_BITS = 96;

/**
 * Compiles CIDR ranges (`10.0.0.0/8`, `::1/128`), single addresses, and `unix`. An IPv4-mapped IPv6 address or range means
 * the one of IPv4; any other range holds addresses of its own family alone.
 * @throws Error naming the range when it is not one
 */
export function compileCidrs(ranges: readonly string[]): CidrMatch {
  if (ranges.length === 0) return () => false;
  const unix = ranges.includes(UNIX_PEERS);
  const spans = ranges.filter((range) => range !== UNIX_PEERS).map(parseRange);
  const ipv4 = new Spans(spans.filter(({ first }) => first.length === IPV4_UNITS));
  const ipv6 = new Spans(spans.filter(({ first }) => first.length !== IPV4_UNITS));
  return (address) => {
    if (address === "") return unix;
    const key = addressKey(address);
    return (key.length === IPV4_UNITS ? ipv4 : ipv6).hold(key);
  };
}

/** First and last key of a range. */
type Span = ReturnType<typeof keyRange>;

function parseRange(range: string): Span {
  const slash = range.indexOf("/");
  const address = slash === -1 ? range : range.slice(0, slash);
  const family = isIP(address);
  const width = family === 6 ? 128 : 32;
  const prefix = slash === -1 ? width : Number(range.slice(slash + 1));
  const digits = slash === -1 || /^\d{1,3}$/.test(range.slice(slash + 1));
  if (family === 0 || !digits || prefix > width) throw new Error(`"${range}" is not an IP address or CIDR range`);
  const key = addressKey(address);
  if (key.length !== IPV4_UNITS || family === 4) return keyRange(key, prefix);
  if (prefix < MAPPED_BITS) throw new Error(`"${range}" is not an IP address or CIDR range`);
  return keyRange(key, prefix - MAPPED_BITS);
}

/** Ranges sorted and joined, so that a thousand of them cost ten comparisons: Node's `BlockList` tries one after another. */
class Spans {
  readonly #firsts: string[] = [];
  readonly #lasts: string[] = [];

  constructor(spans: readonly Span[]) {
    for (const { first, last } of [...spans].sort((a, b) => (a.first < b.first ? -1 : 1))) {
      const end = this.#lasts.length - 1;
      if (end >= 0 && first <= this.#lasts[end]!) {
        if (last > this.#lasts[end]!) this.#lasts[end] = last;
      } else {
        this.#firsts.push(first);
        this.#lasts.push(last);
      }
    }
  }

  /** @param key "" is in none */
  hold(key: string): boolean {
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= key) low = middle + 1;
      else high = middle;
    }
    return low > 0 && key <= this.#lasts[low - 1]!;
  }
}

/**
 * The one spelling of an IP address: IPv6 compressed and in lower case (RFC 5952), IPv4-mapped IPv6 (a peer on a dual-stack
 * socket) as IPv4, without a zone. "" when the text is no IP address.
 */
export function plainAddress(text: string): string {
  const family = isIP(text);
  if (family !== 6) return family === 4 ? text : "";
  const { address } = new SocketAddress({ address: text, family: "ipv6" });
  return address.startsWith("::ffff:") && address.includes(".") ? address.slice(7) : address;
}
