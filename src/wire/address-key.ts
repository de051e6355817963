// IP addresses as strings that sort like the addresses: one UTF-16 unit per 16 bits.
import { isIPv4, isIPv6 } from "node:net";

/** Length of the key of an IPv4 address. */
export const IPV4_UNITS = 2;
const IPV6_UNITS = 8;

/**
 * The key of an address: 2 units for IPv4, and for IPv4-mapped IPv6 as well; 8 for any other of IPv6, whatever its zone.
 * "" when the text is no address.
 */
export function addressKey(text: string): string {
  if (isIPv4(text)) return ipv4Key(text, 0);
  if (!isIPv6(text)) return "";
  const key = ipv6Key(text);
  return key.startsWith("\0\0\0\0\0\uffff") ? key.slice(-IPV4_UNITS) : key;
}

/** First and last key of a range. @param prefix its length in bits, at most those of the key */
export function keyRange(key: string, prefix: number): { readonly first: string; readonly last: string } {
  let first = "";
  let last = "";
  for (let i = 0; i < key.length; i++) {
    const open = 0xffff >> Math.min(16, Math.max(0, prefix - 16 * i)); // bits behind the prefix
    first += String.fromCharCode(key.charCodeAt(i) & ~open);
    last += String.fromCharCode(key.charCodeAt(i) | open);
  }
  return { first, last };
}

/** @param at where the address begins in a text that is known to end with one */
function ipv4Key(text: string, at: number): string {
  let bits = 0;
  let part = 0;
  for (let i = at; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code !== DOT) part = part * 10 + code - ZERO;
    else {
      bits = (bits << 8) | part;
      part = 0;
    }
  }
  bits = (bits << 8) | part;
  return String.fromCharCode(bits >>> 16, bits & 0xffff);
}

/** @param text known to be an address of IPv6 */
function ipv6Key(text: string): string {
  const zone = text.indexOf("%");
  const address = zone === -1 ? text : text.slice(0, zone);
  const gap = address.indexOf("::");
  if (gap === -1) return groups(address);
  const head = groups(address.slice(0, gap));
  const tail = groups(address.slice(gap + 2));
  return head + "\0".repeat(IPV6_UNITS - head.length - tail.length) + tail;
}

/** Hexadecimal groups, the last of which may be an IPv4 address. */
function groups(text: string): string {
  let key = "";
  for (let at = 0; at < text.length; ) {
    const colon = text.indexOf(":", at);
    const end = colon === -1 ? text.length : colon;
    if (end === text.length && text.includes(".", at)) key += ipv4Key(text, at);
    else key += String.fromCharCode(Number.parseInt(text.slice(at, end), 16));
    at = end + 1;
  }
  return key;
}

const DOT = 0x2e;
const ZERO = 0x30;
