// Tokens among the subprotocols of WebSocket handshakes.
import type { RequestContext } from "../core/context.ts";
import { joinField } from "../wire/fields.ts";

/** The subprotocol before a token: browsers cannot set headers of handshakes, but can offer subprotocols. */
const BEARER = "bearer";

/** Offered subprotocols that contain a token: `bearer, <token>, chat`. */
export interface TokenOffer {
  readonly token: string;
  /** The other subprotocols. */
  readonly others: readonly string[];
}

/** Several filters need the offer of a handshake. */
const known = new WeakMap<RequestContext, TokenOffer | null>();

/** null: no token is offered. */
export function tokenOffer(ctx: RequestContext): TokenOffer | null {
  if (!ctx.upgrade) return null;
  let offer = known.get(ctx);
  if (offer === undefined) known.set(ctx, (offer = offerIn(ctx.fields)));
  return offer;
}

function offerIn(fields: readonly string[]): TokenOffer | null {
  const offer = joinField(fields, "sec-websocket-protocol");
  if (offer === undefined) return null;
  const names = offer.split(",").map((name) => name.trim());
  const at = names.findIndex((name) => name.toLowerCase() === BEARER);
  if (at === -1 || at === names.length - 1) return null;
  return { token: names[at + 1]!, others: names.filter((_, i) => i !== at && i !== at + 1) };
}
