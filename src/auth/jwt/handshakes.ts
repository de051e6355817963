// Tokens in WebSocket handshakes: as a subprotocol, which must not reach the backend, and in cookies, which browsers also send
// for pages of other origins.
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { Verdict } from "../../core/reply.ts";
import { getField } from "../../wire/fields.ts";
import { tokenOffer } from "../token-offer.ts";

const PROTOCOL = "Sec-WebSocket-Protocol";

/**
 * Strips tokens from the offered subprotocols. Browsers require that one of the offered subprotocols is selected, so `bearer`
 * is if the backend selects none.
 * @param offersOthers whether the client's other subprotocols are forwarded here, and not by the WebSocket settings
 */
export function tokenSubprotocol(offersOthers: boolean): Filter {
  return {
    name: "token-subprotocol",
    phase: "authorize",
    onRequest(ctx) {
      const offer = tokenOffer(ctx);
      if (offer === null) return undefined;
      if (offersOthers && offer.others.length > 0) ctx.edited().set(PROTOCOL, offer.others.join(", "));
      else ctx.edited().drop(PROTOCOL);
      return undefined;
    },
    onReply(ctx, reply) {
      if (reply.status !== 101 || tokenOffer(ctx) === null) return undefined;
      if (getField(reply.fields, PROTOCOL.toLowerCase()) === undefined) reply.fields.push(PROTOCOL, "bearer");
      return undefined;
    },
  };
}

/**
 * Rejects handshakes that are authenticated by a cookie alone, unless they come from an allowed origin.
 * @param isByCookie whether a cookie alone authenticates the request
 * @param originVerdict the verdict on its origin
 */
export function cookieOrigin(
  isByCookie: (ctx: RequestContext) => boolean,
  originVerdict: (ctx: RequestContext) => Verdict | Promise<Verdict>,
): Filter {
  return {
    name: "cookie-origin",
    phase: "authorize",
    onRequest(ctx) {
      if (!ctx.upgrade || ctx.identity === null || !isByCookie(ctx)) return undefined;
      // All browsers send Origin, so a handshake without it must not be accepted by cookie.
      return getField(ctx.fields, "origin") === undefined ? { code: "origin_not_allowed" } : originVerdict(ctx);
    },
  };
}
