// The forwarded fields of one request as header lines: our own word for strangers, what trusted peers said and this hop for them.
import type { RequestContext } from "../core/context.ts";
import { joinField } from "./fields.ts";
import { type ForwardedPeer, forwardedHost } from "./forwarded.ts";
import { nodeAddress } from "./forwarded-node.ts";
import * as known from "./known.ts";

/** Lines of `X-Forwarded-*`, `X-Real-IP` and `Forwarded`, each with its CRLF. */
export function forwardedLines(ctx: RequestContext): string {
  return ctx.peerTrusted ? trustedLines(ctx) : (ctx.peer as ForwardedPeer).linesFor(ctx.authority);
}

/** What trusted peers said is kept and this hop is added; what they left out is filled in. */
function trustedLines(ctx: RequestContext): string {
  const peer = ctx.peer as ForwardedPeer;
  let chain = "";
  let forwarded = "";
  let kept = "";
  const seen = new Set<string>();
  for (let i = 0; i < ctx.fields.length; i += 2) {
    const name = ctx.fields[i]!;
    const value = ctx.fields[i + 1]!;
    const kind = known.knownField(name);
    if (kind === known.FORWARDED_FOR) chain = chain === "" ? value : `${chain}, ${value}`;
    else if (kind === known.FORWARDED) forwarded = forwarded === "" ? value : `${forwarded}, ${value}`;
    else if (kind === known.ASSERTED) {
      const lower = name.toLowerCase();
      // Identity, loop marks and what is said of an attempt are the gateway's own word, whoever sends them.
      if (!lower.startsWith("x-forwarded-")) continue;
      seen.add(lower);
      kept += `${name}: ${value}\r\n`;
    }
  }
  kept += `X-Forwarded-For: ${chain === "" ? "" : `${chain}, `}${peer.address}\r\n`;
  kept += `X-Real-IP: ${nodeAddress(joinField(ctx.fields, "x-real-ip") ?? "") || ctx.clientIp}\r\n`;
  if (!seen.has("x-forwarded-proto")) kept += `X-Forwarded-Proto: ${peer.scheme}\r\n`;
  if (!seen.has("x-forwarded-host") && ctx.authority !== "") kept += `X-Forwarded-Host: ${ctx.authority}\r\n`;
  const element = `${peer.element}${forwardedHost(ctx.authority)}`;
  return `${kept}Forwarded: ${forwarded === "" ? "" : `${forwarded}, `}${element}\r\n`;
}
