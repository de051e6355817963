// The nodes of forwarded fields (RFC 7239 §6), in the spellings proxies use: ports, brackets, quotes, mapped addresses.
import { isIP } from "node:net";
import { plainAddress } from "./cidr.ts";

/** Most characters of an address with its port. */
const MAX_NODE = 128;
/** What may follow an address: nothing, a port, or an obfuscated port (RFC 7239 §6.2). */
const PORT = /^(?::(?:\d{1,5}|_[A-Za-z0-9._-]+))?$/;
/**
 * One `name=value` of a forwarded element, or the lack of one, with the semicolon behind it (RFC 7239 §4). No blank can be
 * matched in two ways: what does not fit is found out in one pass.
 */
const PAIR = /\s*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))\s*)?(;|$)/y;

/**
 * The address of a node: `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1`, `[2001:db8::1]:443`, `"::ffff:1.2.3.4"`, in the spelling
 * of {@link plainAddress}. "" for `unknown`, `_hidden` and anything else.
 */
export function nodeAddress(text: string): string {
  if (text.length > MAX_NODE) return "";
  const node = text.trim().replace(/^"(.*)"$/, "$1");
  if (node.startsWith("[")) {
    const end = node.indexOf("]");
    const address = node.slice(1, end);
    return end !== -1 && isIP(address) === 6 && PORT.test(node.slice(end + 1)) ? plainAddress(address) : "";
  }
  const colon = node.indexOf(":");
  const ported = colon !== -1 && colon === node.lastIndexOf(":") && PORT.test(node.slice(colon));
  return plainAddress(ported ? node.slice(0, colon) : node);
}

/** The address in the `for` of one element of `Forwarded`; "" when it names none, or two. */
export function forwardedFor(element: string): string {
  let node = "";
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < element.length) {
    const [, name, quoted, token] = PAIR.exec(element) ?? [];
    if (PAIR.lastIndex === 0) return ""; // malformed
    if (name?.toLowerCase() !== "for") continue;
    if (node !== "") return "";
    node = quoted?.replace(/\\(.)/g, "$1") ?? token!;
  }
  return nodeAddress(node);
}

/**
 * Where the element of a list that ends at `end` begins. Looks backwards, so that a quote some client left open says nothing
 * about what trusted hops wrote behind it.
 */
export function elementStart(list: string, end: number): number {
  let quoted = false;
  for (let i = end - 1; i >= 0; i--) {
    const c = list.charCodeAt(i);
    if (c === 0x22 && !isEscaped(list, i)) quoted = !quoted;
    else if (c === 0x2c && !quoted) return i + 1;
  }
  return 0;
}

function isEscaped(text: string, at: number): boolean {
  let from = at;
  while (text.charCodeAt(from - 1) === 0x5c) from--;
  return (at - from) % 2 === 1;
}
