// The request head as one string: hop-by-hop fields out, forwarded fields and framing in, in a single pass over the fields.
import type { RequestContext } from "../../core/context.ts";
import type { TargetRule } from "../../core/route.ts";
import { isField } from "../../wire/fields.ts";
import { type ForwardedPeer, forwardedHost } from "../../wire/forwarded.ts";
import * as known from "../../wire/known.ts";

/** What is the same for every request to an endpoint. */
export interface HeadDefaults {
  /** `Host` unless the route says otherwise. */
  readonly host: string;
  /** Drop `Accept-Encoding`, so that the backend answers uncompressed. */
  readonly dropAcceptEncoding: boolean;
  /** Identifies this gateway process; a request that carries it back is a loop. */
  readonly instanceId: string;
}

/** Path and query sent upstream. */
export function upstreamTarget(rule: TargetRule, path: string, query: string): string {
  if (rule.strip === "" && rule.prefix === "") return query === "" ? path : path + query;
  const rest = rule.strip !== "" && path.startsWith(rule.strip) ? path.slice(rule.strip.length) : path;
  const slash = rest === "" || rest.charCodeAt(0) === 0x2f ? "" : "/";
  const target = rule.prefix + slash + rest;
  return (target === "" ? "/" : target) + query;
}

/**
 * Head of the request to send for `ctx`, ending in the empty line.
 * @param bodyLength bytes; 0 none; -1 chunked
 */
export function requestHead(ctx: RequestContext, defaults: HeadDefaults, bodyLength: number): string {
  const rule = ctx.route!.target;
  const host =
    rule.host === "endpoint"
      ? defaults.host
      : rule.host === "client"
        ? ctx.authority
        : (rule.host as { name: string }).name;
  let head = `${ctx.method} ${upstreamTarget(rule, ctx.path, ctx.query)} HTTP/1.1\r\nHost: ${host}\r\n`;
  const fields = ctx.fields;
  const nominated = ctx.nominated;
  const idName = ctx.snapshot!.requestId.lowerName;
  let via = "";
  let trailers = false;
  let expect = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (known.knownField(name)) {
      case known.OTHER:
        if (name.length === idName.length && isField(name.replaceAll("_", "-"), idName)) continue;
        break;
      case known.CONTENT_LENGTH:
        if (bodyLength === -1) continue;
        // Framing is never up to the client's Connection field.
        head += `Content-Length: ${bodyLength}\r\n`;
        continue;
      case known.EXPECT:
        expect = ctx.expectsContinue;
        continue;
      case known.TE:
        trailers = /(^|,)\s*trailers\s*(;|,|$)/i.test(value);
        continue;
      case known.VIA:
        via = via === "" ? value : `${via}, ${value}`;
        continue;
      case known.AUTHORIZATION:
        // NTLM and Negotiate authenticate the connection, not the request: nobody else may ever use it.
        if (/^(ntlm|negotiate)\b/i.test(value)) ctx.ownConnection = true;
        break;
      case known.ACCEPT_ENCODING:
        if (defaults.dropAcceptEncoding) continue;
        break;
      default:
        continue; // Host, hop-by-hop, framing and everything the gateway asserts itself
    }
    if (nominated?.has(name.toLowerCase())) continue;
    head += `${name}: ${value}\r\n`;
  }
  head += ctx.trusted ? trustedLines(ctx) : (ctx.peer as ForwardedPeer).linesFor(ctx.authority);
  if (ctx.requestId !== "" && ctx.snapshot!.requestId.propagate) {
    head += `${ctx.snapshot!.requestId.headerName}: ${ctx.requestId}\r\n`;
  }
  head += `Via: ${via === "" ? "" : `${via}, `}1.${ctx.minorVersion} gateway\r\nX-Gateway: ${defaults.instanceId}\r\n`;
  if (expect && bodyLength !== 0) head += "Expect: 100-continue\r\n";
  if (trailers) head += "TE: trailers\r\nConnection: TE\r\n";
  if (bodyLength === -1) head += "Transfer-Encoding: chunked\r\n";
  return `${head}\r\n`;
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
      // Identity and loop marks are the gateway's own word, whoever sends them.
      if (lower.startsWith("x-auth-") || lower === "x-gateway") continue;
      seen.add(lower);
      kept += `${name}: ${value}\r\n`;
    }
  }
  kept += `X-Forwarded-For: ${chain === "" ? "" : `${chain}, `}${peer.address}\r\n`;
  if (!seen.has("x-real-ip")) kept += `X-Real-IP: ${ctx.clientIp}\r\n`;
  if (!seen.has("x-forwarded-proto")) kept += `X-Forwarded-Proto: ${peer.scheme}\r\n`;
  if (!seen.has("x-forwarded-host") && ctx.authority !== "") kept += `X-Forwarded-Host: ${ctx.authority}\r\n`;
  const element = `${peer.element}${forwardedHost(ctx.authority)}`;
  return `${kept}Forwarded: ${forwarded === "" ? "" : `${forwarded}, `}${element}\r\n`;
}
