// The request head as one string: hop-by-hop fields out, forwarded fields and framing in, in a single pass over the fields.
import type { RequestContext } from "../../core/context.ts";
import { attemptLines } from "../../wire/attempt-lines.ts";
import { isField } from "../../wire/fields.ts";
import { forwardedLines } from "../../wire/forwarded-lines.ts";
import * as known from "../../wire/known.ts";
import { upstreamTarget } from "../../wire/target.ts";

/** What is the same for every request to an endpoint. */
export interface HeadDefaults {
  /** `Host` unless the route says otherwise. */
  readonly host: string;
  /** Drop `Accept-Encoding`, so that the backend answers uncompressed. */
  readonly dropAcceptEncoding: boolean;
  /** WebSockets open at once to this endpoint; 0 no limit. */
  readonly maxUpgrades: number;
  /** Identifies this gateway process; a request that carries it back is a loop. */
  readonly instanceId: string;
}

/**
 * Head of the request to send for `ctx`, without the empty line at its end; a body of unknown length also lacks its framing.
 * @param bodyLength bytes; 0 none; -1 unknown
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
  const upgrade = ctx.upgrade ? ctx.route!.websocket : null;
  const sendsVia = ctx.snapshot!.via;
  let via = "";
  let trailers = false;
  let expect = false;
  let framed = bodyLength === -1;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (known.knownField(name)) {
      case known.OTHER:
        if (name.length === idName.length && isField(name.replaceAll("_", "-"), idName)) continue;
        if (ctx.lastEventId !== "" && isField(name, "last-event-id")) continue;
        if (upgrade?.replaced.has(name.toLowerCase()) === true) continue;
        break;
      case known.CONTENT_LENGTH:
        if (framed) continue;
        framed = true;
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
        if (!sendsVia) break;
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
  head += forwardedLines(ctx) + attemptLines(ctx);
  if (ctx.requestId !== "" && ctx.snapshot!.requestId.propagate) {
    head += `${ctx.snapshot!.requestId.headerName}: ${ctx.requestId}\r\n`;
  }
  if (sendsVia) head += `Via: ${via === "" ? "" : `${via}, `}${ctx.httpVersion} gateway\r\n`;
  head += `X-Gateway: ${defaults.instanceId}\r\n`;
  // A field holds bytes: the id is UTF-8, and cannot hold a line end.
  if (ctx.lastEventId !== "") head += `Last-Event-ID: ${Buffer.from(ctx.lastEventId).toString("latin1")}\r\n`;
  if (expect && bodyLength !== 0) head += "Expect: 100-continue\r\n";
  if (upgrade !== null) return `${head}Connection: Upgrade\r\nUpgrade: websocket\r\n${upgrade.offer(ctx)}`;
  if (trailers) head += "TE: trailers\r\nConnection: TE\r\n";
  if (framed) return head;
  return head + (bodyLength > 0 ? `Content-Length: ${bodyLength}\r\n` : emptyBody(ctx.method));
}

/** Framing of a request without a body: a length where the method makes a server expect one (RFC 9110 §8.6). */
export function emptyBody(method: string): string {
  return method === "POST" || method === "PUT" || method === "PATCH" ? "Content-Length: 0\r\n" : "";
}
