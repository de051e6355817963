// Address ranges of `trustedProxies`, checked through Node's own BlockList so that IPv4-mapped IPv6 peers are understood.
import { BlockList, isIP, SocketAddress } from "node:net";

/** Answers whether an IP address text lies in one of the ranges. Other text never does; "", a peer on a UNIX socket, does where `unix` is listed. */
export type CidrMatch = (address: string) => boolean;

/** Stands for peers on UNIX sockets, which have no address. */
const UNIX_PEERS = "unix";

/**
 * Compiles CIDR ranges (`10.0.0.0/8`, `::1/128`) single addresses, and `unix`.
 * @throws Error naming the range when it is not one
 */
export function compileCidrs(ranges: readonly string[]): CidrMatch {
  if (ranges.length === 0) return () => false;
  const list = new BlockList();
  const unix = ranges.includes(UNIX_PEERS);
  for (const range of ranges) if (range !== UNIX_PEERS) addRange(list, range);
  return (address) => {
    if (address === "") return unix;
    const plain = plainAddress(address);
    return plain !== "" && list.check(plain, plain.includes(":") ? "ipv6" : "ipv4");
  };
}

function addRange(list: BlockList, range: string): void {
  const slash = range.indexOf("/");
  const address = slash === -1 ? range : range.slice(0, slash);
  const family = isIP(address);
  const width = family === 6 ? 128 : 32;
  const prefix = slash === -1 ? width : Number(range.slice(slash + 1));
  const digits = slash === -1 || /^\d{1,3}$/.test(range.slice(slash + 1));
  if (family === 0 || !digits || prefix > width) throw new Error(`"${range}" is not an IP address or CIDR range`);
  list.addSubnet(address, prefix, family === 6 ? "ipv6" : "ipv4");
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
