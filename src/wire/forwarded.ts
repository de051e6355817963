// Who the client is, said to the backend: X-Forwarded-* and Forwarded (RFC 7239), believed only from trusted peers.
import { isIP } from "node:net";
import type { Peer } from "../core/context.ts";
import { joinField } from "./fields.ts";

/** The lines that depend on the connection alone, made once per connection. */
export class ForwardedPeer implements Peer {
  readonly address: string;
  readonly scheme: "http" | "https";
  /** `X-Forwarded-For`, `X-Real-IP`, `X-Forwarded-Proto` lines for a peer that is not trusted. */
  readonly lines: string;
  /** `for=…;proto=…` of RFC 7239. */
  readonly element: string;

  constructor(address: string, scheme: "http" | "https") {
    this.address = address;
    this.scheme = scheme;
    const ssl = scheme === "https" ? "X-Forwarded-Ssl: on\r\n" : "";
    this.lines = `X-Forwarded-For: ${address}\r\nX-Real-IP: ${address}\r\nX-Forwarded-Proto: ${scheme}\r\n${ssl}`;
    this.element = `for=${node(address)};proto=${scheme}`;
  }

  #authority: string | null = null;
  #text = "";

  /** All forwarded lines for a peer that is not trusted. A client rarely changes its Host, so the last text is kept. */
  linesFor(authority: string): string {
    if (authority !== this.#authority) {
      this.#authority = authority;
      const host = authority === "" ? "" : `X-Forwarded-Host: ${authority}\r\n`;
      this.#text = `${this.lines}${host}Forwarded: ${this.element}${forwardedHost(authority)}\r\n`;
    }
    return this.#text;
  }
}

/** A Unix-socket peer has no address: RFC 7239 calls it `unknown`. IPv6 goes in brackets and quotes. */
function node(address: string): string {
  if (address === "") return "unknown";
  return address.includes(":") ? `"[${address}]"` : address;
}

/** `host=` parameter of RFC 7239, quoted when it is not a token. */
export function forwardedHost(authority: string): string {
  if (authority === "") return "";
  return /^[A-Za-z0-9.-]+$/.test(authority) ? `;host=${authority}` : `;host="${authority.replaceAll(/["\\]/g, "")}"`;
}

/**
 * The client's address: the peer, or behind trusted peers the right-most untrusted address of `X-Forwarded-For`, else
 * `X-Real-IP`.
 */
export function clientAddress(peer: string, fields: readonly string[], trusts: (address: string) => boolean): string {
  const chain = joinField(fields, "x-forwarded-for");
  if (chain !== undefined) {
    const hops = chain.split(",");
    for (let i = hops.length - 1; i >= 0; i--) {
      const hop = hops[i]!.trim();
      if (hop === "") continue;
      // What is no address says nothing, and hides whatever stands before it.
      if (isIP(hop) === 0) return peer;
      if (!trusts(hop)) return hop;
    }
  }
  const real = joinField(fields, "x-real-ip");
  return real !== undefined && isIP(real) !== 0 ? real : peer;
}
