// `Sec-WebSocket-Accept` of a backend (RFC 6455 §4.2.2). The gateway checks it, because clients might not.
import { createHash } from "node:crypto";
import type { RequestContext } from "../core/context.ts";
import { getField } from "../wire/fields.ts";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** `Sec-WebSocket-Accept` that belongs to a key. */
export function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}${GUID}`).digest("base64");
}

/** What is wrong with a backend's 101, for the log; null when it is in order. */
export function handshakeFault(ctx: RequestContext, fields: readonly string[]): string | null {
  const key = getField(ctx.fields, "sec-websocket-key")!;
  if (getField(fields, "sec-websocket-accept") !== acceptOf(key)) return "Sec-WebSocket-Accept does not fit";
  const chosen = getField(fields, "sec-websocket-protocol");
  const offered = subprotocols(ctx);
  if (chosen !== undefined && !offered.includes(chosen)) return "subprotocol that was not offered";
  return null;
}

/** Subprotocols the client offers, in its order. */
export function subprotocols(ctx: RequestContext): string[] {
  const offered: string[] = [];
  for (let i = 0; i < ctx.fields.length; i += 2) {
    if (ctx.fields[i]!.toLowerCase() !== "sec-websocket-protocol") continue;
    for (const part of ctx.fields[i + 1]!.split(",")) if (part.trim() !== "") offered.push(part.trim());
  }
  return offered;
}
