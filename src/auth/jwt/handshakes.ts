// Tokens in handshakes of WebSockets: as a subprotocol, which is no offer to the backend, and in cookies, which any page can have
// its visitors send.
import type { RequestContext } from "../../core/context.ts";
import type { Filter } from "../../core/filter.ts";
import type { Verdict } from "../../core/reply.ts";
import { getField } from "../../wire/fields.ts";
import { tokenOffer } from "./token-places.ts";

const PROTOCOL = "Sec-WebSocket-Protocol";

/**
 * Keeps tokens among the subprotocols from backends. Browsers demand that one of those they offered is chosen: where the backend
 * chooses none, it is `bearer`.
 * @param offersOthers whether the client's other subprotocols are passed on here, and not by the settings of WebSockets
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
 * Refuses handshakes that a cookie alone identifies, unless they come from a page of an origin that is allowed.
 * @param isByCookie whether a cookie alone does
 * @param originVerdict what becomes of the origin of a page
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
      // Every browser says the origin; who does not say it cannot be told from one that hides it.
      return getField(ctx.fields, "origin") === undefined ? { code: "origin_not_allowed" } : originVerdict(ctx);
    },
  };
}
