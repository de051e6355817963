// The client's address for the backend: X-Forwarded-* and Forwarded (RFC 7239), accepted only from trusted peers.
import type { Peer } from "../core/context.ts";
import type { Secured } from "../core/secured.ts";
import type { FieldBlock } from "../core/upstream-request.ts";
import { fieldBlock, joinField, NO_FIELDS } from "./fields.ts";
import { elementStart, forwardedFor, nodeAddress } from "./forwarded-node.ts";

/** A peer on a UNIX socket, in the word of RFC 7239 §6. */
const UNKNOWN = "unknown";

/** What depends on the connection alone, made once per connection. */
export class ForwardedPeer implements Peer {
  readonly address: string;
  readonly scheme: "http" | "https";
  readonly listener: string;
  readonly secured: Secured | null;
  /** `for=…;proto=…` of RFC 7239. */
  readonly element: string;
  #authority: string | null = null;
  #block: FieldBlock = NO_FIELDS;

  constructor(address: string, listener: string, secured: Secured | null) {
    this.address = address;
    this.scheme = secured === null ? "http" : "https";
    this.listener = listener;
    this.secured = secured;
    this.element = `for=${node(address)};proto=${this.scheme}`;
  }

  /** All forwarded fields for a peer that is not trusted. A client rarely changes its Host, so the last ones are kept. */
  fieldsFor(authority: string): FieldBlock {
    if (authority !== this.#authority) {
      this.#authority = authority;
      const { address, scheme } = this;
      const list = ["X-Forwarded-For", address || UNKNOWN];
      if (address !== "") list.push("X-Real-IP", address);
      list.push("X-Forwarded-Proto", scheme);
      if (this.secured !== null) list.push("X-Forwarded-Ssl", "on", ...this.secured.certificateFields);
      if (authority !== "") list.push("X-Forwarded-Host", authority);
      list.push("Forwarded", this.element + forwardedHost(authority));
      this.#block = fieldBlock(list);
    }
    return this.#block;
  }
}

/** A Unix-socket peer has no address: RFC 7239 calls it `unknown`. IPv6 goes in brackets and quotes. */
function node(address: string): string {
  if (address === "") return UNKNOWN;
  return address.includes(":") ? `"[${address}]"` : address;
}

/** `host=` parameter of RFC 7239, quoted when it is not a token. */
export function forwardedHost(authority: string): string {
  if (authority === "") return "";
  return /^[A-Za-z0-9.-]+$/.test(authority) ? `;host=${authority}` : `;host="${authority.replaceAll(/["\\]/g, "")}"`;
}

/** The address a hop is known by, from one element of a forwarded list. "" when it names none. */
type ReadHop = (element: string) => string;

/**
 * The client's address: the peer, or behind trusted peers what they report in `X-Forwarded-For`, else `X-Real-IP`, else
 * `Forwarded`. In a list it is the right-most address that is not trusted, the left-most where all are. An element without
 * an address (`unknown`, `_hidden`, anything malformed) ends the search: the client counts as the hop that reported it.
 */
export function clientAddress(peer: string, fields: readonly string[], trusts: (address: string) => boolean): string {
  const chain = walk(joinField(fields, "x-forwarded-for"), nodeAddress, peer, trusts);
  if (chain.decided) return chain.address;
  const real = nodeAddress(joinField(fields, "x-real-ip") ?? "") || chain.address;
  return real || walk(joinField(fields, "forwarded"), forwardedFor, peer, trusts).address || peer;
}

/**
 * Walks a list from its end, where the trusted hops wrote.
 * @returns `address` is "" for an empty list; `decided` unless all of its hops are trusted
 */
function walk(
  list: string | undefined,
  read: ReadHop,
  peer: string,
  trusts: (address: string) => boolean,
): { readonly address: string; readonly decided: boolean } {
  let found = "";
  for (let end = list?.length ?? -1; end >= 0; ) {
    const start = elementStart(list!, end);
    const element = list!.slice(start, end).trim();
    end = start - 1;
    if (element === "") continue;
    const address = read(element);
    if (address === "") return { address: found || peer, decided: true };
    found = address;
    if (!trusts(address)) return { address, decided: true };
  }
  return { address: found, decided: false };
}
