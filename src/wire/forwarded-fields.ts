// The forwarded fields of one request: those of untrusted peers are replaced, those of trusted peers are extended.
import type { RequestContext } from "../core/context.ts";
import type { FieldBlock } from "../core/upstream-request.ts";
import { fieldBlock, joinField } from "./fields.ts";
import { type ForwardedPeer, forwardedHost } from "./forwarded.ts";
import { nodeAddress } from "./forwarded-node.ts";
import * as known from "./known.ts";

/** `X-Forwarded-*`, `X-Real-IP` and `Forwarded`. */
export function forwardedFields(ctx: RequestContext): FieldBlock {
  return ctx.peerTrusted ? trustedFields(ctx) : (ctx.peer as ForwardedPeer).fieldsFor(ctx.authority);
}

/** What trusted peers said is kept and this hop is added; what they left out is filled in. */
function trustedFields(ctx: RequestContext): FieldBlock {
  const peer = ctx.peer as ForwardedPeer;
  let chain = "";
  let forwarded = "";
  const list: string[] = [];
  const certificate = peer.secured?.certificateFields ?? [];
  const seen = new Set<string>();
  for (let i = 0; i < ctx.fields.length; i += 2) {
    const name = ctx.fields[i]!;
    const value = ctx.fields[i + 1]!;
    const kind = known.knownField(name);
    if (kind === known.FORWARDED_FOR) chain = chain === "" ? value : `${chain}, ${value}`;
    else if (kind === known.FORWARDED) forwarded = forwarded === "" ? value : `${forwarded}, ${value}`;
    else if (kind === known.ASSERTED) {
      const lower = name.toLowerCase();
      // The certificate is that of the client of a trusted peer, unless the peer has shown one that is to be told of itself.
      // Identity, loop marks and the fields of an attempt are asserted by the gateway alone, even if a trusted peer sent them.
      if (!lower.startsWith("x-forwarded-") && !(lower.startsWith("client-cert") && certificate.length === 0)) continue;
      seen.add(lower);
      list.push(name, value);
    }
  }
  // A peer without an address, on a UNIX socket, adds nothing to what it reports itself.
  const hops = [chain, peer.address].filter((hop) => hop !== "");
  list.push("X-Forwarded-For", hops.join(", ") || "unknown");
  const real = nodeAddress(joinField(ctx.fields, "x-real-ip") ?? "") || ctx.clientIp;
  if (real !== "") list.push("X-Real-IP", real);
  if (!seen.has("x-forwarded-proto")) list.push("X-Forwarded-Proto", peer.scheme);
  if (!seen.has("x-forwarded-host") && ctx.authority !== "") list.push("X-Forwarded-Host", ctx.authority);
  const element = `${peer.element}${forwardedHost(ctx.authority)}`;
  list.push("Forwarded", `${forwarded === "" ? "" : `${forwarded}, `}${element}`);
  list.push(...certificate);
  return fieldBlock(list);
}
